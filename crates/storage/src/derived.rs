//! The texts that are derived from a restaurant's fields (the key of its name and its search text), and which of them an
//! older version of this program derived.
//!
//! Each search text carries the version of the folding that made it and its restaurant's key: 0, the column's default, when
//! a program that knows of no version wrote it. [`outdated`] and [`outdated_texts`] cost a look into an index when nothing
//! is outdated. What a newer version derived stays: it is not outdated.

use diesel::{
    backend::Backend,
    dsl::auto_type,
    expression::ValidGrouping,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{BigInt, HasSqlType, Text},
};
use restaurant_domain::{FOLDING_VERSION, NewRestaurant};

use crate::{
    rows::{RESTAURANT_TEXTS, RestaurantTextColumns, RestaurantTexts},
    schema::{restaurant_search, restaurants},
};

/// The key of a restaurant's name as it is stored; this key where there is no such restaurant.
///
/// A cursor has the key that this program makes of a name. The row may have one of an older version, and be elsewhere in the
/// order: a list that went on after the cursor's key would come by it again and again.
#[derive(Debug, Clone, QueryId, ValidGrouping)]
pub(crate) struct StoredNameKey {
    /// The key of the cursor.
    pub(crate) key: String,
    /// The restaurant of the cursor.
    pub(crate) id: i64,
}

impl Expression for StoredNameKey {
    type SqlType = Text;
}

impl<Source> AppearsOnTable<Source> for StoredNameKey {}

impl<DB> QueryFragment<DB> for StoredNameKey
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "coalesce((SELECT stored.name_key FROM restaurants AS stored WHERE stored.id = ",
        );
        out.push_bind_param::<BigInt, _>(&self.id)?;
        out.push_sql("), ");
        out.push_bind_param::<Text, _>(&self.key)?;
        out.push_sql(")");
        Ok(())
    }
}

/// The number of restaurants in one backfill transaction: few, so that a review of one of them waits only briefly.
pub(crate) const BATCH: i64 = 500;

/// A restaurant's id and texts, read by [`outdated_texts`].
pub(crate) type SourceTexts = (i64, RestaurantTexts);

/// The derived texts of a restaurant.
pub(crate) struct DerivedTexts {
    pub(crate) id: i64,
    pub(crate) name_key: String,
    pub(crate) search_text: String,
}

impl From<SourceTexts> for DerivedTexts {
    fn from((id, texts): SourceTexts) -> Self {
        let restaurant = NewRestaurant::from(texts);
        Self { id, name_key: restaurant.name.sort_key(), search_text: restaurant.search_text() }
    }
}

/// The id of any restaurant with outdated derived texts.
#[auto_type]
pub(crate) fn outdated() -> _ {
    let version: i16 = FOLDING_VERSION;
    restaurant_search::table
        .filter(restaurant_search::folding.lt(version))
        .select(restaurant_search::restaurant_id)
        .limit(1_i64)
}

/// The texts of restaurants whose derived texts are outdated, by id, after an id.
#[auto_type]
pub(crate) fn outdated_texts(after: i64) -> _ {
    let (version, batch): (i16, i64) = (FOLDING_VERSION, BATCH);
    let texts: RestaurantTextColumns = RESTAURANT_TEXTS;
    restaurants::table
        .inner_join(
            restaurant_search::table.on(restaurant_search::restaurant_id.eq(restaurants::id)),
        )
        .filter(restaurant_search::folding.lt(version))
        .filter(restaurant_search::restaurant_id.gt(after))
        .order(restaurant_search::restaurant_id.asc())
        .limit(batch)
        .select((restaurants::id, texts))
}
