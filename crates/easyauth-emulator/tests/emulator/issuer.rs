//! The issuer over HTTP: discovery and keys, every grant with what it refuses, and the managed identity.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod agents;
mod assertions;
mod flows;
mod people;
mod resource;

use easyauth_emulator::{Directory, Emulator, Options, sample};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};

/// The emulator on the sample tenant.
async fn emulator() -> Emulator {
    Emulator::start(Directory::sample(), Options::default()).await.unwrap()
}

/// A client that goes nowhere by itself.
fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

fn url(emulator: &Emulator, path: &str) -> String {
    format!("{}/{}{path}", emulator.cloud().origin(), sample::TENANT_ID)
}

async fn get(emulator: &Emulator, path: &str) -> Value {
    reqwest::get(url(emulator, path)).await.unwrap().json().await.unwrap()
}

/// Asks for a token with a form.
async fn ask(emulator: &Emulator, form: &[(&str, &str)]) -> Response {
    let address = url(emulator, "/oauth2/v2.0/token");
    client().post(address).form(form).send().await.unwrap()
}

/// The form of `client_credentials` for the API.
fn own(client_id: &str, secret: &str) -> Vec<(String, String)> {
    let scope = format!("api://{}/.default", sample::API);
    [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", secret),
        ("scope", &scope),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn set(form: &mut Vec<(String, String)>, name: &str, value: &str) {
    form.retain(|(key, _)| key != name);
    if !value.is_empty() {
        form.push((name.to_owned(), value.to_owned()));
    }
}

async fn send(emulator: &Emulator, form: &[(String, String)]) -> Response {
    let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    ask(emulator, &form).await
}

/// The claims of the access token in an answer.
async fn claims(answer: Response) -> Value {
    assert_eq!(answer.status(), StatusCode::OK);
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    decode(body["access_token"].as_str().unwrap())
}

/// The claims of a token, unchecked.
fn decode(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&base64::Engine::decode(&engine, claims).unwrap()).unwrap()
}

/// Asserts an answer that refuses with one of Entra's codes.
async fn refused(answer: Response, status: u16, code: u32, what: &str) {
    assert_eq!(answer.status(), status, "{what}");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error_codes"], json!([code]), "{what}: {body}");
    let description = body["error_description"].as_str().unwrap();
    assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
    for secret in [sample::AGENT_SECRET, "wrong-secret"] {
        assert!(!body.to_string().contains(secret), "{body}");
    }
}

#[tokio::test]
async fn discovery_names_issuers_and_endpoints_that_answer() {
    let emulator = emulator().await;
    for (path, issuer) in [
        ("/v2.0/.well-known/openid-configuration", emulator.cloud().v2_issuer()),
        ("/.well-known/openid-configuration", emulator.cloud().v1_issuer()),
    ] {
        let document = get(&emulator, path).await;
        assert_eq!(document["issuer"], issuer);
        let keys = reqwest::get(document["jwks_uri"].as_str().unwrap()).await.unwrap();
        let keys: Value = keys.json().await.unwrap();
        let keys = keys["keys"].as_array().unwrap();
        assert!(keys.len() >= 2, "the one in use and the next");
        for key in keys {
            assert_eq!((&key["kty"], &key["use"]), (&json!("RSA"), &json!("sig")));
            assert!(key.get("alg").is_none(), "Entra's keys have none: {key}");
        }
        let token = document["token_endpoint"].as_str().unwrap();
        assert_eq!(client().post(token).form(&[("x", "y")]).send().await.unwrap().status(), 400);
    }
    let other = "11111111-2222-3333-4444-555555555555/v2.0/.well-known/openid-configuration";
    let answer = reqwest::get(format!("{}/{other}", emulator.cloud().origin())).await.unwrap();
    refused(answer, 400, 90002, "another tenant").await;
}

#[tokio::test]
async fn keys_are_published_before_they_sign_unless_told_otherwise() {
    let emulator = emulator().await;
    let cloud = emulator.cloud();
    let kids = async || {
        let keys = get(&emulator, "/discovery/v2.0/keys").await;
        let keys = keys["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["kid"].clone()).collect::<Vec<_>>()
    };
    let before = kids().await;
    let first = cloud.token_header()["kid"].clone();
    cloud.roll_keys().unwrap();
    assert!(before.contains(&cloud.token_header()["kid"]) && kids().await.contains(&first));
    let before = kids().await;
    cloud.roll_keys_unannounced().unwrap();
    assert!(!before.contains(&cloud.token_header()["kid"]));
    cloud.withdraw_former_keys();
    assert!(!kids().await.contains(&first));
}

#[tokio::test]
async fn a_client_gets_a_token_of_its_own_in_the_version_that_the_api_asks_for() {
    let emulator = emulator().await;
    let id = sample::AGENT.to_string();
    let v1 = claims(send(&emulator, &own(&id, sample::AGENT_SECRET)).await).await;
    assert_eq!(v1["iss"], emulator.cloud().v1_issuer());
    assert_eq!((&v1["aud"], &v1["appid"]), (&json!(format!("api://{}", sample::API)), &json!(id)));
    assert_eq!((&v1["oid"], &v1["idtyp"]), (&v1["sub"], &json!("app")));
    assert_eq!((&v1["roles"], v1.get("scp")), (&json!(["MCP.Access"]), None));

    for application in &mut emulator.cloud().directory().applications {
        application.api.requested_access_token_version = Some(2);
    }
    let v2 = claims(send(&emulator, &own(&id, sample::AGENT_SECRET)).await).await;
    assert_eq!(v2["iss"], emulator.cloud().v2_issuer());
    assert_eq!((&v2["aud"], &v2["azp"]), (&json!(sample::API), &json!(id)));
    assert_eq!(v2["ver"], "2.0");

    let resource = format!("api://{}", sample::API);
    let old = [("grant_type", "client_credentials"), ("resource", &resource)];
    let old = client().post(url(&emulator, "/oauth2/token")).form(&old);
    let answer = old.basic_auth(&id, Some(sample::AGENT_SECRET)).send().await.unwrap();
    assert_eq!(claims(answer).await["ver"], "2.0", "the API's choice, whatever the endpoint");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_has_entras_code() {
    let emulator = emulator().await;
    let cases = [
        ("no client", "client_id", "", 400, 900_144),
        ("an unknown client", "client_id", "c1100000-0000-4000-8000-0000000000ff", 400, 700_016),
        ("a wrong secret", "client_secret", "wrong-secret", 401, 7_000_215),
        ("no secret", "client_secret", "", 401, 7_000_218),
        ("no scope", "scope", "", 400, 900_144),
        ("a single scope", "scope", "api://x/user_impersonation", 400, 1_002_012),
        ("an unknown API", "scope", "api://x/.default", 400, 500_011),
        ("no grant", "grant_type", "", 400, 900_144),
        ("an unknown grant", "grant_type", "password", 400, 70003),
    ];
    for (what, name, value, status, code) in cases {
        let mut form = own(&sample::AGENT.to_string(), sample::AGENT_SECRET);
        set(&mut form, name, value);
        refused(send(&emulator, &form).await, status, code, what).await;
    }
    let form = own(&sample::ROLELESS.to_string(), sample::ROLELESS_SECRET);
    assert!(claims(send(&emulator, &form).await).await.get("roles").is_none());
    for principal in &mut emulator.cloud().directory().service_principals {
        principal.app_role_assignment_required = true;
    }
    refused(send(&emulator, &form).await, 400, 501_051, "no assignment").await;
    let remove = |app_id| {
        let mut directory = emulator.cloud().directory();
        directory.service_principals.retain(|principal| principal.app_id != app_id);
    };
    let form = own(&sample::AGENT.to_string(), sample::AGENT_SECRET);
    remove(sample::API);
    refused(send(&emulator, &form).await, 400, 500_011, "no service principal").await;
    remove(sample::AGENT);
    refused(send(&emulator, &form).await, 400, 7_000_229, "none of its own").await;
}

#[tokio::test]
async fn a_token_says_its_kind_unless_told_otherwise() {
    let mut options = Options::default();
    options.issuer.idtyp = false;
    let emulator = Emulator::start(Directory::sample(), options).await.unwrap();
    let form = own(&sample::AGENT.to_string(), sample::AGENT_SECRET);
    assert_eq!(claims(send(&emulator, &form).await).await.get("idtyp"), None);
}

#[tokio::test]
async fn it_listens_on_loopback_alone() {
    let everywhere = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = Emulator::serve(everywhere, Directory::sample(), Options::default());
    assert!(refused.unwrap_err().to_string().contains("loopback"));
}

#[tokio::test]
async fn a_machines_identity_needs_its_header_and_no_secret() {
    let emulator = emulator().await;
    let cloud = emulator.cloud();
    let ask = async |header: Option<&str>, query: String| {
        let request = client().get(format!("{}?{query}", cloud.identity_endpoint()));
        let request = match header {
            Some(header) => request.header("X-IDENTITY-HEADER", header),
            None => request,
        };
        request.send().await.unwrap()
    };
    let api = format!("resource=api://{}", sample::API);
    let query = format!("{api}&api-version=2019-08-01");
    for (header, query, status) in [
        (None, query.clone(), 401),
        (Some("guessed"), query.clone(), 401),
        (Some(cloud.identity_header()), api.clone(), 400),
        (Some(cloud.identity_header()), "api-version=2019-08-01".to_owned(), 400),
        (Some(cloud.identity_header()), format!("{query}&client_id={}", sample::AGENT), 400),
        (Some(cloud.identity_header()), query.replace("api://", "api://x"), 400),
    ] {
        assert_eq!(ask(header, query.clone()).await.status(), status, "{query}");
    }
    for (query, caller) in [
        (query.clone(), sample::MANAGED_IDENTITY),
        (format!("{query}&client_id={}", sample::FOUNDRY_AGENT), sample::FOUNDRY_AGENT),
    ] {
        let answer: Value = ask(Some(cloud.identity_header()), query).await.json().await.unwrap();
        assert!(answer["expires_on"].as_str().unwrap().parse::<i64>().is_ok(), "{answer}");
        let claims = decode(answer["access_token"].as_str().unwrap());
        assert_eq!((&claims["appid"], &claims["roles"]), (&json!(caller), &json!(["MCP.Access"])));
    }
}
