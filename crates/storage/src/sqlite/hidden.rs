//! Taking posts back in SQLite, and restoring them. Each is one immediate transaction.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_query,
    sql_types::{BigInt, Nullable, Text, Timestamp},
    sqlite::Sqlite,
};
use restaurant_domain::{
    AuditOperation, Author, DeleteError, NewRestaurant, Post, RestaurantId, Retraction,
    RetractionCount, Review, ReviewId,
};

use super::write::record;
use crate::{
    error::WorkError,
    hidden::{self, CountRow, Covered, Dialect, Id, PostIds, counted, restaurant_of, review_of},
    queries,
    rows::{REVIEW, RestaurantRow, RestaurantTexts, ReviewColumns, ReviewRow, SearchRow},
    schema::{restaurant_search, reviews},
};

const DIALECT: Dialect = Dialect { with_id: "", locked: "" };

/// Deletes the review `$1`.
const DELETE_REVIEW: &str = "DELETE FROM reviews WHERE id = $1";

/// Deletes all reviews of the restaurant `$1`.
const DELETE_REVIEWS_OF: &str = "DELETE FROM reviews WHERE restaurant_id = $1";

/// Deletes the restaurant `$1`, and with it its search text and its idempotency key.
const DELETE_RESTAURANT: &str = "DELETE FROM restaurants WHERE id = $1";

/// Deletes the hidden review `$1`.
const DELETE_HIDDEN_REVIEW: &str = "DELETE FROM hidden_reviews WHERE id = $1";

/// Deletes the hidden restaurant `$1`.
const DELETE_HIDDEN_RESTAURANT: &str = "DELETE FROM hidden_restaurants WHERE id = $1";

/// Deletes the hidden reviews that went with the restaurant `$1`.
const DELETE_HIDDEN_REVIEWS_OF: &str =
    "DELETE FROM hidden_reviews WHERE restaurant_id = $1 AND reason = 'restaurant'";

/// Hides a post; `false` when the post does not exist.
pub(super) fn hide(
    connection: &mut SqliteConnection,
    post: Post,
    by: &Author,
    now: DateTime<Utc>,
) -> Result<bool, WorkError> {
    connection.immediate_transaction(|connection| {
        Ok(take(connection, post, AuditOperation::Hide, by, now)?.is_some())
    })
}

/// Restores a post; `false` when it is not hidden.
pub(super) fn restore(
    connection: &mut SqliteConnection,
    post: Post,
    by: &Author,
    now: DateTime<Utc>,
) -> Result<bool, WorkError> {
    connection
        .immediate_transaction(|connection| Ok(put_back(connection, post, by, now)?.is_some()))
}

/// Deletes a post of the author's own.
pub(super) fn delete_own(
    connection: &mut SqliteConnection,
    post: Post,
    author: &Author,
    within: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Result<(), DeleteError>, WorkError> {
    connection.immediate_transaction(|connection| {
        if !is_locked(connection, post.restaurant())? {
            return Ok(Err(DeleteError::NotFound));
        }
        let Some((wrote, created_at)) = written_by(connection, post)? else {
            return Ok(Err(DeleteError::NotFound));
        };
        let reviewed = match post {
            Post::Restaurant(id) => is_reviewed_by_others(connection, id, author)?,
            Post::Review(..) => false,
        };
        let age = now - created_at;
        if let Err(error) = DeleteError::check(author, &wrote, age, within, reviewed) {
            return Ok(Err(error));
        }
        take(connection, post, AuditOperation::Delete, author, now)?;
        Ok(Ok(()))
    })
}

/// Counts what a retraction covers.
pub(super) fn count(
    connection: &mut SqliteConnection,
    what: &Retraction,
) -> Result<RetractionCount, WorkError> {
    Ok(covered(&hidden::count(), what).get_result::<CountRow>(connection)?.into())
}

/// Hides a batch of what a retraction covers.
pub(super) fn retract(
    connection: &mut SqliteConnection,
    what: &Retraction,
    by: &Author,
    now: DateTime<Utc>,
) -> Result<RetractionCount, WorkError> {
    connection.immediate_transaction(|connection| {
        let mut count = RetractionCount::default();
        let reviews = covered(&hidden::hidden_reviews_to_retract(&DIALECT), what);
        for post in reviews.load::<PostIds>(connection)?.iter().map(review_of) {
            let id = post.review().map_or(0, |id| id.0);
            if change(connection, hidden::RETRACT_HIDDEN_REVIEW, id)? > 0 {
                record(connection, AuditOperation::Retract, post, by, now)?;
                count += counted(post, Some(0));
            }
        }
        let reviews = covered(&hidden::reviews_to_retract(), what);
        let mut posts: Vec<_> =
            reviews.load::<PostIds>(connection)?.iter().map(review_of).collect();
        if posts.is_empty() {
            let restaurants = covered(&hidden::restaurants_to_retract(), what);
            let restaurants = restaurants.load::<PostIds>(connection)?;
            posts = restaurants.iter().map(restaurant_of).collect();
        }
        for post in posts {
            let others = take(connection, post, AuditOperation::Retract, by, now)?;
            count += counted(post, others);
        }
        Ok(count)
    })
}

/// Restores a batch of what a retraction hid.
pub(super) fn restore_retracted(
    connection: &mut SqliteConnection,
    what: &Retraction,
    by: &Author,
    now: DateTime<Utc>,
) -> Result<RetractionCount, WorkError> {
    connection.immediate_transaction(|connection| {
        let restaurants = covered(&hidden::restaurants_to_restore(), what);
        let mut posts: Vec<_> =
            restaurants.load::<PostIds>(connection)?.iter().map(restaurant_of).collect();
        if posts.is_empty() {
            let reviews = covered(&hidden::reviews_to_restore(), what);
            let reviews = reviews.load::<PostIds>(connection)?;
            posts = reviews.iter().map(review_of).collect();
        }
        let mut count = RetractionCount::default();
        for post in posts {
            count += counted(post, put_back(connection, post, by, now)?);
        }
        Ok(count)
    })
}

/// Moves a post to the hidden ones; returns the number of reviews that go with it, `None` when there is no such post.
fn take(
    connection: &mut SqliteConnection,
    post: Post,
    reason: AuditOperation,
    by: &Author,
    now: DateTime<Utc>,
) -> QueryResult<Option<usize>> {
    let (restaurant, at) = (post.restaurant(), now.naive_utc());
    if !is_locked(connection, restaurant)? {
        return Ok(None);
    }
    let others = match post {
        Post::Restaurant(RestaurantId(id)) => {
            let copy = sql_query(hidden::copy_reviews_of()).bind::<Timestamp, _>(at);
            let others = copy.bind::<BigInt, _>(id).execute(connection)?;
            change(connection, DELETE_REVIEWS_OF, id)?;
            let copy = sql_query(hidden::copy_restaurant()).bind::<Timestamp, _>(at);
            let copy = copy.bind::<Text, _>(reason.as_str()).bind::<BigInt, _>(id);
            copy.execute(connection)?;
            change(connection, DELETE_RESTAURANT, id)?;
            others
        }
        Post::Review(_, ReviewId(id)) => {
            let copy = sql_query(hidden::copy_review()).bind::<Timestamp, _>(at);
            let copy = copy.bind::<Text, _>(reason.as_str()).bind::<BigInt, _>(id);
            if copy.bind::<BigInt, _>(restaurant.0).execute(connection)? == 0 {
                return Ok(None);
            }
            change(connection, DELETE_REVIEW, id)?;
            0
        }
    };
    record(connection, reason, post, by, now)?;
    Ok(Some(others))
}

/// Moves a post back; returns the number of reviews that come back with it, `None` when it is not hidden.
fn put_back(
    connection: &mut SqliteConnection,
    post: Post,
    by: &Author,
    now: DateTime<Utc>,
) -> QueryResult<Option<usize>> {
    let others = match post {
        Post::Restaurant(RestaurantId(id)) => {
            let texts = sql_query(hidden::hidden_texts(&DIALECT)).bind::<BigInt, _>(id);
            let texts = texts.get_result::<RestaurantTexts>(connection).optional()?;
            let Some(texts) = texts else { return Ok(None) };
            let new = NewRestaurant::from(texts);
            let copy = sql_query(hidden::copy_restaurant_back(&DIALECT));
            let copy = copy.bind::<Text, _>(new.name.sort_key()).bind::<BigInt, _>(id);
            copy.execute(connection)?;
            let search = SearchRow::new(id, &new);
            diesel::insert_into(restaurant_search::table).values(&search).execute(connection)?;
            change(connection, DELETE_HIDDEN_RESTAURANT, id)?;
            let lock = sql_query(hidden::lock_hidden_reviews_of(&DIALECT)).bind::<BigInt, _>(id);
            lock.load::<Id>(connection)?;
            let copy = sql_query(hidden::copy_reviews_back(&DIALECT)).bind::<BigInt, _>(id);
            let others = copy.execute(connection)?;
            change(connection, DELETE_HIDDEN_REVIEWS_OF, id)?;
            others
        }
        Post::Review(restaurant, ReviewId(id)) => {
            if !is_locked(connection, restaurant)? {
                return Ok(None);
            }
            let copy = sql_query(hidden::copy_review_back(&DIALECT)).bind::<BigInt, _>(id);
            if copy.bind::<BigInt, _>(restaurant.0).execute(connection)? == 0 {
                return Ok(None);
            }
            change(connection, DELETE_HIDDEN_REVIEW, id)?;
            0
        }
    };
    record(connection, AuditOperation::Restore, post, by, now)?;
    Ok(Some(others))
}

/// Whether there is such a restaurant. It is locked then until the transaction ends.
fn is_locked(
    connection: &mut SqliteConnection,
    RestaurantId(id): RestaurantId,
) -> QueryResult<bool> {
    let lock = sql_query(hidden::lock_restaurant(&DIALECT)).bind::<BigInt, _>(id);
    Ok(lock.get_result::<Id>(connection).optional()?.is_some())
}

fn change(
    connection: &mut SqliteConnection,
    statement: &'static str,
    id: i64,
) -> QueryResult<usize> {
    sql_query(statement).bind::<BigInt, _>(id).execute(connection)
}

/// The author of a post, and when it was written.
fn written_by(
    connection: &mut SqliteConnection,
    post: Post,
) -> Result<Option<(Author, DateTime<Utc>)>, WorkError> {
    match post {
        Post::Restaurant(RestaurantId(id)) => {
            let row = queries::restaurant(id).first::<RestaurantRow>(connection).optional()?;
            let restaurant = row.map(restaurant_domain::Restaurant::try_from).transpose()?;
            Ok(restaurant.map(|it| (it.created_by, it.created_at)))
        }
        Post::Review(RestaurantId(restaurant), ReviewId(id)) => {
            let columns: ReviewColumns = REVIEW;
            let row = reviews::table.find(id).filter(reviews::restaurant_id.eq(restaurant));
            let row = row.select(columns).first::<ReviewRow>(connection).optional()?;
            let review = row.map(Review::try_from).transpose()?;
            Ok(review.map(|it| (it.created_by, it.created_at)))
        }
    }
}

fn is_reviewed_by_others(
    connection: &mut SqliteConnection,
    RestaurantId(id): RestaurantId,
    author: &Author,
) -> QueryResult<bool> {
    let others = sql_query(hidden::REVIEWED_BY_OTHERS)
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(author.id().unwrap_or_default())
        .bind::<Text, _>(author.kind().identity().as_str());
    Ok(others.get_result::<Id>(connection).optional()?.is_some())
}

/// A statement about the posts that a retraction covers.
fn covered(statement: &str, what: &Retraction) -> BoxedSqlQuery<'static, Sqlite, SqlQuery> {
    let Covered { author, since, client } = what.into();
    sql_query(statement)
        .into_boxed()
        .bind::<Text, _>(author)
        .bind::<Nullable<Timestamp>, _>(since)
        .bind::<Nullable<Text>, _>(client)
}
