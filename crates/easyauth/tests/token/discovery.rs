//! The issuer's documents over HTTP, from a server of this test's own.

use std::{
    mem,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::get,
};
use easyauth::{EntraToken, Principal, TokenRefusal};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::forge::{API, CALLER, FORGED, KEY, NEXT, NOW, TENANT, time, v1_app, v2_app, with};

/// What a server answers for its two documents.
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

/// A server that answers each document once, and its origin.
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

fn scheme(authority: &str) -> EntraToken {
    EntraToken::builder(TENANT, API)
        .authority(authority)
        .allow_client(CALLER)
        .clock(|| time(NOW))
        .build()
        .unwrap()
}

async fn fetch(documents: impl FnOnce(&str) -> Documents) -> Result<(), TokenRefusal> {
    scheme(&serve(documents).await).fetch_keys().await
}

async fn validate(origin: &str, claims: &Value) -> Result<Principal, TokenRefusal> {
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
    assert_eq!(validate(&other, &v2_app()).await, Err(TokenRefusal::Issuer));
}

#[tokio::test]
async fn keys_that_are_not_for_us_are_left_out() {
    let key = |changes: &Value| with(FORGED.jwk(), changes);
    let short = "A".repeat(200);
    // Of two with one id the last would count: whichever of these were taken would stand in the good key's place.
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
    assert_eq!(forged, Err(TokenRefusal::Signature));
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
        assert_eq!(fetched, Err(TokenRefusal::KeysUnavailable), "{fault}");
    }
}

/// The clock runs ahead as long as nobody has anything to do: the time limit comes at once.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_never_answers_is_given_five_seconds() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let scheme = scheme(&format!("http://{}", listener.local_addr().unwrap()));
    let before = tokio::time::Instant::now();
    assert_eq!(scheme.fetch_keys().await, Err(TokenRefusal::KeysUnavailable));
    assert!(before.elapsed() <= Duration::from_millis(5010), "{:?}", before.elapsed());
}
