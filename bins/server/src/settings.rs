//! Every setting, each an option and an environment variable: the one place that reads the environment.

mod authentication;
mod insights;
mod secret;
mod telemetry;
pub mod value;
mod writes;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use axum::http::Uri;
use clap::{ArgAction, Args, ValueEnum};
use restaurant_storage::{DatabaseUrl, DatabaseUrlError, Limits};

pub use self::{
    authentication::{AuthMode, AuthenticationSettings},
    secret::Secret,
    telemetry::TelemetrySettings,
    value::Expected,
    writes::WriteSettings,
};
/// The database when no setting names one.
pub const DEFAULT_DATABASE: &str = "sqlite://restaurants.sqlite3";

/// The settings. An option on the command line wins over its environment variable, which wins over the default.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// Address and port to listen on. Port 0 takes a free one, which is printed.
    #[arg(long, env = "BIND", global = true, default_value = "127.0.0.1:8000", value_parser = value::address)]
    bind: SocketAddr,

    /// Port to listen on, in place of the one in BIND.
    #[arg(long, env = "PORT", global = true, value_parser = value::port)]
    port: Option<u16>,

    /// Public host names under which clients reach the server, separated by commas, for example `reviews.example.com`. A request for any other host is refused; loopback names always pass, and so does the address in BIND, unless it means all addresses.
    #[arg(long, env = "ALLOWED_HOSTS", global = true, value_delimiter = ',', value_parser = value::host)]
    allowed_hosts: Vec<String>,

    /// Public host name of the app, which Azure App Service sets: one more allowed host.
    #[arg(long, env = "WEBSITE_HOSTNAME", global = true, value_parser = value::host)]
    website_hostname: Option<String>,

    /// Origins of web pages elsewhere whose requests to the MCP endpoint are not refused, separated by commas, for example `https://inspector.example` or `chrome-extension://abcdef`. Loopback origins always pass. No CORS headers are sent.
    #[arg(long, env = "ALLOWED_ORIGINS", global = true, value_delimiter = ',', value_parser = value::any_origin)]
    allowed_origins: Vec<String>,

    /// Of authentication.
    #[command(flatten)]
    pub authentication: AuthenticationSettings,

    /// Serve other addresses than loopback without authentication. Every client that reaches the port may then read and write.
    #[arg(long, env = "ALLOW_INSECURE", global = true, action = ArgAction::Set, num_args = 0..=1,
        default_value_t = false, default_missing_value = "true", value_parser = value::flag)]
    allow_insecure: bool,

    /// Reject every write, on the pages and over MCP, whatever the caller's permissions.
    #[arg(long, env = "READ_ONLY", global = true, action = ArgAction::Set, num_args = 0..=1,
        default_value_t = false, default_missing_value = "true", value_parser = value::flag)]
    pub read_only: bool,

    /// Of writes.
    #[command(flatten)]
    pub writes: WriteSettings,

    /// Most connections at a time. When all are taken, a new one takes the place of the one that has been idle the longest; while none is idle, it waits for a moment, and is then answered with 503. A tenth of the number, at most 50, is kept beyond it for health checks.
    #[arg(long, env = "MAX_CONNECTIONS", global = true, default_value = "900", value_parser = value::whole(1..=1_000_000))]
    pub max_connections: u32,

    /// How long a connection is kept between two requests, in seconds. Longer than a proxy in front of the server keeps its own: App Service's front end does so for up to 240.
    #[arg(long, env = "IDLE_SECONDS", global = true, default_value = "300", value_parser = value::seconds)]
    pub idle_seconds: Duration,

    /// Time limit of a page, and of reading a message to the MCP endpoint, in seconds. Then the answer is 503 or 408.
    #[arg(long, env = "REQUEST_SECONDS", global = true, default_value = "10", value_parser = value::seconds)]
    pub request_seconds: Duration,

    /// Time limit of an MCP tool call, in seconds. Foundry gives up after 60 to 100.
    #[arg(long, env = "MCP_CALL_SECONDS", global = true, default_value = "30", value_parser = value::seconds)]
    pub mcp_call_seconds: Duration,

    /// How long to finish what runs after SIGTERM or Ctrl-C, in seconds. App Service kills after 5 unless told otherwise.
    #[arg(long, env = "DRAIN_SECONDS", global = true, default_value = "4", value_parser = value::seconds)]
    pub drain_seconds: Duration,

    /// The database: `postgres://user:password@host:port/name?sslmode=require` or `sqlite://path`, or a connection string as in AZURE_POSTGRESQL_CONNECTIONSTRING. Without this and the settings below it is `sqlite://restaurants.sqlite3`.
    #[arg(long, env = "DATABASE_URL", global = true, hide_env_values = true)]
    database_url: Option<Secret>,

    /// The PostgreSQL to use when DATABASE_URL is not set, in one of the forms that Azure Service Connector writes: libpq's pairs `host=… dbname=… user=… password=…` or URL `postgresql://…`, or `Server=…;Database=…;User Id=…;Password=…` as for .NET.
    #[arg(long, env = "AZURE_POSTGRESQL_CONNECTIONSTRING", global = true, hide_env_values = true)]
    azure_postgresql_connectionstring: Option<Secret>,

    /// Host of the PostgreSQL to use when neither DATABASE_URL nor AZURE_POSTGRESQL_CONNECTIONSTRING is set.
    #[arg(long, env = "DBHOST", global = true, value_parser = value::database_host)]
    dbhost: Option<String>,

    /// Port that belongs to DBHOST; 5432 unless set.
    #[arg(long, env = "DBPORT", global = true, value_parser = value::database_port)]
    dbport: Option<String>,

    /// Database name that belongs to DBHOST.
    #[arg(long, env = "DBNAME", global = true, value_parser = value::database_name)]
    dbname: Option<String>,

    /// User that belongs to DBHOST.
    #[arg(long, env = "DBUSER", global = true, value_parser = value::database_user)]
    dbuser: Option<String>,

    /// Password that belongs to DBUSER.
    #[arg(long, env = "DBPASS", global = true, hide_env_values = true)]
    dbpass: Option<Secret>,

    /// TLS to DBHOST: `disable`, `prefer`, `require`, `verify-ca` or `verify-full`; `prefer` unless set.
    #[arg(long, env = "DBSSLMODE", global = true, value_parser = value::ssl_mode)]
    dbsslmode: Option<String>,

    /// How to sign in to PostgreSQL. `password`: as its address says. `entra`: by an access token of the app's managed identity, fresh for each new connection; the address has no password then, and asks for TLS (`sslmode=require` or more).
    #[arg(long, env = "DATABASE_AUTH", global = true, value_enum, default_value_t = DatabaseAuth::Password)]
    database_auth: DatabaseAuth,

    /// The client id (a GUID) of the user-assigned managed identity to be, where the app has several. For `DATABASE_AUTH=entra`.
    #[arg(long, env = "AZURE_CLIENT_ID", global = true, value_parser = value::guid)]
    azure_client_id: Option<String>,

    /// A PgBouncer stands before PostgreSQL and lends a connection for one transaction (`pool_mode = transaction`).
    #[arg(long, env = "DATABASE_PGBOUNCER", global = true, action = ArgAction::Set, num_args = 0..=1,
        default_value_t = false, default_missing_value = "true", value_parser = value::flag)]
    pub database_pgbouncer: bool,

    /// Most connections to the database at a time.
    #[arg(long, env = "DATABASE_CONNECTIONS", global = true, default_value = "10", value_parser = value::whole(1..=1000))]
    database_connections: u32,

    /// Time limit for connecting to the database, in seconds.
    #[arg(long, env = "DATABASE_CONNECT_SECONDS", global = true, default_value = "5", value_parser = value::seconds)]
    database_connect_seconds: Duration,

    /// Time limit for waiting for a free connection, in seconds. Then the answer is 503.
    #[arg(long, env = "DATABASE_ACQUIRE_SECONDS", global = true, default_value = "3", value_parser = value::seconds)]
    database_acquire_seconds: Duration,

    /// Time limit of a statement, in seconds. Then the answer is 503.
    #[arg(long, env = "DATABASE_STATEMENT_SECONDS", global = true, default_value = "5", value_parser = value::seconds)]
    database_statement_seconds: Duration,

    /// What to log: a level (`error`, `warn`, `info`, `debug`, `trace`) or directives such as `info,restaurant_storage=debug`.
    #[arg(long, env = "LOG", global = true, default_value = "info", value_parser = value::directives)]
    pub log: String,

    /// How to log: `json`, `pretty`, or `auto`: pretty on a terminal, JSON elsewhere.
    #[arg(long, env = "LOG_FORMAT", global = true, value_enum, default_value_t = LogFormat::Auto)]
    pub log_format: LogFormat,

    /// Of telemetry.
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
}

/// How to sign in to PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DatabaseAuth {
    /// As the address says.
    Password,
    /// By an access token of a managed identity.
    Entra,
}

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Why settings that are each right do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// An address other than loopback would be served without authentication.
    #[error(
        "AUTH_MODE=none serves loopback addresses only, and {0} is not one: bind 127.0.0.1, or set ALLOW_INSECURE=true to allow every client that reaches the port to read and write"
    )]
    NotLoopback(SocketAddr),
    /// The server would trust the platform's headers from any client.
    #[error(
        "AUTH_MODE={0} trusts the headers of Azure App Service, and WEBSITE_AUTH_ENABLED, which it sets, is not true: every client that reaches the port could write them; turn authentication on for the app, or set AUTH_MODE=entra"
    )]
    NoPlatform(&'static str),
    /// A setting that validating access tokens requires is missing.
    #[error(
        "{0} is missing: AUTH_MODE with entra needs it (if ENTRA_ALLOWED_CLIENTS is empty, every request is rejected)"
    )]
    NotForEntra(&'static str),
    /// Clients could not be told where to get a token.
    #[error(
        "PUBLIC_URL is missing: set it to the origin under which clients reach the server, for example https://reviews.example.com"
    )]
    NoPublicUrl,
    /// Clients would be told to send their tokens in the clear.
    #[error(
        "PUBLIC_URL is plain http to another machine, which would show access tokens to the network: set it to https://…, or set ALLOW_INSECURE=true"
    )]
    PlainPublicUrl,
    /// The database address does not fit a token as the password.
    #[error("DATABASE_AUTH=entra: {0}")]
    NotForToken(&'static str),
    /// A part of a PostgreSQL address without its host: an SQLite file in its place would lose what is written there.
    #[error("DBHOST is missing, and {0} is set: set DBHOST, or unset {0}")]
    NoHost(&'static str),
    /// The database's address is wrong.
    #[error("{setting}")]
    Database {
        /// The setting that names the database.
        setting: &'static str,
        /// What is wrong with it.
        source: DatabaseUrlError,
    },
}

impl Settings {
    /// Where to listen.
    ///
    /// # Errors
    /// When an address other than loopback would be served without authentication.
    pub fn listen_address(&self) -> Result<SocketAddr, SettingsError> {
        let address = self.address();
        match self.authentication.mode()? {
            AuthMode::None if address.ip().is_loopback() || self.allow_insecure => Ok(address),
            AuthMode::None => Err(SettingsError::NotLoopback(address)),
            _ => Ok(address),
        }
    }

    /// The address in BIND, with PORT in its place.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind.ip(), self.port.unwrap_or(self.bind.port()))
    }

    /// Where this machine reaches what listens on an address: all addresses are reached by loopback.
    pub fn reachable(listening: SocketAddr) -> SocketAddr {
        let ip = match listening.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, listening.port())
    }

    /// The host names that a request may ask for, besides loopback ones.
    pub fn public_hosts(&self) -> Vec<String> {
        let bound = self.bind.ip();
        let bound = (!bound.is_unspecified()).then(|| match bound {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        });
        let public = self.authentication.public_url().and_then(|url| url.parse::<Uri>().ok());
        let public = public.and_then(|url| url.host().map(str::to_owned));
        let named = self.allowed_hosts.iter().chain(&self.website_hostname).cloned().chain(public);
        named.chain(bound).filter(|host| !host.is_empty()).collect()
    }

    /// The origins of our own pages as browsers see them, TLS ending before us.
    pub fn public_origins(&self) -> Vec<String> {
        let hosts = self.allowed_hosts.iter().chain(&self.website_hostname);
        let named = hosts.filter(|host| !host.is_empty()).map(|host| format!("https://{host}"));
        named.chain(self.authentication.public_url().map(str::to_owned)).collect()
    }

    /// The origin under which clients reach the server that listens on an address.
    ///
    /// # Errors
    /// When nothing says it.
    pub fn public_origin(&self, listening: SocketAddr) -> Result<String, SettingsError> {
        if let Some(url) = self.authentication.public_url() {
            let is_local = url.parse::<Uri>().is_ok_and(|url| url.host().is_some_and(is_loopback));
            let is_safe = url.starts_with("https://") || is_local || self.allow_insecure;
            return if is_safe { Ok(url.to_owned()) } else { Err(SettingsError::PlainPublicUrl) };
        }
        match set(self.website_hostname.as_ref()) {
            Some(host) => Ok(format!("https://{host}")),
            None if listening.ip().is_loopback() => Ok(format!("http://{listening}")),
            None => Err(SettingsError::NoPublicUrl),
        }
    }

    /// The origins of pages elsewhere that may call the MCP endpoint.
    pub fn allowed_origins(&self) -> Vec<String> {
        self.allowed_origins.iter().filter(|origin| !origin.is_empty()).cloned().collect()
    }

    /// Where the data is: the first of DATABASE_URL, AZURE_POSTGRESQL_CONNECTIONSTRING and DBHOST that is set, else an SQLite file.
    ///
    /// # Errors
    /// When the address is wrong.
    pub fn database(&self) -> Result<DatabaseUrl, SettingsError> {
        let of = |setting| move |source| SettingsError::Database { setting, source };
        if let Some(url) = &self.database_url {
            DatabaseUrl::parse(url.expose()).map_err(of("DATABASE_URL"))
        } else if let Some(text) = &self.azure_postgresql_connectionstring {
            DatabaseUrl::from_libpq(text.expose()).map_err(of("AZURE_POSTGRESQL_CONNECTIONSTRING"))
        } else if let Some(host) = set(self.dbhost.as_ref()) {
            let parts = [&self.dbport, &self.dbname, &self.dbuser, &self.dbsslmode];
            let [port, name, user, sslmode] = parts.map(|part| set(part.as_ref()));
            let password = self.dbpass.as_ref().map(Secret::expose);
            DatabaseUrl::from_parts(Some(host), port, name, user, password, sslmode)
                .map_err(of("DBHOST, DBPORT, DBNAME, DBUSER, DBPASS, DBSSLMODE"))
        } else if let Some(name) = self.part_without_host() {
            Err(SettingsError::NoHost(name))
        } else {
            DatabaseUrl::parse(DEFAULT_DATABASE).map_err(of("DATABASE_URL"))
        }
    }

    /// How to sign in to the database at an address.
    ///
    /// # Errors
    /// When a token would be sent where it must not be, or is of no use.
    pub fn database_auth(&self, url: &DatabaseUrl) -> Result<DatabaseAuth, SettingsError> {
        let wrong = |why| Err(SettingsError::NotForToken(why));
        match self.database_auth {
            DatabaseAuth::Password => Ok(DatabaseAuth::Password),
            _ if url.sqlite_path().is_some() => {
                wrong("an SQLite file wants no sign-in; set the address of a PostgreSQL")
            }
            _ if url.has_password() => wrong(
                "the database's address has a password too; leave it out, since the token is the password",
            ),
            _ if !url.is_encrypted_or_loopback() => wrong(
                "the token would cross the network in the clear; add sslmode=verify-full to the address",
            ),
            DatabaseAuth::Entra => Ok(DatabaseAuth::Entra),
        }
    }

    /// Which managed identity to be.
    pub fn azure_client_id(&self) -> Option<&str> {
        set(self.azure_client_id.as_ref())
    }

    /// A setting that belongs to DBHOST and is set.
    fn part_without_host(&self) -> Option<&'static str> {
        let parts = [
            ("DBNAME", self.dbname.is_some()),
            ("DBUSER", self.dbuser.is_some()),
            ("DBPASS", self.dbpass.is_some()),
            ("DBPORT", self.dbport.is_some()),
        ];
        parts.into_iter().find(|(_, is_set)| *is_set).map(|(name, _)| name)
    }

    /// How much the database is asked for, and how long it may take.
    pub fn database_limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.pool_size = usize::try_from(self.database_connections).unwrap_or(usize::MAX);
        limits.connect = self.database_connect_seconds;
        limits.acquire = self.database_acquire_seconds;
        limits.statement = self.database_statement_seconds;
        limits
    }
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An empty text counts as none.
fn set(value: Option<&String>) -> Option<&str> {
    value.map(String::as_str).filter(|value| !value.is_empty())
}
