#![doc = include_str!("../README.md")]

mod actor;
mod audit;
mod clock;
mod created;
mod cursor;
mod error_chain;
mod fingerprint;
mod import;
mod listing;
mod rating;
mod repository;
mod restaurant;
mod review;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod total;
mod validation;

pub use self::{
    actor::{Actor, Author, AuthorKind, Forbidden, Permission, Permissions},
    audit::{AuditChannel, AuditOperation, AuditRecord, AuditResource},
    clock::{Clock, SystemClock},
    created::{CreateError, Created},
    cursor::{RestaurantCursor, ReviewCursor, SortKey},
    error_chain::ErrorChain,
    fingerprint::Fingerprint,
    import::{Import, ImportRestaurant, ImportReview},
    listing::{
        PageLimit, RestaurantDetails, RestaurantPage, RestaurantQuery, RestaurantSort, ReviewQuery,
        SearchText,
    },
    rating::{Rating, RatingSummary},
    repository::{Repository, StoreError},
    restaurant::{NewRestaurant, Restaurant, RestaurantId},
    review::{NewReview, Review, ReviewId},
    text::{
        Description, FOLDING_VERSION, IdempotencyKey, RestaurantName, ReviewText, StreetAddress,
        UserName,
    },
    total::Total,
    validation::{Problem, ValidationError, ValidationErrors, quoted},
};
