//! Rows of the activity record.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{dsl::auto_type, prelude::*};
use restaurant_domain::{
    Activity, ActivityPage, ActivityQuery, AuditOperation, Author, AuthorGroup, AuthorKind,
    ClientApplication, Post, RestaurantId, RestaurantName, ReviewId, WriteContext,
};

use crate::{
    database::FORGET_BATCH,
    rows::{CorruptRow, columns, via},
    schema::{activity, restaurants},
};

columns!(
    /// The columns of [`ActivityRow`].
    ACTIVITY: ActivityColumns = (
        activity::id,
        activity::at,
        activity::operation,
        activity::restaurant_id,
        activity::review_id,
        activity::actor_kind,
        activity::actor_id,
        activity::actor_name,
        activity::client_id,
        activity::client_name,
        activity::blueprint,
        activity::channel,
        activity::tool,
        activity::request_id,
        activity::trace_id,
    )
);

/// An entry of the record.
#[derive(Queryable)]
pub(crate) struct ActivityRow {
    id: i64,
    at: NaiveDateTime,
    operation: String,
    restaurant_id: i64,
    review_id: Option<i64>,
    actor_kind: String,
    actor_id: Option<String>,
    actor_name: Option<String>,
    client_id: Option<String>,
    client_name: Option<String>,
    blueprint: Option<String>,
    channel: Option<String>,
    tool: Option<String>,
    request_id: Option<String>,
    trace_id: Option<String>,
}

/// An entry with the name of its restaurant, if readers still see it.
type NamedRow = (ActivityRow, Option<String>);

impl TryFrom<ActivityRow> for Activity {
    type Error = CorruptRow;

    fn try_from(row: ActivityRow) -> Result<Self, CorruptRow> {
        let restaurant = RestaurantId(row.restaurant_id);
        let target = row.review_id.map_or(Post::Restaurant(restaurant), |review| {
            Post::Review(restaurant, ReviewId(review))
        });
        let operation = AuditOperation::from_stored(&row.operation);
        let kind = AuthorKind::from_stored(&row.actor_kind).ok_or(CorruptRow("actor_kind"))?;
        let client =
            row.client_id.and_then(|id| ClientApplication::new(&id, row.client_name.as_deref()));
        let context = WriteContext {
            via: via(row.channel.as_deref(), row.tool, "channel")?,
            request_id: row.request_id,
            trace_id: row.trace_id,
            ..WriteContext::default()
        };
        let author = Author::from_parts(kind, row.actor_id.as_deref(), row.actor_name.as_deref())
            .with_client(client)
            .with_blueprint(row.blueprint.as_deref())
            .with_context(context);
        Ok(Self {
            id: row.id,
            at: row.at.and_utc(),
            operation: operation.ok_or(CorruptRow("operation"))?,
            target,
            author,
            restaurant_name: None,
        })
    }
}

/// A page of the record, of rows as [`entries`] reads them.
pub(crate) fn page(rows: Vec<NamedRow>, query: ActivityQuery) -> Result<ActivityPage, CorruptRow> {
    let entry = |(row, name): NamedRow| -> Result<_, CorruptRow> {
        let restaurant_name = name.map(RestaurantName::from_stored);
        Ok(Activity { restaurant_name, ..row.try_into()? })
    };
    let entries = rows.into_iter().map(entry).collect::<Result<_, _>>()?;
    Ok(ActivityPage::new(entries, query.limit))
}

/// An entry to insert.
#[derive(Insertable)]
#[diesel(table_name = activity)]
pub(crate) struct NewActivityRow<'a> {
    at: NaiveDateTime,
    operation: &'static str,
    restaurant_id: i64,
    review_id: Option<i64>,
    actor_kind: &'static str,
    actor_id: Option<&'a str>,
    actor_name: Option<&'a str>,
    client_id: Option<&'a str>,
    client_name: Option<&'a str>,
    blueprint: Option<&'a str>,
    channel: Option<&'static str>,
    tool: Option<&'a str>,
    request_id: Option<&'a str>,
    trace_id: Option<&'a str>,
}

impl<'a> NewActivityRow<'a> {
    pub(crate) fn new(
        operation: AuditOperation,
        target: Post,
        author: &'a Author,
        at: DateTime<Utc>,
    ) -> Self {
        let (client, via) = (author.client(), author.context().via.as_ref());
        Self {
            at: at.naive_utc(),
            operation: operation.as_str(),
            restaurant_id: target.restaurant().0,
            review_id: target.review().map(|id| id.0),
            actor_kind: author.kind().as_str(),
            actor_id: author.id(),
            actor_name: author.name(),
            client_id: client.map(ClientApplication::id),
            client_name: client.and_then(ClientApplication::name),
            blueprint: author.blueprint(),
            channel: via.map(|via| via.channel.as_str()),
            tool: via.and_then(|via| via.tool.as_deref()),
            request_id: author.context().request_id.as_deref(),
            trace_id: author.context().trace_id.as_deref(),
        }
    }
}

/// The ids of the oldest entries before a time.
#[auto_type]
pub(crate) fn outdated_activity(before: NaiveDateTime) -> _ {
    let batch: i64 = FORGET_BATCH;
    activity::table
        .filter(activity::at.lt(before))
        .order(activity::at.asc())
        .limit(batch)
        .select(activity::id)
}

/// The activity record of authors of some kinds, the newest entries first, after an id; with the names of the restaurants
/// that readers see.
#[auto_type]
pub(crate) fn entries(after: i64, rows: i64, kinds: Vec<&'static str>) -> _ {
    let columns: ActivityColumns = ACTIVITY;
    activity::table
        .left_join(restaurants::table.on(restaurants::id.eq(activity::restaurant_id)))
        .filter(activity::id.lt(after))
        .filter(activity::actor_kind.eq_any(kinds))
        .order(activity::id.desc())
        .limit(rows)
        .select((columns, restaurants::name.nullable()))
}

/// The kinds of authors of a page, as they are stored.
pub(crate) fn kinds(query: ActivityQuery) -> Vec<&'static str> {
    let kinds = query.by.map_or(&AuthorKind::ALL[..], AuthorGroup::kinds);
    kinds.iter().map(|kind| kind.as_str()).collect()
}

/// After which entry a page of the activity record starts, and how many rows to read: one more than it shows.
pub(crate) fn page_after(query: ActivityQuery) -> (i64, i64) {
    let after = query.after.map_or(i64::MAX, |cursor| cursor.0);
    (after, i64::from(query.limit.get()) + 1)
}
