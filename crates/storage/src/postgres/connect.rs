//! How a connection to PostgreSQL is made: address, TLS, limits.

use std::{error::Error, sync::Arc, time::Duration};

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use restaurant_domain::StoreError;
use tokio::time::timeout;
use tokio_postgres::{Config, NoTls, config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls;
use crate::{
    Limits,
    error::OutOfTime,
    url::{Server, SslMode},
};

/// How long data on its way may stay unacknowledged before the connection counts as broken.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// After how long a silent connection is probed, and how often and how many times then: a server that vanished is
/// noticed within a minute, and a firewall between sees that the connection is in use.
const SILENCE: Duration = Duration::from_secs(30);
const PROBE: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;

/// Makes connections to one server.
#[derive(Clone)]
pub(super) struct Connector {
    config: Arc<Config>,
    tls: Option<MakeRustlsConnect>,
    limits: Limits,
}

impl Connector {
    /// Reads the certificates, and connects to nothing yet.
    pub(super) fn new(server: &Server, limits: Limits) -> Result<Self, StoreError> {
        let mut config = server.config.clone();
        config.ssl_mode(match server.ssl_mode {
            SslMode::Disable => config::SslMode::Disable,
            SslMode::Prefer => config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => config::SslMode::Require,
        });
        if config.get_application_name().is_none() {
            config.application_name(env!("CARGO_PKG_NAME"));
        }
        if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
            config.keepalives_idle(SILENCE);
        }
        if config.get_keepalives_interval().is_none() {
            config.keepalives_interval(PROBE);
        }
        config.keepalives_retries(PROBES).tcp_user_timeout(UNACKNOWLEDGED);
        let tls = tls::client(server).map_err(StoreError::failed)?;
        let tls = tls.map(MakeRustlsConnect::new);
        Ok(Self { config: Arc::new(config), tls, limits })
    }

    /// Connects, for as long as it takes. The limit on statements holds for the connection from then on.
    pub(super) async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let mut connection = if let Some(tls) = &self.tls {
            let connected = self.config.connect(tls.clone()).await;
            let (client, connection) = connected.map_err(|error| readable(&error))?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await?
        } else {
            let connected = self.config.connect(NoTls).await;
            let (client, connection) = connected.map_err(|error| readable(&error))?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await?
        };
        // By a statement: PgBouncer refuses the same setting as a start-up option.
        let limit = format!("SET statement_timeout = {}", self.limits.statement.as_millis().max(1));
        let set = connection.batch_execute(&limit).await;
        set.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    }

    /// Connects, within the limit.
    pub(super) async fn connect_in_time(&self) -> Result<AsyncPgConnection, StoreError> {
        let connected = timeout(self.limits.connect, self.connect()).await;
        connected
            .map_err(|_| StoreError::unavailable(OutOfTime("connecting to PostgreSQL")))?
            .map_err(StoreError::unavailable)
    }
}

/// Keeps the causes, which diesel's error has no place for.
fn readable(error: &tokio_postgres::Error) -> ConnectionError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    ConnectionError::BadConnection(text)
}
