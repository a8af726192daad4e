//! A tenant in which nothing is set up yet: an operator, identities of several types, and a web app.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::Router;
use azure_core::{
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    time::OffsetDateTime,
};
use easyauth_emulator::{
    Application, Cloud, Directory, Emulator, Gateway, Options, ServicePrincipal, Site, User,
    sample::{FOUNDRY_AGENT, INTERACTIVE, MANAGED_IDENTITY, OPERATOR, TENANT_ID, USER, object_id},
};
use entra_admin::{Admin, ClientCredential, Endpoint, Setup};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::{Uuid, uuid};

pub const SITE: &str = "/subscriptions/66666666-0000-4000-8000-000000000001/resourceGroups/Kitchen/providers/Microsoft.Web/sites/reviews";
pub const NAME: &str = "Restaurant reviews & more";
pub const METADATA_SETTING: &str = "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES";
/// Another identity of the type that agents of Foundry have.
pub const OTHER_AGENT: Uuid = uuid!("c1100000-0000-4000-8000-000000000009");
pub const GRAPH: Uuid = uuid!("00000003-0000-0000-c000-000000000000");
pub const RESOURCE_MANAGER: Uuid = uuid!("797f4846-ba00-4fd7-ba43-dac1f8f63013");

/// The list of clients that is documented, and the other one.
pub const POLICY: &str = "/identityProviders/azureActiveDirectory/validation/defaultAuthorizationPolicy/allowedApplications";
pub const CHECKS: &str =
    "/identityProviders/azureActiveDirectory/validation/jwtClaimChecks/allowedClientApplications";

/// The emulator with this tenant in it, and the gateway in front of the web app.
pub struct Tenant {
    pub emulator: Emulator,
    gateway: Gateway,
}

/// A token that is there.
#[derive(Debug)]
pub struct Ready(pub String);

#[async_trait]
impl TokenCredential for Ready {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(3600);
        Ok(AccessToken::new(Secret::new(self.0.clone()), expires))
    }
}

impl Tenant {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        Self::in_front_of(Router::new().fallback(async || "the app"), options).await
    }

    /// One with this app behind the gateway.
    pub async fn in_front_of(router: Router, options: Options) -> Self {
        let emulator = Emulator::start(directory(), options).await.unwrap();
        emulator.cloud().sites().push(Site {
            name: "reviews".to_owned(),
            id: SITE.to_owned(),
            app_settings: BTreeMap::from([("DBPASS".to_owned(), "a-secret".to_owned())]),
            auth_settings: json!({ "platform": { "enabled": false }, "login": null }),
            restarts: 0,
        });
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = format!("http://{}", app.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(app, router).await });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cloud = emulator.cloud().clone();
        let gateway = Gateway::serve(listener, cloud, "reviews", &upstream).unwrap();
        Self { emulator, gateway }
    }

    /// One with an allowed agent.
    pub async fn with_agent() -> Self {
        let tenant = Self::start().await;
        tenant.admin().setup(&set_up()).await.unwrap();
        tenant.admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
        tenant
    }

    pub fn cloud(&self) -> &Cloud {
        self.emulator.cloud()
    }

    /// The operator, who may do everything.
    pub fn admin(&self) -> Admin {
        self.admin_as(OPERATOR)
    }

    pub fn admin_as(&self, client: Uuid) -> Admin {
        let token = Arc::new(Ready(self.token(client, GRAPH)));
        self.admin_at(Endpoint::graph(token).unwrap().at(self.cloud().origin()).unwrap())
    }

    /// Somebody who takes this for Graph.
    pub fn admin_at(&self, graph: Endpoint) -> Admin {
        let token = Arc::new(Ready(self.token(OPERATOR, RESOURCE_MANAGER)));
        let resource_manager = Endpoint::resource_manager(token).unwrap();
        let resource_manager = resource_manager.at(self.cloud().origin()).unwrap();
        Admin::new(TENANT_ID, graph, resource_manager, SITE).unwrap()
    }

    /// What a client gets now in its own name for an API.
    pub fn token(&self, client: Uuid, api: Uuid) -> String {
        let claims = self.cloud().app_claims(client, api).unwrap();
        self.cloud().sign(&self.cloud().token_header(), &claims)
    }

    /// How a client's call is answered at the gateway, and the roles in its token.
    pub async fn call(&self, client: Uuid) -> (StatusCode, Value) {
        let claims = self.cloud().app_claims(client, self.client_id()).unwrap();
        let token = self.cloud().sign(&self.cloud().token_header(), &claims);
        let address = format!("{}/mcp", self.gateway.origin());
        let answer = reqwest::Client::new().get(address).bearer_auth(token).send().await.unwrap();
        (answer.status(), claims["roles"].clone())
    }

    /// The origin of the gateway.
    pub fn origin(&self) -> &str {
        self.gateway.origin()
    }

    /// The client id of the registration that was set up.
    pub fn client_id(&self) -> Uuid {
        self.application(|application| application.app_id)
    }

    /// Reads or changes the registration, as somebody does by hand.
    pub fn application<T>(&self, change: impl FnOnce(&mut Application) -> T) -> T {
        let mut directory = self.cloud().directory();
        let mut all = directory.applications.iter_mut();
        change(all.find(|application| application.display_name == NAME).unwrap())
    }

    /// Changes the tenant by hand.
    pub fn directory(&self, change: impl FnOnce(&mut Directory)) {
        change(&mut self.cloud().directory());
    }

    /// Changes the web app by hand.
    pub fn site<T>(&self, change: impl FnOnce(&mut Site) -> T) -> T {
        change(&mut self.cloud().sites()[0])
    }

    /// Sets a property of the settings of authentication by hand; it has to be there.
    pub fn set(&self, pointer: &str, value: Value) {
        self.site(|site| *site.auth_settings.pointer_mut(pointer).unwrap() = value);
    }

    /// A property of the settings of authentication.
    pub fn setting(&self, pointer: &str) -> Value {
        self.site(|site| site.auth_settings.pointer(pointer).cloned().unwrap_or_default())
    }

    /// All that a command may change, to go back to.
    pub fn saved(&self) -> (Directory, Vec<Site>) {
        (self.cloud().directory().clone(), self.cloud().sites().clone())
    }

    /// Goes back.
    pub fn restore(&self, saved: &(Directory, Vec<Site>)) {
        saved.0.clone_into(&mut self.cloud().directory());
        saved.1.clone_into(&mut self.cloud().sites());
    }

    /// All that a command may change, to compare.
    pub fn everything(&self) -> String {
        format!("{:#?}\n{:#?}", *self.cloud().directory(), *self.cloud().sites())
    }
}

/// What the tests set up, unless they say otherwise.
pub fn set_up() -> Setup {
    let credential = ClientCredential::ManagedIdentity(object_id(MANAGED_IDENTITY));
    Setup { display_name: NAME.to_owned(), credential }
}

fn directory() -> Directory {
    let application = |app_id: Uuid, name: &str| Application {
        id: Uuid::new_v4(),
        app_id,
        display_name: name.to_owned(),
        ..Application::default()
    };
    let user = User {
        id: USER,
        display_name: "Ada Sample".to_owned(),
        user_principal_name: "ada@sample.example".to_owned(),
        ..User::default()
    };
    let directory = Directory {
        tenant_id: TENANT_ID,
        applications: vec![
            application(OPERATOR, "Operator"),
            application(INTERACTIVE, "Client for people"),
        ],
        service_principals: vec![
            principal(OPERATOR, "Operator", "Application"),
            principal(FOUNDRY_AGENT, "Foundry agent", "ServiceIdentity"),
            principal(OTHER_AGENT, "Other agent", "ServiceIdentity"),
            principal(MANAGED_IDENTITY, "Managed identity", "ManagedIdentity"),
        ],
        assignments: Vec::new(),
        users: vec![user],
    };
    directory
        .with_microsoft_apis()
        .with_graph_role(object_id(OPERATOR), "Application.ReadWrite.All")
        .with_graph_role(object_id(OPERATOR), "AppRoleAssignment.ReadWrite.All")
}

fn principal(app_id: Uuid, name: &str, kind: &str) -> ServicePrincipal {
    ServicePrincipal {
        id: object_id(app_id),
        app_id,
        display_name: name.to_owned(),
        service_principal_type: kind.to_owned(),
        ..ServicePrincipal::default()
    }
}
