//! The sample tenant with a web app, asked as its operator.

use std::collections::BTreeMap;

use easyauth_emulator::{
    Directory, Emulator, Options, ServicePrincipal, Site,
    sample::{FOUNDRY_AGENT, OPERATOR, OPERATOR_SECRET, TENANT_ID, object_id},
};
use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

/// The object id of the agent identity.
pub const AGENT: Uuid = object_id(FOUNDRY_AGENT);
/// The object id of the site's managed identity.
pub const MANAGED: Uuid = uuid!("33333333-0000-4000-8000-000000000002");
pub const SITE: &str = "/subscriptions/66666666-0000-4000-8000-000000000001/resourceGroups/Kitchen/providers/Microsoft.Web/sites/reviews";
pub const VERSION: &str = "?api-version=2024-11-01";

/// The emulator with this tenant in it, and the operator's tokens.
pub struct Tenant {
    pub emulator: Emulator,
    pub client: Client,
    pub graph_token: String,
    pub arm_token: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The code of the error.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// The message of the error.
    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// The finer code of the error.
    pub fn detail(&self) -> &str {
        self.body["error"]["details"][0]["code"].as_str().unwrap_or_default()
    }

    /// A text of the body.
    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {self:?}"))
    }

    /// Checks the status.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

impl Tenant {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let emulator = Emulator::start(directory(), options).await.unwrap();
        emulator.cloud().sites().push(site());
        let client = Client::new();
        let mut tenant =
            Self { emulator, client, graph_token: String::new(), arm_token: String::new() };
        tenant.graph_token =
            tenant.token(OPERATOR, OPERATOR_SECRET, "https://graph.microsoft.com").await;
        tenant.arm_token =
            tenant.token(OPERATOR, OPERATOR_SECRET, "https://management.azure.com").await;
        tenant
    }

    /// A client's own token for an audience.
    pub async fn token(&self, client: Uuid, secret: &str, audience: &str) -> String {
        let origin = self.emulator.cloud().origin();
        let request = self.client.post(format!("{origin}/{TENANT_ID}/oauth2/v2.0/token")).form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &client.to_string()),
            ("client_secret", secret),
            ("scope", &format!("{audience}/.default")),
        ]);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    /// Asks a path under `/v1.0` as the operator.
    pub async fn graph(&self, method: Method, path: &str, body: Value) -> Answer {
        self.ask(method, &format!("/v1.0{path}"), body, &self.graph_token).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.graph(Method::GET, path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.graph(Method::POST, path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.graph(Method::PATCH, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.graph(Method::DELETE, path, Value::Null).await
    }

    /// Asks Resource Manager for the site and what is below it, as the operator.
    pub async fn site(&self, method: Method, below: &str, body: Value) -> Answer {
        self.ask(method, &format!("{SITE}{below}{VERSION}"), body, &self.arm_token).await
    }

    /// Asks with this token; an empty one is not sent, and a null body neither.
    pub async fn ask(&self, method: Method, path: &str, body: Value, token: &str) -> Answer {
        let address = format!("{}{path}", self.emulator.cloud().origin());
        let mut request = self.client.request(method, address);
        if !body.is_null() {
            request = request.json(&body);
        }
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap();
        let body =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Answer { status, headers, body }
    }

    /// Registers an application of this name.
    pub async fn application(&self, name: &str) -> Answer {
        let body = json!({ "displayName": name });
        self.post("/applications", body).await.expect(StatusCode::CREATED)
    }
}

fn directory() -> Directory {
    let mut directory = Directory::sample();
    directory.service_principals.push(ServicePrincipal {
        id: MANAGED,
        app_id: Uuid::new_v4(),
        display_name: "reviews".to_owned(),
        service_principal_type: "ManagedIdentity".to_owned(),
        ..ServicePrincipal::default()
    });
    directory
}

fn site() -> Site {
    Site {
        name: "reviews".to_owned(),
        id: SITE.to_owned(),
        app_settings: BTreeMap::from([("DBNAME".to_owned(), "reviews".to_owned())]),
        auth_settings: json!({ "platform": { "enabled": true, "runtimeVersion": "~2" } }),
        restarts: 0,
    }
}
