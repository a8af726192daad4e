//! The issuer's documents over HTTP.

use std::{
    mem,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::get,
};
use easyauth::{EntraTokenValidator, Principal, ProtectedResource, TokenError};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::issuer::{
    API, CALLER, FORGED, Issuer, KEY, NEXT, NOW, TENANT, V2_ISSUER, builder, pass, time, v1_app,
    v2_app, with,
};

/// The responses for the two documents.
struct Documents {
    configuration: Response,
    keys: Response,
}

fn discovery() -> String {
    format!("/{TENANT}/v2.0/.well-known/openid-configuration")
}

fn configuration(origin: &str) -> Value {
    json!({
        "issuer": format!("{origin}/{TENANT}/v2.0"),
        "jwks_uri": keys_address(origin),
    })
}

fn keys_address(origin: &str) -> String {
    format!("{origin}/{TENANT}/discovery/v2.0/keys")
}

fn good(origin: &str) -> Documents {
    let keys = json!({ "keys": [KEY.jwk()] });
    Documents { configuration: answer(&configuration(origin)), keys: answer(&keys) }
}

fn answer(document: &Value) -> Response {
    document.to_string().into_response()
}

/// Starts a server that serves each document once, and returns its origin.
async fn serve(documents: impl FnOnce(&str) -> Documents) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let origin = format!("http://{address}");
    let Documents { configuration, keys } = documents(&origin);
    let mut moved = good(&origin);
    let mut router = Router::new();
    for (path, document) in [
        (discovery(), configuration),
        (format!("/{TENANT}/discovery/v2.0/keys"), keys),
        ("/moved/configuration".to_owned(), mem::take(&mut moved.configuration)),
        ("/moved/keys".to_owned(), moved.keys),
    ] {
        let document = Arc::new(Mutex::new(Some(document)));
        let once = move || {
            let answer = document.lock().unwrap().take();
            async move { answer.unwrap_or_else(|| StatusCode::GONE.into_response()) }
        };
        router = router.route(&path, get(once));
    }
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

fn scheme(authority: &str) -> EntraTokenValidator {
    EntraTokenValidator::builder(TENANT, API)
        .authority(authority)
        .allow_client(CALLER)
        .clock(|| time(NOW))
        .build()
        .unwrap()
}

async fn fetch(documents: impl FnOnce(&str) -> Documents) -> Result<(), TokenError> {
    scheme(&serve(documents).await).fetch_jwks().await
}

async fn validate(origin: &str, claims: &Value) -> Result<Principal, TokenError> {
    scheme(origin).validate(&KEY.token(claims)).await
}

#[tokio::test]
async fn an_issuers_tokens_are_good_by_its_documents() {
    let v2 = serve(good).await;
    let issuer = json!({ "iss": format!("{v2}/{TENANT}/v2.0") });
    assert!(validate(&v2, &with(v2_app(), &issuer)).await.is_ok());
    let v1 = serve(good).await;
    assert!(validate(&v1, &v1_app()).await.is_ok());
    let other = serve(good).await;
    assert_eq!(validate(&other, &v2_app()).await, Err(TokenError::Issuer));
}

/// As in External ID: the issuer's host contains the tenant's id, and the authority's its name.
fn external_id(origin: &str) -> Documents {
    let issuer = json!({ "issuer": EXTERNAL });
    Documents { configuration: answer(&with(configuration(origin), &issuer)), ..good(origin) }
}

const EXTERNAL: &str = "https://tenant.ciamlogin.example/11111111-1111-4111-8111-111111111111/v2.0";

#[tokio::test]
async fn the_issuer_is_what_the_authority_says_and_not_where_it_is() {
    let origin = serve(external_id).await;
    let scheme = Arc::new(scheme(&origin));
    assert_eq!(&*scheme.issuer().await.unwrap(), EXTERNAL);
    for (issuer, expected) in [
        (EXTERNAL.to_owned(), Ok(())),
        (format!("{origin}/{TENANT}/v2.0"), Err(TokenError::Issuer)),
        (EXTERNAL.replace("tenant.", ""), Err(TokenError::Issuer)),
    ] {
        let token = KEY.token(&with(v2_app(), &json!({ "iss": issuer })));
        assert_eq!(scheme.validate(&token).await.map(drop), expected, "{issuer}");
    }
    let metadata = metadata(&scheme).await;
    assert_eq!(metadata.status(), 200);
    let metadata: Value = serde_json::from_str(metadata.body()).unwrap();
    assert_eq!(metadata["authorization_servers"], json!([EXTERNAL]));
}

/// The metadata of a resource with this validator.
async fn metadata(scheme: &Arc<EntraTokenValidator>) -> http::Response<String> {
    let resource = ProtectedResource::new("https://reviews.example").unwrap();
    let router = resource.path("/mcp").unwrap().issuer_of(Arc::clone(scheme)).router();
    let request = Request::get("/.well-known/oauth-protected-resource/mcp");
    let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, 10_000).await.unwrap();
    http::Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn metadata_waits_for_the_issuers_name() {
    let issuer = Arc::new(Issuer::default());
    let scheme = Arc::new(builder(&issuer).build().unwrap());
    let not_yet = metadata(&scheme).await;
    assert_eq!((not_yet.status().as_u16(), not_yet.body().as_str()), (503, ""));
    assert_eq!(not_yet.headers()["retry-after"], "5");
    assert_eq!(not_yet.headers()["cache-control"], "no-store");
    issuer.publish(&[&KEY]);
    pass(Duration::from_secs(5)).await;
    assert_eq!(metadata(&scheme).await.status(), 200);
    issuer.go_away();
    pass(Duration::from_hours(100)).await;
    let late = metadata(&scheme).await;
    assert_eq!(late.status(), 200, "a name does not go stale");
    assert!(late.body().contains(V2_ISSUER), "{}", late.body());
}

#[tokio::test]
async fn keys_that_are_not_for_us_are_left_out() {
    let key = |changes: &Value| with(FORGED.jwk(), changes);
    let short = "A".repeat(200);
    // Of two keys with one id the last counts: each of these would replace the valid key.
    let set = json!({ "keys": [
        with(KEY.jwk(), &json!({ "alg": "RS256", "x5c": ["MII"], "issuer": "any" })), NEXT.jwk(),
        key(&json!({ "use": "enc" })), key(&json!({ "alg": "RS512" })), key(&json!({ "kty": "EC" })),
        key(&json!({ "kid": null })), key(&json!({ "n": short })), key(&json!({ "n": 1 })),
        key(&json!({ "kty": null })), "no key", 1,
    ] });
    let origin = serve(|origin| Documents { keys: answer(&set), ..good(origin) }).await;
    assert!(validate(&origin, &v1_app()).await.is_ok());
    let origin = serve(|origin| Documents { keys: answer(&set), ..good(origin) }).await;
    let forged = scheme(&origin).validate(&FORGED.token(&v1_app())).await;
    assert_eq!(forged, Err(TokenError::Signature));
}

/// Documents with one fault each.
fn faulty(fault: &str, origin: &str, other: &str) -> Documents {
    let changed = |name: &str, value: String| Documents {
        configuration: answer(&with(configuration(origin), &json!({ name: value }))),
        ..good(origin)
    };
    let with_keys = |keys: Response| Documents { keys, ..good(origin) };
    let moved = |path: &str| (StatusCode::FOUND, [(LOCATION, path.to_owned())]).into_response();
    let elsewhere = "https://login.example";
    match fault {
        "configuration elsewhere" => {
            Documents { configuration: moved("/moved/configuration"), ..good(origin) }
        }
        "keys elsewhere" => with_keys(moved("/moved/keys")),
        "another tenant's issuer" => changed("issuer", format!("{elsewhere}/{API}/v2.0")),
        "tenant in the wrong place" => {
            changed("issuer", format!("{elsewhere}/{API}/v2.0?{TENANT}"))
        }
        "issuer with a query" => changed("issuer", format!("{elsewhere}/{TENANT}/v2.0?a")),
        "plain issuer" => changed("issuer", format!("http://login.example/{TENANT}/v2.0")),
        "keys at another origin" => changed("jwks_uri", format!("{elsewhere}/keys")),
        "keys at another port" => changed("jwks_uri", keys_address(other)),
        "keys in a file" => changed("jwks_uri", "file:///etc/keys".to_owned()),
        "no keys" => with_keys(answer(&json!({ "keys": [] }))),
        "keys of another kind" => {
            with_keys(answer(&json!({ "keys": [{ "kty": "EC", "kid": "a" }] })))
        }
        "no JSON" => with_keys("<html>".into_response()),
        "an error" => with_keys(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        "too long" => {
            let padding = " ".repeat(256 * 1024);
            with_keys(format!("{padding}{}", json!({ "keys": [KEY.jwk()] })).into_response())
        }
        _ => panic!("{fault} is no fault"),
    }
}

#[tokio::test]
async fn documents_with_one_fault_bring_no_keys() {
    assert_eq!(fetch(good).await, Ok(()));
    for fault in [
        "configuration elsewhere",
        "keys elsewhere",
        "another tenant's issuer",
        "tenant in the wrong place",
        "issuer with a query",
        "plain issuer",
        "keys at another origin",
        "keys at another port",
        "keys in a file",
        "no keys",
        "keys of another kind",
        "no JSON",
        "an error",
        "too long",
    ] {
        let other = serve(good).await;
        let fetched = fetch(|origin| faulty(fault, origin, &other)).await;
        assert_eq!(fetched, Err(TokenError::KeysUnavailable), "{fault}");
    }
}

#[tokio::test]
async fn documents_of_the_greatest_length_are_read() {
    let mut keys = json!({ "keys": [KEY.jwk()] }).to_string();
    keys.insert_str(0, &" ".repeat(256 * 1024 - keys.len()));
    let documents = |origin: &str| Documents { keys: keys.into_response(), ..good(origin) };
    assert_eq!(fetch(documents).await, Ok(()));
}

/// Paused time advances while all tasks are idle: the timeout occurs at once.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_never_answers_is_given_five_seconds() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let scheme = scheme(&format!("http://{}", listener.local_addr().unwrap()));
    let before = tokio::time::Instant::now();
    assert_eq!(scheme.fetch_jwks().await, Err(TokenError::KeysUnavailable));
    assert!(before.elapsed() <= Duration::from_millis(5010), "{:?}", before.elapsed());
}
