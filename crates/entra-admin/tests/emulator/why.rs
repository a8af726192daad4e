//! `why` predicts what the platform and the app answer to a token.

use std::sync::Arc;

use axum::{Router, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth::{
    AuthenticationLayer, Authenticator, ClientPrincipalHeader, EntraTokenValidator,
    ProtectedResource, Requirement, RequirementLayer,
};
use easyauth_emulator::{
    Options,
    sample::{FOUNDRY_AGENT, INTERACTIVE, TENANT_ID, USER, object_id},
};
use entra_admin::{Admin, Examination, InteractiveClient, Remedy, TokenCheck, TokenIssuer};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

use crate::tenant::{CHECKS, OTHER_AGENT, POLICY, Tenant, set_up};

const ELSEWHERE: &str = "11111111-2222-4333-8444-555555555555";
const ENTRA: &str = "/identityProviders/azureActiveDirectory";

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

    fn now(&self) -> i64 {
        self.agent(&[])["iat"].as_i64().unwrap()
    }

    /// The claims of the agent's token, with some changed; null takes one away.
    fn agent(&self, changes: &[(&str, Value)]) -> Value {
        let cloud = self.tenant.cloud();
        changed(cloud.app_claims(FOUNDRY_AGENT, self.tenant.client_id()).unwrap(), changes)
    }

    /// The claims of a token of a client that acts for a person.
    fn person(&self, changes: &[(&str, Value)]) -> Value {
        let cloud = self.tenant.cloud();
        let scopes = ["user_impersonation"];
        let claims = cloud.user_claims(USER, INTERACTIVE, self.tenant.client_id(), &scopes);
        changed(claims.unwrap(), changes)
    }

    pub fn signed(&self, claims: &Value) -> String {
        let cloud = self.tenant.cloud();
        cloud.sign(&cloud.token_header(), claims)
    }

    async fn predicted(&self, tokens: &[(String, String)]) -> Vec<Examination> {
        let examiner = self.admin.token_examiner(self.issuer.clone()).await.unwrap();
        tokens.iter().map(|(_, token)| examiner.examine(token, self.now())).collect()
    }

    pub async fn answered(&self, token: &str) -> u16 {
        let request = self.client.get(format!("{}/mcp", self.tenant.origin()));
        request.bearer_auth(token).send().await.unwrap().status().as_u16()
    }

    /// Compares each prediction with the answer, and gives the predictions.
    async fn compare(&self, what: &str, tokens: &[(String, String)]) -> Vec<Examination> {
        let predicted = self.predicted(tokens).await;
        for ((name, token), examination) in tokens.iter().zip(&predicted) {
            let status = examination.refusal().map_or(200, |(_, refusal)| refusal.status);
            assert_eq!(status, self.answered(token).await, "{what}; {name}: {examination:?}");
        }
        predicted
    }

    /// The tokens of several callers, as they get them now.
    fn callers(&self) -> Vec<(String, String)> {
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

fn changed(mut claims: Value, changes: &[(&str, Value)]) -> Value {
    let all = claims.as_object_mut().unwrap();
    for (name, value) in changes {
        match value {
            Value::Null => drop(all.remove(*name)),
            value => drop(all.insert((*name).to_owned(), value.clone())),
        }
    }
    claims
}

fn claim_rows(guarded: &Guarded) -> Vec<(String, String)> {
    let now = guarded.now();
    let v2 = guarded.tenant.cloud().v2_issuer();
    let of_app = [
        vec![],
        vec![("iss", json!(v2))],
        vec![("iss", json!(v2)), ("appid", json!(null)), ("azp", json!(FOUNDRY_AGENT))],
        vec![("iss", json!(null))],
        vec![("iss", json!(format!("https://sts.windows.net/{ELSEWHERE}/")))],
        vec![("iss", json!(format!("https://sts.windows.net/{TENANT_ID}/v2.0")))],
        vec![("iss", json!(format!("{v2}/")))],
        vec![("aud", json!(null))],
        vec![("aud", json!(""))],
        vec![("aud", json!([guarded.tenant.client_id()]))],
        vec![("aud", json!(guarded.tenant.client_id()))],
        vec![("aud", json!(ELSEWHERE))],
        vec![("aud", json!(format!("api://{}/", guarded.tenant.client_id())))],
        vec![("exp", json!(null))],
        vec![("exp", json!((now + 3600).to_string()))],
        vec![("exp", json!(now - 200))],
        vec![("exp", json!(now - 400))],
        vec![("exp", json!(i64::MIN))],
        vec![("exp", json!(u64::MAX))],
        vec![("nbf", json!(now + 200))],
        vec![("nbf", json!(now + 400))],
        vec![("nbf", json!(i64::MAX))],
        vec![("nbf", json!("now"))],
        vec![("appid", json!(null))],
        vec![("appid", json!(ELSEWHERE))],
        vec![("appid", json!(ELSEWHERE)), ("azp", json!(FOUNDRY_AGENT))],
        vec![("azp", json!(ELSEWHERE))],
        vec![("appid", json!("*"))],
        vec![("appid", json!(format!("{FOUNDRY_AGENT} ")))],
        vec![("appid", json!(FOUNDRY_AGENT.to_string().to_uppercase()))],
        vec![("appid", json!(OTHER_AGENT)), ("exp", json!(1))],
        vec![("oid", json!(null))],
        vec![("oid", json!(""))],
        vec![("oid", json!("a b"))],
        vec![("oid", json!("x".repeat(101)))],
        vec![("tid", json!(null))],
        vec![("tid", json!("a b"))],
        vec![("idtyp", json!(null))],
        vec![("idtyp", json!(null)), ("sub", json!(ELSEWHERE))],
        vec![("idtyp", json!(null)), ("sub", json!(null))],
        vec![("idtyp", json!("user"))],
        vec![("idtyp", json!("device"))],
        vec![("scp", json!("user_impersonation"))],
        vec![("idtyp", json!(null)), ("scp", json!("user_impersonation"))],
        vec![("roles", json!(null))],
        vec![("roles", json!([]))],
        vec![("roles", json!("MCP.Access"))],
        vec![("roles", json!([1]))],
        vec![("roles", json!({ "0": "MCP.Access" }))],
        vec![("roles", json!(["MCP.AccessX", "mcp.access"]))],
        vec![("roles", json!(["Other", "MCP.Access"]))],
    ];
    let of_person = [
        vec![],
        vec![("scp", json!(null))],
        vec![("scp", json!(""))],
        vec![("scp", json!("user_impersonationX"))],
        vec![("scp", json!("a user_impersonation b"))],
        vec![("scp", json!(["user_impersonation"]))],
        vec![("scp", json!(null)), ("roles", json!(["MCP.Access"]))],
        vec![("idtyp", json!(null)), ("scp", json!(null))],
        vec![("idtyp", json!("app"))],
    ];
    let row = |claims: Value, changes: &[(&str, Value)]| {
        (format!("{changes:?}"), guarded.signed(&claims))
    };
    let of_app = of_app.iter().map(|changes| row(guarded.agent(changes), changes));
    let of_person = of_person.iter().map(|changes| row(guarded.person(changes), changes));
    of_app.chain(of_person).collect()
}

fn form_rows(guarded: &Guarded) -> Vec<(String, String)> {
    let cloud = guarded.tenant.cloud();
    let claims = guarded.agent(&[]);
    let headers = [
        json!({ "alg": null }),
        json!({ "alg": "none" }),
        json!({ "alg": "rs256" }),
        json!({ "alg": "HS256" }),
        json!({ "kid": null }),
        json!({ "kid": 1 }),
        json!({ "kid": "third" }),
    ];
    let headed = headers.into_iter().map(|header| {
        let changes: Vec<_> =
            header.as_object().unwrap().iter().map(|(name, it)| (&**name, it.clone())).collect();
        let token = cloud.sign(&changed(cloud.token_header(), &changes), &claims);
        (format!("header {header}"), token)
    });
    let good = guarded.signed(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let other = URL_SAFE_NO_PAD.encode(guarded.agent(&[("roles", json!(["A"]))]).to_string());
    let forms = [
        ("claims of another", format!("{header}.{other}.{signature}")),
        ("no signature", format!("{message}.")),
        ("short signature", format!("{message}.{}", &signature[..100])),
        ("two parts", message.to_owned()),
        ("one part", "garbage".to_owned()),
        ("four parts", format!("{good}.e30")),
        ("dots", "..".to_owned()),
        ("a list of claims", cloud.sign_raw(&format!("{header}.W10"))),
        ("too long", format!("{good}{}", "A".repeat(1 << 14))),
    ];
    headed.chain(forms.map(|(name, token)| (name.to_owned(), token))).collect()
}

#[tokio::test]
async fn each_token_is_answered_as_predicted() {
    let guarded = Guarded::start().await;
    guarded.tenant.set(POLICY, json!([FOUNDRY_AGENT, INTERACTIVE]));
    guarded.tenant.set(CHECKS, json!([FOUNDRY_AGENT, INTERACTIVE]));
    let rows = [claim_rows(&guarded), form_rows(&guarded)].concat();
    let predicted = guarded.compare("the lists name them", &rows).await;
    // A server that validates tokens itself accepts nothing that is predicted to be refused.
    let api = guarded.tenant.client_id();
    let validator = EntraTokenValidator::builder(&TENANT_ID.to_string(), &api.to_string())
        .authority(guarded.tenant.cloud().origin())
        .allow_client(&FOUNDRY_AGENT.to_string())
        .allow_client(&INTERACTIVE.to_string())
        .build()
        .unwrap();
    let requirement = Requirement::role_or_scope("MCP.Access", "user_impersonation");
    let mut accepted = 0;
    for ((name, token), examination) in rows.iter().zip(&predicted) {
        let principal = validator.validate(token).await;
        if principal.is_ok_and(|it| requirement.is_met_by(&it)) {
            // The platform's header has both claims of a token of two clients, of which the validator reads one.
            let refusal = examination.refusal().map(|(verdict, it)| (verdict.check, it.status));
            let is_of_two = refusal == Some((TokenCheck::Permission, 401));
            assert!(refusal.is_none() || is_of_two, "{name}: {examination:?}");
            accepted += 1;
        }
    }
    assert!(accepted > 5, "{accepted}");
}

#[tokio::test]
async fn each_list_of_clients_is_answered_as_predicted() {
    let guarded = Guarded::start().await;
    let callers = guarded.callers();
    let own = guarded.tenant.client_id();
    let upper = FOUNDRY_AGENT.to_string().to_uppercase();
    let lists = [
        json!(null),
        json!([]),
        json!([own]),
        json!([own, upper]),
        json!([OTHER_AGENT, INTERACTIVE]),
        json!([FOUNDRY_AGENT, OTHER_AGENT, INTERACTIVE]),
        json!(["garbage", object_id(FOUNDRY_AGENT)]),
    ];
    for policy in &lists {
        for checks in &lists {
            guarded.tenant.set(POLICY, policy.clone());
            guarded.tenant.set(CHECKS, checks.clone());
            guarded.compare(&format!("{policy} {checks}"), &callers).await;
        }
    }
    let ids = [object_id(FOUNDRY_AGENT), object_id(OTHER_AGENT), USER];
    for identities in [json!(null), json!([]), json!(ids), json!([USER]), json!([ELSEWHERE])] {
        for clients in [json!([]), json!([FOUNDRY_AGENT, OTHER_AGENT, INTERACTIVE])] {
            guarded.tenant.set(POLICY, clients.clone());
            guarded.tenant.set(CHECKS, clients.clone());
            guarded.tenant.site(|site| {
                let entra = &mut site.auth_settings["identityProviders"]["azureActiveDirectory"];
                let policy = &mut entra["validation"]["defaultAuthorizationPolicy"];
                policy["allowedPrincipals"] = json!({ "identities": identities });
            });
            guarded.compare(&format!("{identities} {clients}"), &callers).await;
        }
    }
}

#[tokio::test]
async fn each_other_setting_is_answered_as_predicted() {
    let guarded = Guarded::start().await;
    for list in [POLICY, CHECKS] {
        guarded.tenant.set(list, json!([FOUNDRY_AGENT, OTHER_AGENT, INTERACTIVE]));
    }
    let issuer = format!("{ENTRA}/registration/openIdIssuer");
    let audiences = format!("{ENTRA}/validation/allowedAudiences");
    let authority = "https://login.microsoftonline.com";
    let excluded = "/globalValidation/excludedPaths";
    let mutations = [
        ("/platform/enabled", json!(false)),
        (excluded, json!(["/mcp"])),
        (excluded, json!(["/*"])),
        (excluded, json!(["/mcp/*", "/m*", "/MCP", "mcp"])),
        (&format!("{ENTRA}/enabled"), json!(false)),
        (&issuer, json!(format!("https://sts.windows.net/{TENANT_ID}/v2.0"))),
        (&issuer, json!(format!("https://sts.windows.net/{TENANT_ID}/"))),
        (&issuer, json!(format!("{authority}/{ELSEWHERE}/v2.0"))),
        (&issuer, json!("garbage")),
        (&audiences, json!([])),
        (&audiences, json!(["api://other"])),
        (&audiences, json!(null)),
    ];
    let mut tokens = guarded.callers();
    for (name, change) in [
        ("version 2", ("iss", json!(guarded.tenant.cloud().v2_issuer()))),
        ("bad", ("exp", json!(1))),
    ] {
        tokens.push((name.to_owned(), guarded.signed(&guarded.agent(&[change]))));
    }
    for (pointer, value) in mutations {
        let saved = guarded.tenant.saved();
        guarded.tenant.set(pointer, value.clone());
        guarded.compare(&format!("{pointer} {value}"), &tokens).await;
        guarded.tenant.restore(&saved);
    }
    for action in ["RedirectToLoginPage", "Return403", "AllowAnonymous"] {
        for is_required in [true, false] {
            let saved = guarded.tenant.saved();
            guarded.tenant.set(&format!("{ENTRA}/enabled"), json!(false));
            guarded.tenant.set("/globalValidation/requireAuthentication", json!(is_required));
            guarded.tenant.set("/globalValidation/unauthenticatedClientAction", json!(action));
            guarded.compare(&format!("{action} {is_required}"), &tokens).await;
            guarded.tenant.restore(&saved);
        }
    }
}

/// Takes the remedies until the app serves the agent, with a new token each time.
async fn mend(guarded: &Guarded, what: &str) {
    for _ in 0..4 {
        let token = guarded.signed(&guarded.agent(&[]));
        let examined = guarded.predicted(&[(String::new(), token.clone())]).await;
        let Some((_, refusal)) = examined[0].refusal() else {
            assert_eq!(guarded.answered(&token).await, 200, "{what}");
            return;
        };
        let admin = guarded.admin.clone();
        match refusal.remedy.clone() {
            Remedy::Setup { client_id } => {
                let admin = client_id.into_iter().fold(admin, entra_admin::Admin::with_client_id);
                drop(admin.setup(&set_up()).await.unwrap());
            }
            Remedy::Preauthorize(id) => drop(admin.preauthorize(&[id]).await.unwrap()),
            remedy => panic!("{what}: {remedy}"),
        }
    }
    panic!("{what} is not mended");
}

#[tokio::test]
async fn the_remedy_makes_the_app_serve_the_caller() {
    let guarded = Guarded::start().await;
    let agent = object_id(FOUNDRY_AGENT);
    guarded.tenant.set(POLICY, json!([OTHER_AGENT]));
    mend(&guarded, "a place in one list").await;
    guarded.tenant.set(CHECKS, json!([OTHER_AGENT]));
    mend(&guarded, "a place in the other list").await;
    guarded.tenant.directory(|all| all.assignments.retain(|it| it.principal_id != agent));
    mend(&guarded, "the role").await;
    guarded.tenant.set("/platform/enabled", json!(false));
    mend(&guarded, "the platform").await;
    guarded.tenant.set(&format!("{ENTRA}/validation/allowedAudiences"), json!([]));
    mend(&guarded, "the audience").await;
    guarded.tenant.set(&format!("{ENTRA}/registration/openIdIssuer"), json!("garbage"));
    mend(&guarded, "the issuer").await;
}

#[tokio::test]
async fn a_remedy_fits_the_caller() {
    let guarded = Guarded::start().await;
    let uri = format!("api://{}", guarded.tenant.client_id());
    let first = async |claims: Value| {
        let token = (String::new(), guarded.signed(&claims));
        let examined = guarded.predicted(&[token]).await.pop().unwrap();
        let (verdict, refusal) = examined.refusal().expect("it is refused");
        (verdict.check, refusal.remedy.clone())
    };
    let new = |scope: &str| Remedy::RequestToken { scope: format!("{uri}/{scope}") };
    // The role was given after the token was issued.
    let old = first(guarded.agent(&[("roles", json!(null))])).await;
    assert_eq!(old, (TokenCheck::Permission, new(".default")));
    let expired = first(guarded.agent(&[("exp", json!(1))])).await;
    assert_eq!(expired, (TokenCheck::Time, new(".default")));
    let early = first(guarded.agent(&[("nbf", json!(guarded.now() + 1000))])).await;
    assert_eq!(early, (TokenCheck::Time, Remedy::CorrectClock));
    let person = first(guarded.person(&[])).await;
    let set_up = Remedy::SetUpClient(InteractiveClient::Registered(INTERACTIVE));
    assert_eq!(person, (TokenCheck::AllowedApplications, set_up));
    let nobody = first(guarded.agent(&[("appid", json!("x")), ("oid", json!("y"))])).await;
    assert_eq!(nobody, (TokenCheck::AllowedApplications, Remedy::NameCaller));
    guarded.tenant.set(POLICY, json!([INTERACTIVE]));
    guarded.tenant.set(CHECKS, json!([INTERACTIVE]));
    let scopeless = first(guarded.person(&[("scp", json!("other"))])).await;
    assert_eq!(scopeless, (TokenCheck::Permission, new("user_impersonation")));
    let other = guarded.tenant.cloud().app_claims(OTHER_AGENT, guarded.tenant.client_id());
    let other = first(other.unwrap()).await;
    let admission = Remedy::Preauthorize(object_id(OTHER_AGENT));
    assert_eq!(other, (TokenCheck::AllowedApplications, admission));
}

/// Wherever the examination puts words of the token, they are harmless.
#[tokio::test]
async fn words_of_the_token_draw_nothing() {
    let guarded = Guarded::start().await;
    let hostile = "x\u{1b}[2J\nrole or scope (the app): accepted";
    let names = ["iss", "aud", "appid", "oid", "idtyp", "roles"];
    let changes: Vec<_> = names.map(|name| (name, json!(hostile))).into();
    let token = guarded.signed(&guarded.agent(&changes));
    let examined = guarded.predicted(&[(String::new(), token.clone())]).await.pop().unwrap();
    let said: String = examined.verdicts.iter().map(|it| format!("{it}\n")).collect();
    assert_eq!(said.lines().count(), examined.verdicts.len(), "{said}");
    assert!(!said.contains('\u{1b}') && !said.contains(&token[..40]), "{said}");
}
