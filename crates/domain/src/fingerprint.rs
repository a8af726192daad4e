//! The hash of a create's content, stored with its idempotency key in place of the texts.

use sha2::{Digest, Sha256};

use crate::{NewRestaurant, NewReview, RestaurantId};

/// The SHA-256 of a create's content: the operation and every field, the author and the time aside.
///
/// It outlives the program, so all versions must agree: the encoding of an operation never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of adding a restaurant.
    #[must_use]
    pub fn of_restaurant(new: &NewRestaurant) -> Self {
        Self::of([b"restaurant".to_vec()].into_iter().chain(new.bytes()))
    }

    /// Of adding a review to a restaurant.
    #[must_use]
    pub fn of_review(restaurant: RestaurantId, new: &NewReview) -> Self {
        let operation = [b"review".to_vec(), restaurant.0.to_be_bytes().to_vec()];
        Self::of(operation.into_iter().chain(new.bytes()))
    }

    /// Each part follows its length, so that no two lists of parts have the same bytes.
    fn of(parts: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The 32 bytes, as a store keeps them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(fingerprint: &Fingerprint) -> String {
        fingerprint.as_bytes().map(|byte| format!("{byte:02x}")).concat()
    }

    /// A key may be repeated to a later version of the program than it was first given to.
    #[test]
    fn the_encoding_stays_as_it_is() {
        let restaurant = NewRestaurant::draft()
            .name("Blue Door")
            .street_address("1 Harbour Road")
            .description("Fish")
            .parse()
            .unwrap();
        let expected = "1a853ccf45cd9d0f2115d2862eaf0fe3e59a978c93395734169734d49f0e6e56";
        assert_eq!(hex(&Fingerprint::of_restaurant(&restaurant)), expected);
        let review = NewReview::draft().user_name("Ann").rating(4).text("Good").parse().unwrap();
        let expected = "c787eb3aca5cffddb8359cef957294e1375d6bf9fe09fdf0b721b8636c6cf785";
        assert_eq!(hex(&Fingerprint::of_review(RestaurantId(7), &review)), expected);
    }

    #[test]
    fn a_character_that_moves_to_the_next_field_makes_another() {
        let of = |name, street| {
            Fingerprint::of_restaurant(
                &NewRestaurant::draft()
                    .name(name)
                    .street_address(street)
                    .description("Fish")
                    .parse()
                    .unwrap(),
            )
        };
        assert_ne!(of("ab", "c"), of("a", "bc"));
    }
}
