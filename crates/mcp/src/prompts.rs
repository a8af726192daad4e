//! The prompts, one file each.

mod compare_restaurants;
mod write_fair_review;

use rmcp::model::Prompt as Definition;

use self::{compare_restaurants::CompareRestaurants, write_fair_review::WriteFairReview};
use crate::{access::Rights, prompt::Entry};

/// All prompts, in the order in which clients see them.
pub(crate) static PROMPTS: [Entry; 2] =
    [Entry::new::<CompareRestaurants>(), Entry::new::<WriteFairReview>()];

/// The prompt of this name.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    PROMPTS.iter().find(|entry| entry.name() == name)
}

/// The prompts that a caller with these rights sees: those that the caller can use.
pub(crate) fn visible_with(rights: Rights) -> Vec<Definition> {
    let allowed = PROMPTS.iter().filter(|entry| entry.is_visible_with(rights));
    allowed.map(Entry::definition).collect()
}

/// Every prompt's name, separated by commas.
pub(crate) fn names() -> String {
    PROMPTS.each_ref().map(Entry::name).join(", ")
}
