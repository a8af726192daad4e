//! A tenant whose app asks for the role or the scope, and what it answers to tokens.

use std::sync::Arc;

use axum::{Router, routing::get};
use easyauth::{
    AuthenticationLayer, Authenticator, ClientPrincipalHeader, ProtectedResource, Requirement,
    RequirementLayer,
};
use easyauth_emulator::{
    Options,
    sample::{FOUNDRY_AGENT, INTERACTIVE, TENANT_ID, USER},
};
use entra_admin::{Admin, Examination, TokenIssuer};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

use crate::tenant::{OTHER_AGENT, Tenant, set_up};

/// An id that nothing has.
pub const ELSEWHERE: &str = "11111111-2222-4333-8444-555555555555";

/// A service that asks for the role or the scope, as the product does.
pub fn app() -> Router {
    let resource = ProtectedResource::new("http://127.0.0.1").unwrap().path("/mcp").unwrap();
    let resource = Arc::new(resource);
    let requirement = Requirement::role_or_scope("MCP.Access", "user_impersonation");
    let tools = Router::new()
        .route("/mcp", get(async || "the tools"))
        .route_layer(RequirementLayer::new(requirement, resource.clone()));
    let scheme = Arc::new(ClientPrincipalHeader::new());
    AuthenticationLayer::new(Authenticator::new(scheme), resource).wrap(tools)
}

/// The tenant of an app that asks for the role, and a client of it.
pub struct Guarded {
    pub tenant: Tenant,
    pub admin: Admin,
    client: Client,
    issuer: TokenIssuer,
}

impl Guarded {
    pub async fn start() -> Self {
        let tenant = Tenant::in_front_of(app(), Options::default()).await;
        let admin = tenant.admin();
        admin.setup(&set_up()).await.unwrap();
        admin.preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let issuer = TokenIssuer::discover(tenant.cloud().origin(), TENANT_ID).await.unwrap();
        Self { tenant, admin, client, issuer }
    }

    pub fn now(&self) -> i64 {
        self.agent(&[])["iat"].as_i64().unwrap()
    }

    /// The claims of the agent's token, with some changed; null takes one away.
    pub fn agent(&self, changes: &[(&str, Value)]) -> Value {
        let cloud = self.tenant.cloud();
        changed(cloud.app_claims(FOUNDRY_AGENT, self.tenant.client_id()).unwrap(), changes)
    }

    /// The claims of a token of a client that acts for a person.
    pub fn person(&self, changes: &[(&str, Value)]) -> Value {
        let cloud = self.tenant.cloud();
        let scopes = ["user_impersonation"];
        let claims = cloud.user_claims(USER, INTERACTIVE, self.tenant.client_id(), &scopes);
        changed(claims.unwrap(), changes)
    }

    pub fn signed(&self, claims: &Value) -> String {
        let cloud = self.tenant.cloud();
        cloud.sign(&cloud.token_header(), claims)
    }

    pub async fn predicted(&self, tokens: &[(String, String)]) -> Vec<Examination> {
        let examiner = self.admin.token_examiner(self.issuer.clone()).await.unwrap();
        tokens.iter().map(|(_, token)| examiner.examine(token, self.now())).collect()
    }

    pub async fn answered(&self, token: &str) -> u16 {
        let request = self.client.get(format!("{}/mcp", self.tenant.origin()));
        request.bearer_auth(token).send().await.unwrap().status().as_u16()
    }

    /// Compares each prediction with the answer, and gives the predictions.
    pub async fn compare(&self, what: &str, tokens: &[(String, String)]) -> Vec<Examination> {
        let predicted = self.predicted(tokens).await;
        for ((name, token), examination) in tokens.iter().zip(&predicted) {
            let status = examination.refusal().map_or(200, |(_, refusal)| refusal.status);
            assert_eq!(status, self.answered(token).await, "{what}; {name}: {examination:?}");
        }
        predicted
    }

    /// The tokens of several callers, as they get them now.
    pub fn callers(&self) -> Vec<(String, String)> {
        let cloud = self.tenant.cloud();
        let other = cloud.app_claims(OTHER_AGENT, self.tenant.client_id()).unwrap();
        [
            ("agent", self.agent(&[])),
            ("agent without the role", other),
            ("person", self.person(&[])),
            ("person without the scope", self.person(&[("scp", json!("other"))])),
        ]
        .map(|(name, claims)| (name.to_owned(), self.signed(&claims)))
        .into()
    }
}

/// The claims with some changed; null takes one away.
pub fn changed(mut claims: Value, changes: &[(&str, Value)]) -> Value {
    let all = claims.as_object_mut().unwrap();
    for (name, value) in changes {
        match value {
            Value::Null => drop(all.remove(*name)),
            value => drop(all.insert((*name).to_owned(), value.clone())),
        }
    }
    claims
}
