//! People at the browser: the addresses under `/.auth/`.

use easyauth_emulator::sample;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::app::Guarded;

#[tokio::test]
async fn who_signed_in_is_known_until_they_sign_out() {
    let mut guarded = Guarded::start().await;
    let cookie = format!("Cookie: a=b; {}\r\n", guarded.cookie().await);
    let received = guarded.get("/", &cookie).await.1.unwrap();
    assert_eq!(received.values("x-ms-client-principal-id"), [sample::USER.to_string()]);
    assert_eq!(received.values("x-ms-client-principal-name"), ["Ada Sample"]);
    for name in ["access-token", "id-token", "expires-on"] {
        assert_eq!(received.values(&format!("x-ms-token-aad-{name}")).len(), 1, "{name}");
    }
    let me: Value = serde_json::from_slice(&guarded.ask("/.auth/me", &cookie).await.body).unwrap();
    assert_eq!(me[0]["provider_name"], "aad");
    assert_eq!(me[0]["user_id"], sample::USER_NAME);
    assert!(me[0]["user_claims"].as_array().is_some_and(|claims| claims.len() > 5));
    assert_eq!(guarded.ask("/.auth/refresh", &cookie).await.status, "200");
    let after: Value =
        serde_json::from_slice(&guarded.ask("/.auth/me", &cookie).await.body).unwrap();
    assert_ne!(after[0]["access_token"], me[0]["access_token"]);

    assert_eq!(guarded.ask("/.auth/logout", &cookie).await.status, "303");
    for path in ["/", "/.auth/me", "/.auth/refresh"] {
        assert_eq!(guarded.ask(path, &cookie).await.status, "401", "{path}");
        assert_eq!(guarded.ask(path, "").await.status, "401", "{path}");
    }
    assert_eq!(guarded.ask("/.auth/version", "").await.status, "200");
    assert_eq!(guarded.ask("/.auth/x", "").await.status, "404");
}

#[tokio::test]
async fn without_the_token_store_there_are_no_tokens() {
    let mut guarded = Guarded::start().await;
    guarded.set("/login/tokenStore/enabled", json!(false));
    let cookie = format!("Cookie: {}\r\n", guarded.cookie().await);
    let received = guarded.get("/", &cookie).await.1.unwrap();
    assert_eq!(received.values("x-ms-client-principal-id").len(), 1);
    assert!(!received.head.contains("x-ms-token"));
    assert_eq!(guarded.ask("/.auth/me", &cookie).await.status, "404");
}

#[tokio::test]
async fn a_bearer_goes_before_a_cookie() {
    let mut guarded = Guarded::start().await;
    let cookie = guarded.cookie().await;
    let lines = format!("Cookie: {cookie}\r\nAuthorization: Bearer {}\r\n", guarded.token());
    let received = guarded.get("/", &lines).await.1.unwrap();
    let agent = sample::object_id(sample::AGENT).to_string();
    assert_eq!(received.values("x-ms-client-principal-id"), [agent]);
    assert!(!received.head.contains("x-ms-token"));
    let lines = format!("Cookie: {cookie}\r\nAuthorization: Bearer x\r\n");
    assert_eq!(guarded.get("/", &lines).await.0, "401");
}

#[tokio::test]
async fn signing_in_and_out_leads_to_no_other_site() {
    let guarded = Guarded::start().await;
    for (to, location) in [
        ("/details/1?a=b", "/details/1?a=b"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("details", "/"),
    ] {
        let encoded = utf8_percent_encode(to, NON_ALPHANUMERIC);
        let path = format!("/.auth/logout?post_logout_redirect_uri={encoded}");
        assert_eq!(guarded.ask(&path, "").await.values("location"), [location], "{to:?}");
        let signed_in = guarded.signed_in(&format!("&post_login_redirect_uri={encoded}")).await;
        assert_eq!(signed_in.headers()["location"], location, "{to:?}");
    }
}

#[tokio::test]
async fn a_callback_that_nobody_waits_for_signs_nobody_in() {
    let guarded = Guarded::start().await;
    let callback = "/.auth/login/aad/callback";
    for query in ["", "?code=x", "?state=x", "?code=x&state=y", "?error=access_denied&state=x"] {
        let answer = guarded.ask(&format!("{callback}{query}"), "").await;
        assert_eq!(answer.status, "401", "{query}");
        assert!(answer.values("set-cookie").is_empty(), "{query}");
    }
    let used = guarded.signed_in("").await;
    let attributes = used.headers()["set-cookie"].to_str().unwrap();
    assert!(attributes.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{attributes}");
    let again = guarded.ask(&format!("{callback}?{}", used.url().query().unwrap()), "").await;
    assert_eq!(again.status, "401", "a code and its state are for one sign-in");
}
