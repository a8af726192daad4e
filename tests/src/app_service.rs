//! An emulated App Service: the server behind the emulated platform, restarted when its settings change.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use auth_probe::{AccessToken, AuthSwitch, Probe, Target, TokenKind, TokenSource, Tokens};
use easyauth_emulator::{Cloud, Directory, Emulator, Gateway, Options, Site, sample};
use entra_admin::{Endpoint, WebApp};
use mcp_entra::{AppServiceSwitch, Commands, TokenSourceCredential};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use uuid::{Uuid, uuid};

use crate::{
    postgres::{TestDatabase, shared},
    server::{Server, ServerBuilder},
};

/// The settings of authentication that are deployed with the product.
const AUTH_SETTINGS: &str = include_str!("../../infra/authsettings.json");

/// The web app's name.
pub const SITE: &str = "reviews";

/// Azure Resource Manager's own application.
const RESOURCE_MANAGER: Uuid = uuid!("797f4846-ba00-4fd7-ba43-dac1f8f63013");

/// How long the switch of the web app's authentication repeats a request.
const PATIENCE: Duration = Duration::from_secs(6);

/// A running web app. It ends when this value is dropped.
#[derive(Debug)]
pub struct AppService {
    gateway: Gateway,
    emulator: Emulator,
    supervisor: JoinHandle<()>,
    server: String,
    _folder: TempDir,
    settings_folder: TempDir,
    _database: Option<TestDatabase>,
}

impl AppService {
    /// Starts with an SQLite file and sample data.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn on_sqlite(options: Options) -> Result<Self> {
        Self::start(options, "sqlite://data.sqlite3".to_owned(), None).await
    }

    /// Starts with a PostgreSQL database and sample data.
    ///
    /// # Errors
    /// When PostgreSQL or the server does not start.
    pub async fn on_postgres(options: Options) -> Result<Self> {
        let database = shared().await?.create_database().await?;
        let seed = Server::builder().env("DATABASE_URL", database.url()).arg("seed");
        let seeded = seed.run().await?;
        anyhow::ensure!(seeded.status.success(), "{seeded:?}");
        Self::start(options, database.url().to_owned(), Some(database)).await
    }

    /// Starts a newly deployed app with an SQLite file and sample data: without authentication and without an app
    /// registration.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn unconfigured(options: Options) -> Result<Self> {
        let mut site = sample::site(SITE, AUTH_SETTINGS)?;
        let of_others = json!({ "preserveUrlFragmentsForLogins": true });
        site.auth_settings = json!({ "platform": { "enabled": false }, "login": of_others });
        site.app_settings.clear();
        Self::start_as(site, options, "sqlite://data.sqlite3".to_owned(), None).await
    }

    async fn start(
        options: Options,
        database_url: String,
        database: Option<TestDatabase>,
    ) -> Result<Self> {
        let mut site = sample::site(SITE, AUTH_SETTINGS)?;
        let own = [
            ("ENTRA_TENANT_ID", sample::TENANT_ID.to_string()),
            ("ENTRA_CLIENT_ID", sample::API.to_string()),
        ];
        site.app_settings.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Self::start_as(site, options, database_url, database).await
    }

    async fn start_as(
        mut site: Site,
        options: Options,
        database_url: String,
        database: Option<TestDatabase>,
    ) -> Result<Self> {
        site.app_settings.insert("DATABASE_URL".to_owned(), database_url);
        let mut options = options;
        // The server's own check is under test.
        options.gateway.passes_foreign_origins = true;
        let emulator = Emulator::start(Directory::sample(), options).await?;
        Self::start_site(site, emulator, database).await
    }

    /// Starts a given web app in a given cloud. The database is dropped after it.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn start_site(
        mut site: Site,
        emulator: Emulator,
        database: Option<TestDatabase>,
    ) -> Result<Self> {
        let cloud = emulator.cloud();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let has_tls = cloud.options().listener.tls.is_some();
        let public_url = format!("{}://{address}", if has_tls { "https" } else { "http" });
        site.app_settings.insert("WEBSITE_HOSTNAME".to_owned(), address.ip().to_string());
        site.app_settings.insert("PUBLIC_URL".to_owned(), public_url);
        let folder = tempfile::Builder::new().prefix("web-app-").tempdir()?;
        let server = environment(&site).folder(folder.path()).start().await?;
        server.wait_until_ready().await?;
        cloud.sites().push(site);
        let address = server.url("");
        let gateway = Gateway::serve(listener, cloud.clone(), SITE, &address)?;
        let supervisor = tokio::spawn(restart_on_change(cloud.clone(), server));
        Ok(Self {
            gateway,
            emulator,
            supervisor,
            server: address,
            _folder: folder,
            settings_folder: tempfile::tempdir()?,
            _database: database,
        })
    }

    /// The address under which the app is reached.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.gateway.origin()
    }

    /// The server's own address, past the platform.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The app's cloud.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        self.emulator.cloud()
    }

    /// The current authentication settings.
    #[must_use]
    pub fn auth_settings(&self) -> Value {
        self.site().auth_settings
    }

    /// The app's resource in Resource Manager.
    ///
    /// # Panics
    /// When it was removed from the cloud.
    #[must_use]
    pub fn site(&self) -> Site {
        let sites = self.cloud().sites();
        sites.iter().find(|site| site.name == SITE).expect("it was put there").clone()
    }

    /// Returns a probe of an address with every kind of token. It may not disable authentication.
    ///
    /// # Errors
    /// When the address is invalid.
    pub fn probe_at(&self, origin: &str) -> Result<Probe> {
        probe(self.cloud(), origin)
    }

    /// Returns a probe that may disable authentication.
    ///
    /// # Errors
    /// When the emulator lacks what the probe needs.
    pub fn probe(&self) -> Result<Probe> {
        let mut probe = self.probe_at(self.origin())?;
        let switch = self.switch(self.cloud().origin(), self.settings_folder.path())?;
        probe.auth_switch = Some(switch);
        Ok(probe)
    }

    /// Returns the switch of the app's authentication, through the Resource Manager at an address. It saves the settings to
    /// a folder.
    ///
    /// # Errors
    /// When the address is invalid, or the emulator lacks the operator.
    pub fn switch(&self, resource_manager: &str, folder: &Path) -> Result<Box<dyn AuthSwitch>> {
        let token = TokenSource::Ready(AccessToken::new(&self.operator_token()?)?);
        self.switch_with(token, resource_manager, folder)
    }

    /// Returns the same switch with another source of tokens for Resource Manager.
    ///
    /// # Errors
    /// When the address is invalid.
    pub fn switch_with(
        &self,
        token: TokenSource,
        resource_manager: &str,
        folder: &Path,
    ) -> Result<Box<dyn AuthSwitch>> {
        let credential = Arc::new(TokenSourceCredential(token));
        let endpoint = Endpoint::resource_manager(credential)?.at(resource_manager)?;
        let web_app = WebApp::new(endpoint, &self.site().id)?.with_patience(PATIENCE);
        Ok(Box::new(AppServiceSwitch::new(web_app, folder)))
    }

    /// An operator's token for Azure Resource Manager.
    ///
    /// # Errors
    /// When the cloud's tenant is not the sample.
    pub fn operator_token(&self) -> Result<String> {
        let claims = claims(self.cloud(), sample::OPERATOR, RESOURCE_MANAGER)?;
        Ok(signed(self.cloud(), &claims))
    }

    /// A token of every kind, for the app.
    ///
    /// # Errors
    /// When the cloud's tenant is not the sample.
    pub fn tokens(&self) -> Result<Vec<(TokenKind, String)>> {
        tokens(self.cloud())
    }
}

impl Drop for AppService {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

/// Returns a probe of the sample's protected app at an address, with every kind of token, and in the words of `mcp-entra`.
///
/// # Errors
/// When the address is invalid, or the cloud's tenant is not the sample.
pub fn probe(cloud: &Cloud, origin: &str) -> Result<Probe> {
    let target = Target::new(origin, sample::TENANT_ID, sample::API)?;
    let target = target.authority(cloud.origin())?;
    let tokens =
        tokens(cloud)?.into_iter().try_fold(Tokens::default(), |tokens, (kind, token)| {
            anyhow::Ok(tokens.with(kind, TokenSource::Ready(AccessToken::new(&token)?)))
        })?;
    let mut probe = Probe::new(target, tokens);
    probe.wording = Box::new(Commands);
    Ok(probe)
}

/// The server with the environment that the platform gives it.
fn environment(site: &Site) -> ServerBuilder {
    let enabled = site.auth_settings["platform"]["enabled"] == true;
    let enabled = if enabled { "True" } else { "False" };
    let server = Server::builder().env("WEBSITE_AUTH_ENABLED", enabled);
    site.app_settings.iter().fold(server, |server, (name, value)| server.env(name, value))
}

/// Restarts the server at its address and with its files, whenever its web app changes.
async fn restart_on_change(cloud: Cloud, mut server: Server) {
    let mut changes = cloud.site_changes();
    let address = server.url("").trim_start_matches("http://").to_owned();
    let folder: PathBuf = server.folder().to_owned();
    while changes.changed().await.is_ok() {
        let site = cloud.sites().iter().find(|site| site.name == SITE).cloned();
        let Some(site) = site else { return };
        // It may have ended by itself.
        let _ = server.terminate();
        let _ = server.wait().await;
        match environment(&site).env("BIND", &address).folder(&folder).start().await {
            Ok(started) => server = started,
            // The platform goes on answering 503 until the settings let it start.
            Err(error) => eprintln!("the server does not start: {error:#}"),
        }
    }
}

/// A token of every kind, for the protected app of the sample.
fn tokens(cloud: &Cloud) -> Result<Vec<(TokenKind, String)>> {
    let agent = || claims(cloud, sample::AGENT, sample::API);
    let person = |scopes: &[&str]| {
        let claims = cloud.user_claims(sample::USER, sample::INTERACTIVE, sample::API, scopes);
        claims.context("the sample has no such person")
    };
    let good = agent()?;
    let now = good["iat"].as_i64().unwrap_or_default();
    // By their beginnings, their ends and in other case they are the app's.
    let near_audience = format!("{0}/{0}", sample::API);
    let near_roles = ["mcp.access", "MCP.Access.Read", "Other.MCP.Access"];
    let elsewhere = "11111111-2222-3333-4444-555555555555";
    let made = [
        (TokenKind::Good, good),
        (TokenKind::WrongAudience, claims(cloud, sample::AGENT, sample::OTHER_API)?),
        (TokenKind::Roleless, claims(cloud, sample::ROLELESS, sample::API)?),
        (TokenKind::UnlistedClient, claims(cloud, sample::UNLISTED, sample::API)?),
        (TokenKind::Expired, with(agent()?, &json!({"nbf": now - 4200, "exp": now - 600}))),
        (TokenKind::NotYetValid, with(agent()?, &json!({"nbf": now + 600, "exp": now + 4200}))),
        (
            TokenKind::OtherTenant,
            with(
                agent()?,
                &json!({"tid": elsewhere, "iss": format!("https://sts.windows.net/{elsewhere}/")}),
            ),
        ),
        (TokenKind::V2, version_2(cloud)?),
        (TokenKind::Delegated, person(&["user_impersonation"])?),
        (
            TokenKind::Scopeless,
            person(&["Something.Else", "user_impersonation.read", "User_Impersonation"])?,
        ),
        (
            TokenKind::IdToken,
            with(person(&[])?, &json!({"appid": null, "azp": null, "scp": null, "nonce": "AQAB"})),
        ),
        (TokenKind::WithoutAudience, with(agent()?, &json!({"aud": null}))),
        (TokenKind::WithoutExpiry, with(agent()?, &json!({"exp": null}))),
        (TokenKind::NearAudience, with(agent()?, &json!({"aud": near_audience}))),
        (TokenKind::NearRole, with(agent()?, &json!({"roles": near_roles}))),
    ];
    Ok(made.into_iter().map(|(kind, claims)| (kind, signed(cloud, &claims))).collect())
}

/// The claims of the agent's token when the app has chosen version 2.0.
fn version_2(cloud: &Cloud) -> Result<Value> {
    let set = |version| {
        let mut directory = cloud.directory();
        let api = directory.applications.iter_mut().find(|it| it.app_id == sample::API);
        api.map(|api| std::mem::replace(&mut api.api.requested_access_token_version, version))
    };
    let before = set(Some(2)).context("the sample has no API")?;
    let claims = claims(cloud, sample::AGENT, sample::API);
    set(before);
    claims
}

fn claims(cloud: &Cloud, client: Uuid, resource: Uuid) -> Result<Value> {
    cloud.app_claims(client, resource).context("the sample has no such client or API")
}

fn with(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    // `null` removes a claim.
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|_, value| !value.is_null());
    }
    claims
}

fn signed(cloud: &Cloud, claims: &Value) -> String {
    cloud.sign(&cloud.token_header(), claims)
}
