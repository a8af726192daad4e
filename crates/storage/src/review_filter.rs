//! The filter of a page of reviews.

use diesel::{
    backend::Backend,
    expression::ValidGrouping,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{Bool, HasSqlType, SmallInt},
};
use restaurant_domain::{AuthorGroup, ReviewQuery};

use crate::schema::reviews;

/// Whether a review has the stars and the author that were asked for.
///
/// Each condition stands word for word in an index of the migrations, so that a page of few reviews among many costs no more.
#[derive(Debug, Clone, Copy, ValidGrouping)]
pub(crate) struct ReviewFilter {
    stars: Option<i16>,
    by: Option<AuthorGroup>,
}

impl ReviewFilter {
    /// The filter of a query.
    pub(crate) fn of(query: ReviewQuery) -> Self {
        Self { stars: query.stars.map(|rating| rating.stars().into()), by: query.by }
    }
}

impl Expression for ReviewFilter {
    type SqlType = Bool;
}

impl AppearsOnTable<reviews::table> for ReviewFilter {}

impl<DB> QueryFragment<DB> for ReviewFilter
where
    DB: Backend + HasSqlType<SmallInt>,
    i16: ToSql<SmallInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(match self.by {
            None => "TRUE",
            Some(AuthorGroup::People) => {
                "created_by_kind = 'person' AND created_by_client_id IS NULL"
            }
            Some(AuthorGroup::Agents) => {
                "(created_by_kind = 'agent' OR created_by_client_id IS NOT NULL)"
            }
        });
        if let Some(stars) = &self.stars {
            out.push_sql(" AND rating = ");
            out.push_bind_param::<SmallInt, _>(stars)?;
        }
        Ok(())
    }
}

/// The SQL depends on more than the type, so statements are cached by their text.
impl QueryId for ReviewFilter {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
