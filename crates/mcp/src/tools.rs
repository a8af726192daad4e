//! The tools, one file each.

mod create_restaurant;
mod create_review;
mod get_details;
mod list_restaurants;

use rmcp::model::Tool as Definition;

use self::{
    create_restaurant::CreateRestaurant, create_review::CreateReview, get_details::GetDetails,
    list_restaurants::ListRestaurantsTool,
};
use crate::{
    access::Rights,
    tool::{Entry, Tool},
};

/// The names of all tools, in the order in which clients see them.
pub const TOOL_NAMES: [&str; 4] =
    [ListRestaurantsTool::NAME, GetDetails::NAME, CreateReview::NAME, CreateRestaurant::NAME];

/// The name of each tool with the first sentence of its description, in the order in which clients see them.
pub fn tool_summaries() -> impl Iterator<Item = (&'static str, &'static str)> {
    let descriptions = [
        ListRestaurantsTool::DESCRIPTION,
        GetDetails::DESCRIPTION,
        CreateReview::DESCRIPTION,
        CreateRestaurant::DESCRIPTION,
    ];
    TOOL_NAMES.into_iter().zip(descriptions.map(|text| {
        // With its full stop.
        text.find(". ").map_or(text, |end| &text[..=end])
    }))
}

/// All tools, in the order in which clients see them.
pub(crate) struct Toolbox([Entry; TOOL_NAMES.len()]);

impl Toolbox {
    /// The tools, with their schemas made.
    pub(crate) fn new() -> Self {
        Self([
            Entry::new::<ListRestaurantsTool>(),
            Entry::new::<GetDetails>(),
            Entry::new::<CreateReview>(),
            Entry::new::<CreateRestaurant>(),
        ])
    }

    /// The tool of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.name() == name)
    }

    /// The tools that a caller with these rights sees: those that the caller may use.
    pub(crate) fn visible_with(&self, rights: Rights) -> Vec<Definition> {
        let allowed = self.0.iter().filter(|entry| rights.allow(entry.operation()));
        allowed.map(|entry| entry.definition().clone()).collect()
    }
}
