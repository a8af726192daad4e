//! Connections to PostgreSQL: address, TLS, limits.

use std::{
    borrow::Cow,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use diesel::{ConnectionError, ConnectionResult, connection::CacheSize};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection};
use restaurant_domain::StoreError;
use tokio::time::timeout;
use tokio_postgres::{
    Client, Config, Connection, NoTls, Socket,
    config::{self, LoadBalanceHosts, TargetSessionAttrs},
    tls::TlsStream,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls;
use crate::{
    error::Timeout,
    limits::Limits,
    postgres_options::PostgresOptions,
    statement_spans::StatementSpans,
    url::{Server, SslMode},
};

/// The default `application_name`.
const APPLICATION_NAME: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The longest time that sent data may stay unacknowledged before the connection counts as broken.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);

/// TCP keepalive: detects a lost server within a minute, and keeps firewalls from dropping idle connections.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;

/// Connects to one server.
#[derive(Clone)]
pub(super) struct Connector {
    config: Arc<Config>,
    tls: Option<MakeRustlsConnect>,
    limits: Limits,
    options: PostgresOptions,
    opened: Arc<AtomicU64>,
}

impl Connector {
    /// Reads the certificates. Does not connect.
    pub(super) fn new(
        server: &Server,
        limits: Limits,
        options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        let mut config = server.config.clone();
        config.ssl_mode(match server.ssl_mode {
            SslMode::Disable => config::SslMode::Disable,
            SslMode::Prefer => config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => config::SslMode::Require,
        });
        if config.get_application_name().is_none_or(str::is_empty) {
            config
                .application_name(options.application_name.as_deref().unwrap_or(APPLICATION_NAME));
        }
        if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
            config.keepalives_idle(KEEPALIVE_IDLE);
        }
        if config.get_keepalives_interval().is_none() {
            config.keepalives_interval(KEEPALIVE_INTERVAL);
        }
        config.keepalives_retries(KEEPALIVE_RETRIES).tcp_user_timeout(TCP_USER_TIMEOUT);
        let tls = tls::client(server).map_err(StoreError::failed)?;
        let tls = tls.map(MakeRustlsConnect::new);
        Ok(Self { config: Arc::new(config), tls, limits, options, opened: Arc::default() })
    }

    /// Connects to another database of the same server.
    pub(super) fn to(&self, database: &str) -> Self {
        let mut config = Config::clone(&self.config);
        config.dbname(database);
        Self { config: Arc::new(config), ..self.clone() }
    }

    /// How many connections were opened.
    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Whether a connection is a session of one server, as far as the URL says: neither a pooler between, nor a standby beside it.
    pub(super) fn leads_to_one_server(&self) -> bool {
        if self.is_transaction_pooled() {
            return false;
        }
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len());
        let is_balanced = self.config.get_load_balance_hosts() != LoadBalanceHosts::Disable;
        (hosts == 1 && !is_balanced)
            || self.config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite
    }

    /// Whether a pooler assigns server connections for one transaction at a time.
    pub(super) fn is_transaction_pooled(&self) -> bool {
        self.options.transaction_pooling
    }

    /// What sets up the statements of a connection, or, with `LOCAL` after `SET`, of a transaction: the limit on their
    /// time, and one core for each, so that one caller's search leaves the others to the rest. By statements, since
    /// PgBouncer refuses the same settings as start-up options.
    pub(super) fn statement_limits(&self) -> String {
        let set = if self.is_transaction_pooled() { "SET LOCAL" } else { "SET" };
        let milliseconds = self.limits.statement.as_millis().max(1);
        format!(
            "{set} statement_timeout = {milliseconds}; {set} max_parallel_workers_per_gather = 0"
        )
    }

    /// The configuration, with the current password.
    async fn config(&self) -> ConnectionResult<Cow<'_, Config>> {
        let Some(source) = &self.options.password else { return Ok(Cow::Borrowed(&*self.config)) };
        let password = source.password().await.map_err(|error| {
            ConnectionError::BadConnection(format!("no password is available: {error}"))
        })?;
        let mut config = Config::clone(&self.config);
        config.password(password);
        Ok(Cow::Owned(config))
    }

    /// Connects without a timeout. Sets the statement limits of the connection, unless a pooler assigns it for one
    /// transaction at a time.
    pub(super) async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let config = self.config().await?;
        let mut connection = if let Some(tls) = &self.tls {
            let connected = config.connect(tls.clone()).await;
            let (client, connection) = connected.map_err(|error| with_causes(&error))?;
            self.set_up(client, connection).await?
        } else {
            let connected = config.connect(NoTls).await;
            let (client, connection) = connected.map_err(|error| with_causes(&error))?;
            self.set_up(client, connection).await?
        };
        connection.set_instrumentation(StatementSpans::of("postgresql"));
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(connection)
    }

    async fn set_up<S>(
        &self,
        client: Client,
        connection: Connection<Socket, S>,
    ) -> ConnectionResult<AsyncPgConnection>
    where
        S: TlsStream + Unpin + Send + 'static,
    {
        let failed = ConnectionError::CouldntSetupConfiguration;
        if !self.is_transaction_pooled() {
            let connected = AsyncPgConnection::try_from_client_and_connection(client, connection);
            let mut connection = connected.await?;
            connection.batch_execute(&self.statement_limits()).await.map_err(failed)?;
            return Ok(connection);
        }
        tokio::spawn(connection);
        // diesel prepares statements to set the connection up, so that has to be one transaction too.
        client.batch_execute("BEGIN").await.map_err(|error| with_causes(&error))?;
        let mut connection = AsyncPgConnection::try_from(client).await?;
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        connection.batch_execute("COMMIT").await.map_err(failed)?;
        Ok(connection)
    }

    /// Connects within the timeout.
    pub(super) async fn connect_in_time(&self) -> Result<AsyncPgConnection, StoreError> {
        let connected = timeout(self.limits.connect, self.connect()).await;
        connected
            .map_err(|_| StoreError::unavailable(Timeout("connecting to PostgreSQL")))?
            .map_err(StoreError::unavailable)
    }
}

/// Adds the causes to the text, because diesel's error has no source.
fn with_causes(error: &tokio_postgres::Error) -> ConnectionError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    ConnectionError::BadConnection(text)
}
