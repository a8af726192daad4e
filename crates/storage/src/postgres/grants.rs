//! The rights of a role that reads and writes rows.

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Bool, Text},
};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use restaurant_domain::StoreError;

use super::{connect::Connector, lock::LOCK};
use crate::{database::DatabaseRole, error::MigrateError};

/// The rights that reads and writes need, each once. The triggers run with the rights of the caller. Posts are moved to the
/// hidden ones and back; functions of the owner's delete what was copied.
pub(super) const NEEDED: &str = "(VALUES ('restaurants', 'SELECT,INSERT,UPDATE'), ('reviews', 'SELECT,INSERT'), \
        ('restaurant_search', 'SELECT,INSERT,UPDATE'), ('restaurant_counts', 'SELECT,UPDATE'), \
        ('idempotency_keys', 'SELECT,INSERT,UPDATE,DELETE'), ('activity', 'SELECT,INSERT,DELETE'), \
        ('write_budgets', 'SELECT,INSERT,UPDATE'), \
        ('hidden_restaurants', 'SELECT,INSERT'), ('hidden_reviews', 'SELECT,INSERT')) AS needed (name, rights)";

// Column `reason` may be updated besides: that right is what a lock on a row needs.

/// The database in which Azure has its functions for principals of Microsoft Entra ID.
const ADMINISTRATION: &str = "postgres";

/// Neither an administrator, nor with multi-factor authentication. Source:
/// <https://learn.microsoft.com/azure/postgresql/security/security-manage-entra-users>.
const CREATE_PRINCIPAL: &str =
    "SELECT pgaadauth_create_principal_with_oid($1, $2, 'service', false, false)::text";

#[derive(QueryableByName)]
struct Existence {
    #[diesel(sql_type = Bool)]
    exists: bool,
}

#[derive(QueryableByName)]
struct Statements {
    #[diesel(sql_type = Text)]
    statements: String,
}

/// Creates the role if it is a missing principal, and grants it the rights in one transaction.
pub(super) async fn grant(connector: &Connector, role: &DatabaseRole) -> Result<(), StoreError> {
    let mut connection = connector.connect_in_time().await?;
    if !exists(&mut connection, &role.name).await? {
        let Some(principal) = &role.principal else {
            return Err(MigrateError::NoRole { role: role.name.clone() }.into());
        };
        let mut administration = connector.to(ADMINISTRATION).connect_in_time().await?;
        create(&mut administration, &role.name, principal).await?;
    }
    let name = role.name.clone();
    let grant = async move |connection: &mut AsyncPgConnection| {
        connection.batch_execute(LOCK).await?;
        let statements = format!(
            "SELECT string_agg(format('GRANT %s ON %I TO %I', rights, name, $1), '; ') \
             || format('; GRANT SELECT ON __diesel_schema_migrations TO %I', $1) \
             || format('; GRANT UPDATE (reason) ON hidden_restaurants, hidden_reviews TO %I', $1) AS statements \
             FROM {NEEDED}"
        );
        let statements = sql_query(statements).bind::<Text, _>(name);
        let Statements { statements } = statements.get_result(connection).await?;
        Ok(connection.batch_execute(&statements).await?)
    };
    Ok(connection.transaction::<_, MigrateError, _>(grant).await?)
}

async fn exists(connection: &mut AsyncPgConnection, role: &str) -> Result<bool, MigrateError> {
    let exists = sql_query("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS exists");
    let Existence { exists } = exists.bind::<Text, _>(role).get_result(connection).await?;
    Ok(exists)
}

async fn create(
    connection: &mut AsyncPgConnection,
    role: &str,
    principal: &str,
) -> Result<(), MigrateError> {
    let create = sql_query(CREATE_PRINCIPAL).bind::<Text, _>(role).bind::<Text, _>(principal);
    create.execute(connection).await?;
    Ok(())
}
