//! A create in PostgreSQL, as one statement: the row, its search text, its idempotency key, its entry in the activity record, and
//! one more in the budget of its author. So the row of a busy restaurant is locked for one round trip only.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::{DatabaseErrorKind, Error as QueryError},
    sql_types::{BigInt, Binary, Nullable, SmallInt, Text, Timestamp},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use restaurant_domain::{
    AuditOperation, Author, BudgetPeriod, FOLDING_VERSION, NewRestaurant, NewReview, RestaurantId,
};

use crate::{budget::Spender, error::WorkError, idempotency::NewKeyRow, rows::AuthorColumns};

/// A create: the statement that returns the id of the new row, or no row.
pub(super) struct Create<'a> {
    created: CreatedKind<'a>,
    at: NaiveDateTime,
    author: AuthorColumns<'a>,
    actor_kind: &'static str,
    channel: Option<&'static str>,
    tool: Option<&'a str>,
    request_id: Option<&'a str>,
    trace_id: Option<&'a str>,
    key: Option<&'a NewKeyRow>,
    spender: Option<Spending>,
}

/// The content of the created row.
enum CreatedKind<'a> {
    Restaurant { new: &'a NewRestaurant, name_key: String, search_text: String },
    Review { restaurant: i64, new: &'a NewReview, rating: i16 },
}

/// One more write in a budget.
struct Spending {
    spender: Spender,
    /// Each limited period: the greatest number of writes before this one.
    limits: [Option<i64>; 3],
    /// Each period is over when it began at this time or before.
    over: [NaiveDateTime; 3],
}

impl Spending {
    fn new(spender: Spender, at: DateTime<Utc>) -> Self {
        let limits = BudgetPeriod::ALL.map(|period| spender.budget.limit(period).map(Into::into));
        let over = BudgetPeriod::ALL.map(|period| (at - period.length()).naive_utc());
        Self { spender, limits, over }
    }
}

impl<'a> Create<'a> {
    /// The create of a restaurant.
    pub(super) fn restaurant(
        new: &'a NewRestaurant,
        at: DateTime<Utc>,
        author: &'a Author,
        key: Option<&'a NewKeyRow>,
    ) -> Self {
        let (name_key, search_text) = (new.name.sort_key(), new.search_text());
        Self::new(CreatedKind::Restaurant { new, name_key, search_text }, at, author, key)
    }

    /// The create of a review.
    pub(super) fn review(
        RestaurantId(restaurant): RestaurantId,
        new: &'a NewReview,
        at: DateTime<Utc>,
        author: &'a Author,
        key: Option<&'a NewKeyRow>,
    ) -> Self {
        let rating = new.rating.stars().into();
        Self::new(CreatedKind::Review { restaurant, new, rating }, at, author, key)
    }

    fn new(
        created: CreatedKind<'a>,
        at: DateTime<Utc>,
        author: &'a Author,
        key: Option<&'a NewKeyRow>,
    ) -> Self {
        let context = author.context();
        Self {
            created,
            at: at.naive_utc(),
            author: AuthorColumns::of(author),
            actor_kind: author.kind().as_str(),
            channel: context.via.as_ref().map(|via| via.channel.as_str()),
            tool: context.via.as_ref().and_then(|via| via.tool.as_deref()),
            request_id: context.request_id.as_deref(),
            trace_id: context.trace_id.as_deref(),
            key,
            spender: Spender::of(author).map(|spender| Spending::new(spender, at)),
        }
    }

    /// Runs the statement. `None` when nothing was written: the restaurant is unknown, or the budget is exhausted.
    ///
    /// # Errors
    /// [`WorkError::Conflict`] when another create took the key meanwhile.
    pub(super) async fn run(
        self,
        connection: &AsyncPgConnection,
    ) -> Result<Option<i64>, WorkError> {
        match self.get_result(&mut &*connection).await.optional() {
            Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Err(WorkError::Conflict)
            }
            // The restaurant was hidden meanwhile.
            Err(QueryError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => Ok(None),
            id => Ok(id?),
        }
    }

    /// The row itself: `created`, with the columns `restaurant_id` and `review_id`.
    fn push_row<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match &self.created {
            CreatedKind::Restaurant { new, name_key, search_text } => {
                out.push_sql(
                    "created AS (INSERT INTO restaurants (name, name_key, street_address, description, ",
                );
                out.push_sql(ATTRIBUTION);
                out.push_sql(") SELECT ");
                out.push_bind_param::<Text, _>(new.name.as_str())?;
                out.push_sql(", ");
                out.push_bind_param::<Text, _>(name_key)?;
                out.push_sql(", ");
                out.push_bind_param::<Text, _>(new.street_address.as_str())?;
                out.push_sql(", ");
                out.push_bind_param::<Text, _>(new.description.as_str())?;
                self.push_attribution(out)?;
                if self.spender.is_some() {
                    out.push_sql(" FROM spent");
                }
                out.push_sql(
                    " RETURNING *, id AS restaurant_id, NULL::bigint AS review_id), \
                     found AS (INSERT INTO restaurant_search (restaurant_id, text, folding) SELECT id, ",
                );
                out.push_bind_param::<Text, _>(search_text)?;
                out.push_sql(", ");
                out.push_bind_param::<SmallInt, _>(&FOLDING_VERSION)?;
                out.push_sql(" FROM created)");
            }
            CreatedKind::Review { restaurant, new, rating } => {
                out.push_sql(
                    "created AS (INSERT INTO reviews (restaurant_id, user_name, rating, review_text, ",
                );
                out.push_sql(ATTRIBUTION);
                out.push_sql(") SELECT restaurants.id, ");
                out.push_bind_param::<Text, _>(new.user_name.as_str())?;
                out.push_sql(", ");
                out.push_bind_param::<SmallInt, _>(rating)?;
                out.push_sql(", ");
                out.push_bind_param::<Text, _>(new.text.as_str())?;
                self.push_attribution(out)?;
                out.push_sql(" FROM restaurants");
                if self.spender.is_some() {
                    out.push_sql(", spent");
                }
                // Cheaper than to run into the foreign key, which writes first and then takes back.
                out.push_sql(" WHERE restaurants.id = ");
                out.push_bind_param::<BigInt, _>(restaurant)?;
                out.push_sql(" RETURNING *, id AS review_id)");
            }
        }
        Ok(())
    }

    /// The values of [`ATTRIBUTION`].
    fn push_attribution<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let by = &self.author;
        out.push_sql(", ");
        out.push_bind_param::<Timestamp, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&by.kind)?;
        for text in [&by.id, &by.name, &by.client_id, &by.client_name, &by.blueprint] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(text)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&by.via)
    }

    /// The idempotency key, if there is a row.
    fn push_key<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some(key) = self.key else { return Ok(()) };
        let column = match self.created {
            CreatedKind::Restaurant { .. } => "restaurant_id",
            CreatedKind::Review { .. } => "review_id",
        };
        out.push_sql(
            ", kept AS (INSERT INTO idempotency_keys (caller_kind, caller_id, key, fingerprint, created_at, ",
        );
        out.push_sql(column);
        out.push_sql(") SELECT ");
        out.push_bind_param::<Text, _>(&key.caller_kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&key.caller_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&key.key)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(&key.fingerprint)?;
        out.push_sql(", created_at, ");
        out.push_sql(column);
        out.push_sql(" FROM created)");
        Ok(())
    }

    /// The entry in the activity record, if there is a row: the statement itself, so that PostgreSQL calls it an `INSERT`
    /// where it refuses it.
    fn push_activity<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let operation = match self.created {
            CreatedKind::Restaurant { .. } => AuditOperation::CreateRestaurant,
            CreatedKind::Review { .. } => AuditOperation::CreateReview,
        };
        out.push_sql(
            " INSERT INTO activity (operation, actor_kind, request_id, trace_id, at, \
             restaurant_id, review_id, actor_id, actor_name, client_id, client_name, blueprint, channel, tool) \
             SELECT '",
        );
        out.push_sql(operation.as_str());
        out.push_sql("', ");
        out.push_bind_param::<Text, _>(&self.actor_kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.request_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.trace_id)?;
        out.push_sql(
            ", created_at, restaurant_id, review_id, created_by_id, created_by_name, \
             nullif(created_by_client_id, ''), created_by_client_name, created_by_blueprint, ",
        );
        out.push_bind_param::<Nullable<Text>, _>(&self.channel)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.tool)?;
        out.push_sql(" FROM created RETURNING coalesce(review_id, restaurant_id)");
        Ok(())
    }

    /// One more write in the budget: `spent`, which has no row when the budget is exhausted.
    fn push_spending<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some(spending) = &self.spender else { return Ok(()) };
        out.push_sql(
            "spent AS (INSERT INTO write_budgets AS b (caller_kind, caller_id, client_id, \
             minute_began, minute_writes, hour_began, hour_writes, day_began, day_writes) SELECT ",
        );
        out.push_bind_param::<Text, _>(&spending.spender.kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&spending.spender.id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&spending.spender.client)?;
        for _ in BudgetPeriod::ALL {
            out.push_sql(", ");
            out.push_bind_param::<Timestamp, _>(&self.at)?;
            out.push_sql(", 1");
        }
        if let CreatedKind::Review { restaurant, .. } = &self.created {
            out.push_sql(" FROM restaurants WHERE id = ");
            out.push_bind_param::<BigInt, _>(restaurant)?;
        }
        out.push_sql(" ON CONFLICT (caller_kind, caller_id, client_id) DO UPDATE SET ");
        for (period, over) in BudgetPeriod::ALL.into_iter().zip(&spending.over) {
            let name = period.as_str();
            if period != BudgetPeriod::Minute {
                out.push_sql(", ");
            }
            out.push_sql(&format!("{name}_began = CASE WHEN b.{name}_began <= "));
            out.push_bind_param::<Timestamp, _>(over)?;
            out.push_sql(&format!(
                " THEN excluded.{name}_began ELSE b.{name}_began END, \
                 {name}_writes = CASE WHEN b.{name}_began <= "
            ));
            out.push_bind_param::<Timestamp, _>(over)?;
            out.push_sql(&format!(" THEN 1 ELSE b.{name}_writes + 1 END"));
        }
        let mut separator = " WHERE ";
        for ((period, over), limit) in
            BudgetPeriod::ALL.into_iter().zip(&spending.over).zip(&spending.limits)
        {
            let Some(limit) = limit else { continue };
            let name = period.as_str();
            out.push_sql(&format!("{separator}(b.{name}_began <= "));
            out.push_bind_param::<Timestamp, _>(over)?;
            out.push_sql(&format!(" OR b.{name}_writes < "));
            out.push_bind_param::<BigInt, _>(limit)?;
            out.push_sql(")");
            separator = " AND ";
        }
        out.push_sql(" RETURNING 1), ");
        Ok(())
    }
}

/// The columns of the time, the author and the interface.
const ATTRIBUTION: &str = "created_at, created_by_kind, created_by_id, created_by_name, \
    created_by_client_id, created_by_client_name, created_by_blueprint, created_via";

impl QueryFragment<Pg> for Create<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH ");
        self.push_spending(&mut out)?;
        self.push_row(&mut out)?;
        self.push_key(&mut out)?;
        self.push_activity(&mut out)
    }
}

/// The SQL depends on more than the type, so statements are cached by their text.
impl QueryId for Create<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Create<'_> {
    type SqlType = BigInt;
}
