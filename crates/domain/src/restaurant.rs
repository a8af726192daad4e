//! Restaurants.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::{
    Author, Description, RatingSummary, RestaurantName, StreetAddress, Via, field::content, text,
};

/// A stored restaurant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restaurant {
    /// Its id.
    pub id: RestaurantId,
    /// The name.
    pub name: RestaurantName,
    /// The street address.
    pub street_address: StreetAddress,
    /// The description.
    pub description: Description,
    /// The summary of its ratings.
    pub rating: RatingSummary,
    /// When it was added, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// The author.
    pub created_by: Author,
    /// The interface through which it was added; `None` where that is not known.
    pub created_via: Option<Via>,
}

/// A restaurant's id: given by the store, greater than that of any restaurant before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RestaurantId(pub i64);

impl RestaurantId {
    /// The name of the tool argument that holds it.
    pub const FIELD: &'static str = "restaurant_id";
}

impl fmt::Display for RestaurantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

content! {
    /// A restaurant to add: validated, not stored yet.
    NewRestaurant,
    /// The raw fields of a restaurant to add.
    RestaurantDraft {
        /// The name.
        name: RestaurantName,
        /// The street address.
        street_address: StreetAddress,
        /// The description.
        description: Description,
    }
}

impl NewRestaurant {
    /// The stored restaurant, before any review.
    #[must_use]
    pub fn created(
        self,
        id: RestaurantId,
        created_at: DateTime<Utc>,
        created_by: Author,
    ) -> Restaurant {
        let Self { name, street_address, description } = self;
        Restaurant {
            id,
            name,
            street_address,
            description,
            rating: RatingSummary::default(),
            created_at,
            created_via: created_by.context().via.clone(),
            created_by: created_by.without_context(),
        }
    }

    /// Whether a restaurant has just these texts.
    #[must_use]
    pub fn is_content_of(&self, stored: &Restaurant) -> bool {
        self.name == stored.name
            && self.street_address == stored.street_address
            && self.description == stored.description
    }

    /// The text that a search looks through: name, address and description, folded as [`crate::SearchText`] is. A word of a search
    /// never holds the line break between them.
    #[must_use]
    pub fn search_text(&self) -> String {
        search_text(&self.name, &self.street_address, &self.description)
    }
}

impl Restaurant {
    /// The text that a search looks through, as [`NewRestaurant::search_text`].
    #[must_use]
    pub fn search_text(&self) -> String {
        search_text(&self.name, &self.street_address, &self.description)
    }
}

fn search_text(name: &RestaurantName, street: &StreetAddress, description: &Description) -> String {
    text::fold(&format!("{name}\n{street}\n{description}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_is_named_at_once() {
        let draft = NewRestaurant::draft().name(" ").street_address("x".repeat(51));
        let errors = draft.description("fine").parse().unwrap_err();
        assert_eq!(
            errors.to_string(),
            "restaurant_name is blank: write 1 to 50 characters; \
             street_address is 51 characters long: shorten it to at most 50"
        );
    }
}
