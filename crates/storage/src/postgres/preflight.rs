//! The checks before a migration: whether migrations are pending, and whether the role may apply them.

use std::collections::HashSet;

use diesel::{
    migration::{Migration, MigrationSource},
    pg::Pg,
    prelude::*,
    sql_query,
    sql_types::{Bool, Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use diesel_migrations::EmbeddedMigrations;

use super::grants::NEEDED;
use crate::{derived::outdated, error::MigrateError};

/// The state of a database, and the privileges of its role.
#[derive(Debug, QueryableByName)]
struct DatabaseState {
    #[diesel(sql_type = Text)]
    database: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Bool)]
    read_only: bool,
    #[diesel(sql_type = Bool)]
    may_create: bool,
    /// Another role that owns the tables.
    #[diesel(sql_type = Nullable<Text>)]
    other_owner: Option<String>,
    /// Whether the list of applied migrations may be read; `None` when there is none.
    #[diesel(sql_type = Nullable<Bool>)]
    may_read_list: Option<bool>,
}

const DATABASE_STATE: &str = "SELECT current_database()::text AS database, current_user::text AS role, \
    current_setting('server_encoding') AS encoding, \
    coalesce(current_schema()::text, 'public') AS schema, \
    pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only, \
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create, \
    (SELECT rolname::text FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner \
        WHERE pg_class.oid = to_regclass('restaurants') AND NOT pg_has_role(relowner, 'USAGE')) \
        AS other_owner, \
    has_table_privilege(to_regclass('__diesel_schema_migrations'), 'SELECT') AS may_read_list";

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct MissingGrants {
    #[diesel(sql_type = Nullable<Text>)]
    lacking: Option<String>,
}

/// Whether migrations are pending. Reads only, so that it works on a standby and for a role that may change no table.
///
/// # Errors
/// When migrations are pending that cannot be applied here: the encoding is not UTF8, the database is read-only, or the
/// role lacks a right, which is named.
pub(super) async fn needs_migration(
    connection: &mut AsyncPgConnection,
    migrations: EmbeddedMigrations,
) -> Result<bool, MigrateError> {
    let state: DatabaseState = sql_query(DATABASE_STATE).get_result(connection).await?;
    let DatabaseState { database, role, .. } = &state;
    let applied = match state.may_read_list {
        None => HashSet::new(),
        Some(true) => applied(connection).await?,
        Some(false) => {
            return Err(MigrateError::missing_privilege(
                role,
                "SELECT ON __diesel_schema_migrations",
            ));
        }
    };
    let pending = pending(&migrations, &applied)?;
    if pending == 0 {
        warn_of_missing_grants(connection, role).await?;
        Ok(false)
    } else if state.encoding != "UTF8" {
        let (database, encoding) = (database.clone(), state.encoding.clone());
        Err(MigrateError::Encoding { database, encoding })
    } else if state.read_only {
        Err(MigrateError::ReadOnly { database: database.clone(), pending })
    } else if let Some(owner) = &state.other_owner {
        Err(MigrateError::NotOwner { role: role.clone(), owner: owner.clone() })
    } else if !state.may_create {
        Err(MigrateError::missing_privilege(role, format!("CREATE ON SCHEMA {}", state.schema)))
    } else {
        Ok(true)
    }
}

/// Whether this role may derive anew here.
const MAY_DERIVE: &str = "SELECT NOT pg_is_in_recovery() \
    AND NOT current_setting('transaction_read_only')::bool \
    AND has_table_privilege('restaurants', 'UPDATE') \
    AND has_table_privilege('restaurant_search', 'UPDATE') AS may";

#[derive(QueryableByName)]
struct MayDerive {
    #[diesel(sql_type = Bool)]
    may: bool,
}

/// Whether a restaurant's derived texts are outdated, and may be derived anew here. Reads, and nothing else.
///
/// Where they may not, on a standby for one, the store answers all the same: they are another instance's to derive.
pub(super) async fn needs_backfill(
    connection: &mut AsyncPgConnection,
) -> Result<bool, MigrateError> {
    if outdated().get_results::<i64>(connection).await?.is_empty() {
        return Ok(false);
    }
    let MayDerive { may } = sql_query(MAY_DERIVE).get_result(connection).await?;
    if !may {
        tracing::warn!(
            "some restaurants have search texts of an older version, which cannot be derived anew: \
             the database is read-only, or the role lacks UPDATE ON restaurants, restaurant_search"
        );
    }
    Ok(may)
}

/// How many migrations were not applied.
fn pending(
    migrations: &EmbeddedMigrations,
    applied: &HashSet<String>,
) -> Result<usize, MigrateError> {
    let known: Vec<Box<dyn Migration<Pg>>> =
        migrations.migrations().map_err(MigrateError::Migration)?;
    let versions = known.iter().map(|known| known.name().version().to_string());
    Ok(versions.filter(|version| !applied.contains(version)).count())
}

async fn applied(connection: &mut AsyncPgConnection) -> Result<HashSet<String>, MigrateError> {
    let list = sql_query("SELECT version FROM __diesel_schema_migrations");
    let list: Vec<Version> = list.get_results(connection).await?;
    Ok(list.into_iter().map(|Version { version }| version).collect())
}

/// A role that only reads is as good as any for an instance that takes no writes, so this is no error.
async fn warn_of_missing_grants(
    connection: &mut AsyncPgConnection,
    role: &str,
) -> Result<(), MigrateError> {
    let missing = format!(
        "SELECT string_agg(format('%s ON %I', wanted, name), ', ' ORDER BY name, wanted) AS lacking \
         FROM {NEEDED}, unnest(string_to_array(rights, ',')) AS wanted \
         WHERE to_regclass(name) IS NOT NULL AND NOT has_table_privilege(to_regclass(name), wanted)"
    );
    let MissingGrants { lacking } = sql_query(missing).get_result(connection).await?;
    if let Some(lacking) = lacking {
        tracing::warn!(role, lacking, "the database role lacks rights; GRANT them");
    }
    Ok(())
}
