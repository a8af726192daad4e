#![doc = include_str!("../README.md")]

mod activity;
mod actor;
mod audit;
mod author;
mod budget;
mod clock;
mod created;
mod cursor;
mod error_chain;
mod field;
mod fingerprint;
mod import;
mod kept;
mod page;
mod query;
mod rating;
mod repository;
mod restaurant;
mod retraction;
mod review;
mod search_text;
mod similar;
mod sort;
mod store_error;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod total;
mod validation;
mod write_context;

pub use self::{
    activity::{Activity, ActivityCursor, ActivityPage, ActivityQuery, AuthorGroup, Post},
    actor::{Actor, Forbidden, Permission, Permissions},
    audit::{AuditChannel, AuditOperation, AuditRecord, AuditResource},
    author::{Author, AuthorKind, ClientApplication},
    budget::{Budget, BudgetExhausted, BudgetPeriod, BudgetUse, InvalidBudget},
    clock::{Clock, SystemClock},
    created::{CreateError, Created},
    cursor::{RestaurantCursor, ReviewCursor, SortKey},
    error_chain::ErrorChain,
    field::{Field, FieldKind},
    fingerprint::Fingerprint,
    import::{Import, ImportRestaurant, ImportReview},
    kept::{KeptAnswers, Snapshot, Validity},
    page::{RestaurantDetails, RestaurantPage},
    query::{PageLimit, RestaurantQuery, ReviewQuery},
    rating::{Rating, RatingCounts, RatingSummary},
    repository::Repository,
    restaurant::{NewRestaurant, Restaurant, RestaurantDraft, RestaurantId},
    retraction::{DeleteError, Retraction, RetractionCount},
    review::{NewReview, Review, ReviewDraft, ReviewId},
    search_text::SearchText,
    similar::similar_restaurants,
    sort::RestaurantSort,
    store_error::StoreError,
    text::{
        Description, FOLDING_VERSION, IdempotencyKey, RestaurantName, ReviewText, StreetAddress,
        UserName,
    },
    total::Total,
    validation::{Problem, ValidationError, ValidationErrors, quoted},
    write_context::{Via, WriteContext},
};
