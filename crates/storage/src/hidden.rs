//! The statements that take posts back and restore them: each moves rows between a table and its hidden twin. Both databases share
//! them, so a statement names its parameters in the order of their first use.

use chrono::NaiveDateTime;
use diesel::{prelude::*, sql_types::BigInt};
use restaurant_domain::{Post, RestaurantId, Retraction, RetractionCount, ReviewId};

/// What is not the same in both databases.
pub(crate) struct Dialect {
    /// Follows the columns of an insert that gives the id.
    pub(crate) with_id: &'static str,
    /// Follows a query whose rows are locked until the transaction ends.
    pub(crate) locked: &'static str,
}

const ATTRIBUTION: &str = "created_at, created_by_kind, created_by_id, created_by_name, \
    created_by_client_id, created_by_client_name, created_by_blueprint, created_via";
const RESTAURANT: &str = "name, street_address, description";
const REVIEW: &str = "restaurant_id, user_name, rating, review_text";

/// Locks a restaurant, `$1`. Everything that moves it or its reviews begins with this.
pub(crate) fn lock_restaurant(dialect: &Dialect) -> String {
    format!("SELECT id FROM restaurants WHERE id = $1 {}", dialect.locked)
}

/// Copies the review `$3` of the restaurant `$4` to the hidden ones, at `$1`, for the reason `$2`.
pub(crate) fn copy_review() -> String {
    format!(
        "INSERT INTO hidden_reviews (id, {REVIEW}, {ATTRIBUTION}, hidden_at, reason) \
         SELECT id, {REVIEW}, {ATTRIBUTION}, $1, $2 FROM reviews WHERE id = $3 AND restaurant_id = $4"
    )
}

/// Copies all reviews of the restaurant `$2` to the hidden ones, at `$1`.
pub(crate) fn copy_reviews_of() -> String {
    format!(
        "INSERT INTO hidden_reviews (id, {REVIEW}, {ATTRIBUTION}, hidden_at, reason) \
         SELECT id, {REVIEW}, {ATTRIBUTION}, $1, 'restaurant' FROM reviews WHERE restaurant_id = $2"
    )
}

/// Copies the restaurant `$3` to the hidden ones, at `$1`, for the reason `$2`.
pub(crate) fn copy_restaurant() -> String {
    format!(
        "INSERT INTO hidden_restaurants (id, {RESTAURANT}, {ATTRIBUTION}, hidden_at, reason) \
         SELECT id, {RESTAURANT}, {ATTRIBUTION}, $1, $2 FROM restaurants WHERE id = $3"
    )
}

/// Copies the hidden review `$1` of the restaurant `$2` back.
pub(crate) fn copy_review_back(dialect: &Dialect) -> String {
    format!(
        "INSERT INTO reviews (id, {REVIEW}, {ATTRIBUTION}) {} SELECT id, {REVIEW}, {ATTRIBUTION} \
         FROM hidden_reviews WHERE id = $1 AND restaurant_id = $2 AND reason <> 'restaurant'",
        dialect.with_id
    )
}

/// Locks the hidden restaurant `$1`, and reads its texts.
pub(crate) fn hidden_texts(dialect: &Dialect) -> String {
    format!("SELECT {RESTAURANT} FROM hidden_restaurants WHERE id = $1 {}", dialect.locked)
}

/// Copies the hidden restaurant `$2` back, with the name key `$1`.
pub(crate) fn copy_restaurant_back(dialect: &Dialect) -> String {
    format!(
        "INSERT INTO restaurants (name_key, id, {RESTAURANT}, {ATTRIBUTION}) {} \
         SELECT $1, id, {RESTAURANT}, {ATTRIBUTION} FROM hidden_restaurants WHERE id = $2",
        dialect.with_id
    )
}

/// Locks the hidden reviews that went with the restaurant `$1`: a retraction may take one out of them meanwhile.
pub(crate) fn lock_hidden_reviews_of(dialect: &Dialect) -> String {
    format!(
        "SELECT id FROM hidden_reviews WHERE restaurant_id = $1 AND reason = 'restaurant' {}",
        dialect.locked
    )
}

/// Copies the reviews back that went with the restaurant `$1`.
pub(crate) fn copy_reviews_back(dialect: &Dialect) -> String {
    format!(
        "INSERT INTO reviews (id, {REVIEW}, {ATTRIBUTION}) {} SELECT id, {REVIEW}, {ATTRIBUTION} \
         FROM hidden_reviews WHERE restaurant_id = $1 AND reason = 'restaurant' ORDER BY id",
        dialect.with_id
    )
}

/// Whether another than the author of id `$2` and kind `$3` has reviewed the restaurant `$1`.
pub(crate) const REVIEWED_BY_OTHERS: &str = "SELECT id FROM reviews WHERE restaurant_id = $1 \
    AND (created_by_id IS NULL OR created_by_id <> $2 OR created_by_kind <> $3) LIMIT 1";

/// The posts of the author `$1`, since `$2`, through the client `$3`.
const COVERED: &str = "created_by_id = $1 AND ($2 IS NULL OR created_at >= $2) \
    AND ($3 IS NULL OR created_by_client_id = $3)";

/// The next reviews to retract.
pub(crate) fn reviews_to_retract() -> String {
    let batch = Retraction::BATCH;
    format!(
        "SELECT restaurant_id, id FROM reviews WHERE {COVERED} ORDER BY restaurant_id, id LIMIT {batch}"
    )
}

/// The next restaurants to retract.
pub(crate) fn restaurants_to_retract() -> String {
    let batch = Retraction::BATCH;
    format!(
        "SELECT id AS restaurant_id, id FROM restaurants WHERE {COVERED} ORDER BY id LIMIT {batch}"
    )
}

/// The next reviews to retract of those that are hidden with their restaurants: they do not come back with these.
pub(crate) fn hidden_reviews_to_retract(dialect: &Dialect) -> String {
    let batch = Retraction::BATCH;
    format!(
        "SELECT restaurant_id, id FROM hidden_reviews WHERE {COVERED} AND reason = 'restaurant' \
         ORDER BY restaurant_id, id LIMIT {batch} {}",
        dialect.locked
    )
}

/// Retracts the hidden review `$1`.
pub(crate) const RETRACT_HIDDEN_REVIEW: &str =
    "UPDATE hidden_reviews SET reason = 'retract' WHERE id = $1 AND reason = 'restaurant'";

/// The next retracted restaurants to restore.
pub(crate) fn restaurants_to_restore() -> String {
    let batch = Retraction::BATCH;
    format!(
        "SELECT id AS restaurant_id, id FROM hidden_restaurants WHERE {COVERED} AND reason = 'retract' \
         ORDER BY id LIMIT {batch}"
    )
}

/// The next retracted reviews to restore.
pub(crate) fn reviews_to_restore() -> String {
    let batch = Retraction::BATCH;
    format!(
        "SELECT restaurant_id, id FROM hidden_reviews WHERE {COVERED} AND reason = 'retract' \
         AND EXISTS (SELECT 1 FROM restaurants WHERE restaurants.id = restaurant_id) \
         ORDER BY restaurant_id, id LIMIT {batch}"
    )
}

/// The count of what a retraction covers.
pub(crate) fn count() -> String {
    format!(
        "SELECT (SELECT count(*) FROM restaurants WHERE {COVERED}) AS restaurants, \
         (SELECT count(*) FROM reviews WHERE {COVERED}) \
         + (SELECT count(*) FROM hidden_reviews WHERE {COVERED} AND reason = 'restaurant') AS reviews, \
         (SELECT count(*) FROM reviews WHERE NOT coalesce({COVERED}, false) \
          AND restaurant_id IN (SELECT id FROM restaurants WHERE {COVERED})) AS others"
    )
}

/// The ids of a post.
#[derive(QueryableByName)]
pub(crate) struct PostIds {
    #[diesel(sql_type = BigInt)]
    pub(crate) restaurant_id: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
}

/// An id.
#[derive(QueryableByName)]
pub(crate) struct Id {
    #[diesel(sql_type = BigInt)]
    #[expect(dead_code, reason = "that there is a row is what matters")]
    pub(crate) id: i64,
}

/// The numbers of [`count`].
#[derive(QueryableByName)]
pub(crate) struct CountRow {
    #[diesel(sql_type = BigInt)]
    restaurants: i64,
    #[diesel(sql_type = BigInt)]
    reviews: i64,
    #[diesel(sql_type = BigInt)]
    others: i64,
}

impl From<CountRow> for RetractionCount {
    fn from(row: CountRow) -> Self {
        let count = |rows: i64| rows.unsigned_abs();
        Self {
            restaurants: count(row.restaurants),
            reviews: count(row.reviews),
            others: count(row.others),
        }
    }
}

/// The values of [`COVERED`].
#[derive(Debug, Clone)]
pub(crate) struct Covered {
    pub(crate) author: String,
    pub(crate) since: Option<NaiveDateTime>,
    pub(crate) client: Option<String>,
}

impl From<&Retraction> for Covered {
    fn from(what: &Retraction) -> Self {
        Self {
            author: what.author.clone(),
            since: what.since.map(|since| since.naive_utc()),
            client: what.client.clone(),
        }
    }
}

/// A restaurant.
pub(crate) fn restaurant_of(ids: &PostIds) -> Post {
    Post::Restaurant(RestaurantId(ids.id))
}

/// A review.
pub(crate) fn review_of(ids: &PostIds) -> Post {
    Post::Review(RestaurantId(ids.restaurant_id), ReviewId(ids.id))
}

/// The count of one post, if it was moved, with the reviews that went with it.
pub(crate) fn counted(post: Post, others: Option<usize>) -> RetractionCount {
    let (Some(others), none) = (others, RetractionCount::default()) else {
        return RetractionCount::default();
    };
    match post {
        Post::Restaurant(_) => RetractionCount { restaurants: 1, others: others as u64, ..none },
        Post::Review(..) => RetractionCount { reviews: 1, ..none },
    }
}
