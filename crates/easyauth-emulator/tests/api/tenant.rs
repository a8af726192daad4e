//! A tenant with an operator who may do everything, an agent identity, a managed identity, and a person.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth_emulator::{Application, Directory, Emulator, Options, ServicePrincipal, Site, User};
use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

pub const TENANT: Uuid = uuid!("11111111-0000-4000-8000-000000000001");
/// The application id of the agent identity.
pub const AGENT_APP: Uuid = uuid!("22222222-0000-4000-8000-000000000001");
/// The object id of the agent identity.
pub const AGENT: Uuid = uuid!("22222222-0000-4000-8000-000000000002");
pub const MANAGED: Uuid = uuid!("33333333-0000-4000-8000-000000000002");
pub const PERSON: Uuid = uuid!("44444444-0000-4000-8000-000000000001");
pub const OPERATOR_APP: Uuid = uuid!("55555555-0000-4000-8000-000000000001");
pub const OPERATOR: Uuid = uuid!("55555555-0000-4000-8000-000000000002");
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
        let graph_token = token(
            "https://graph.microsoft.com",
            OPERATOR,
            &["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"],
        );
        let arm_token = token("https://management.azure.com", OPERATOR, &[]);
        Self { emulator, client, graph_token, arm_token }
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

    pub async fn reader(&self) -> String {
        token("https://graph.microsoft.com", OPERATOR, &["Application.Read.All"])
    }
    pub async fn nobody(&self) -> String {
        token("https://graph.microsoft.com", OPERATOR, &[])
    }

    /// Registers an application of this name.
    pub async fn application(&self, name: &str) -> Answer {
        let body = json!({ "displayName": name });
        self.post("/applications", body).await.expect(StatusCode::CREATED)
    }
}

fn token(audience: &str, oid: Uuid, roles: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "aud": audience, "oid": oid, "roles": roles }).to_string())
}

fn directory() -> Directory {
    let principal = |id, app_id, name: &str, kind: &str| ServicePrincipal {
        id,
        app_id,
        display_name: name.to_owned(),
        service_principal_type: kind.to_owned(),
        ..ServicePrincipal::default()
    };
    let operator = Application {
        id: Uuid::new_v4(),
        app_id: OPERATOR_APP,
        display_name: "Operator".to_owned(),
        secrets: vec!["operator".to_owned()],
        ..Application::default()
    };
    let directory = Directory {
        tenant_id: TENANT,
        applications: vec![operator],
        service_principals: vec![
            principal(OPERATOR, OPERATOR_APP, "Operator", "Application"),
            principal(AGENT, AGENT_APP, "Waiter", "ServiceIdentity"),
            principal(MANAGED, Uuid::new_v4(), "reviews", "ManagedIdentity"),
        ],
        assignments: Vec::new(),
        users: vec![User {
            id: PERSON,
            display_name: "Ada".to_owned(),
            user_principal_name: "ada@contoso.com".to_owned(),
        }],
    };
    directory
        .with_microsoft_apis()
        .with_graph_role(OPERATOR, "Application.ReadWrite.All")
        .with_graph_role(OPERATOR, "AppRoleAssignment.ReadWrite.All")
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
