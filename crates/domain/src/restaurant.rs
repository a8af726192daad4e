//! A restaurant, and what it takes to add one.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::{
    Author, Description, RatingSummary, RestaurantName, StreetAddress, ValidationErrors, text,
};

/// A restaurant as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restaurant {
    /// Its id.
    pub id: RestaurantId,
    /// What it is called.
    pub name: RestaurantName,
    /// Where it is.
    pub street_address: StreetAddress,
    /// What it is like.
    pub description: Description,
    /// What its reviews come to.
    pub rating: RatingSummary,
    /// When it was added, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// Who added it.
    pub created_by: Author,
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

/// A restaurant to add: checked, not kept yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRestaurant {
    /// What it is called.
    pub name: RestaurantName,
    /// Where it is.
    pub street_address: StreetAddress,
    /// What it is like.
    pub description: Description,
}

impl NewRestaurant {
    /// Checks the three texts.
    ///
    /// # Errors
    /// One error for each text that breaks its limits, all at once.
    pub fn parse(
        name: &str,
        street_address: &str,
        description: &str,
    ) -> Result<Self, ValidationErrors> {
        let name = RestaurantName::parse(name);
        let street_address = StreetAddress::parse(street_address);
        let description = Description::parse(description);
        match (name, street_address, description) {
            (Ok(name), Ok(street_address), Ok(description)) => {
                Ok(Self { name, street_address, description })
            }
            (name, street_address, description) => {
                Err(ValidationErrors::of([name.err(), street_address.err(), description.err()]))
            }
        }
    }

    /// The restaurant that comes of keeping this one, before any review.
    #[must_use]
    pub fn created(
        self,
        id: RestaurantId,
        created_at: DateTime<Utc>,
        created_by: Author,
    ) -> Restaurant {
        let Self { name, street_address, description } = self;
        let rating = RatingSummary::default();
        Restaurant { id, name, street_address, description, rating, created_at, created_by }
    }

    /// What a search looks through: name, address and description, folded as [`crate::SearchText`] is. A word of a search
    /// never holds the line break between them.
    #[must_use]
    pub fn search_text(&self) -> String {
        text::fold(&format!("{}\n{}\n{}", self.name, self.street_address, self.description))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_is_named_at_once() {
        let errors = NewRestaurant::parse(" ", &"x".repeat(51), "fine").unwrap_err();
        assert_eq!(
            errors.to_string(),
            "restaurant_name is blank: write 1 to 50 characters; \
             street_address is 51 characters long: shorten it to at most 50"
        );
    }
}
