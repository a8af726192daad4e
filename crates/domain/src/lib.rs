#![doc = include_str!("../README.md")]

mod actor;
mod audit;
mod clock;
mod created;
mod cursor;
mod error_chain;
mod field;
mod fingerprint;
mod import;
mod page;
mod query;
mod rating;
mod repository;
mod restaurant;
mod review;
mod search_text;
mod sort;
mod store_error;
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
    field::{Field, FieldKind},
    fingerprint::Fingerprint,
    import::{Import, ImportRestaurant, ImportReview},
    page::{RestaurantDetails, RestaurantPage},
    query::{PageLimit, RestaurantQuery, ReviewQuery},
    rating::{Rating, RatingSummary},
    repository::Repository,
    restaurant::{NewRestaurant, Restaurant, RestaurantDraft, RestaurantId},
    review::{NewReview, Review, ReviewDraft, ReviewId},
    search_text::SearchText,
    sort::RestaurantSort,
    store_error::StoreError,
    text::{
        Description, FOLDING_VERSION, IdempotencyKey, RestaurantName, ReviewText, StreetAddress,
        UserName,
    },
    total::Total,
    validation::{Problem, ValidationError, ValidationErrors, quoted},
};
