//! Sign-in of users: the authorization code flow, and its protection against other clients.

use easyauth_emulator::{Emulator, sample};
use reqwest::{Response, StatusCode, Url};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{ask, client, decode, emulator, refused, send, url};

const CALLBACK: &str = "http://127.0.0.1/callback";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";

fn challenge() -> String {
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    base64::Engine::encode(&engine, Sha256::digest(VERIFIER))
}

/// Asks for a code, with some parameters changed.
async fn authorize(emulator: &Emulator, changes: &[(&str, &str)]) -> Response {
    let scope = format!("openid offline_access api://{}/user_impersonation", sample::API);
    let (client_id, challenge) = (sample::INTERACTIVE.to_string(), challenge());
    let mut parameters = vec![
        ("client_id", client_id.as_str()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", &scope),
        ("state", "a&b"),
        ("nonce", "n"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("login_hint", sample::USER_NAME),
    ];
    for (name, value) in changes {
        parameters.retain(|(key, _)| key != name);
        if !value.is_empty() {
            parameters.push((name, value));
        }
    }
    let address = url(emulator, "/oauth2/v2.0/authorize");
    let address = Url::parse_with_params(&address, parameters).unwrap();
    client().get(address).send().await.unwrap()
}

fn parameter(answer: &Response, name: &str) -> Option<String> {
    let address = Url::parse(answer.headers().get("location")?.to_str().unwrap()).unwrap();
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn code(emulator: &Emulator) -> String {
    code_for(emulator, &[]).await
}

/// A code, with some parameters changed; an empty one is left out.
async fn code_for(emulator: &Emulator, changes: &[(&str, &str)]) -> String {
    let answer = authorize(emulator, changes).await;
    assert_eq!(parameter(&answer, "state").as_deref(), Some("a&b"));
    parameter(&answer, "code").unwrap()
}

/// Collects the tokens of a code.
async fn collect(emulator: &Emulator, code: &str, verifier: &str, callback: &str) -> Response {
    let client_id = sample::INTERACTIVE.to_string();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id.as_str()),
        ("code", code),
        ("redirect_uri", callback),
        ("code_verifier", verifier),
    ];
    ask(emulator, &form).await
}

#[tokio::test]
async fn a_code_gives_tokens_for_the_person_who_was_picked() {
    let emulator = emulator().await;
    let answer = collect(&emulator, &code(&emulator).await, VERIFIER, CALLBACK).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let tokens: Value = answer.json().await.unwrap();
    let access = decode(tokens["access_token"].as_str().unwrap());
    assert_eq!(
        (&access["scp"], &access["oid"]),
        (&json!("user_impersonation"), &json!(sample::USER))
    );
    assert_ne!(access["sub"], access["oid"], "pairwise");
    assert_eq!(access["appid"], json!(sample::INTERACTIVE));
    let id = decode(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id["aud"], &id["nonce"]), (&json!(sample::INTERACTIVE), &json!("n")));
    assert!(id.get("scp").is_none() && id.get("azp").is_none(), "no access token: {id}");

    let client_id = sample::INTERACTIVE.to_string();
    let again = |token: &str| {
        let token = token.to_owned();
        let client_id = client_id.clone();
        let emulator = &emulator;
        async move {
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", client_id.as_str()),
                ("refresh_token", &token),
            ];
            ask(emulator, &form).await
        }
    };
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(again(refresh).await.status(), StatusCode::OK);
    refused(again(refresh).await, 400, 70008, "used twice").await;
}

#[tokio::test]
async fn a_code_is_good_once_for_the_client_that_asked() {
    let emulator = emulator().await;
    let first = code(&emulator).await;
    assert_eq!(collect(&emulator, &first, VERIFIER, CALLBACK).await.status(), StatusCode::OK);
    refused(collect(&emulator, &first, VERIFIER, CALLBACK).await, 400, 70008, "used twice").await;
    let stolen = code(&emulator).await;
    refused(collect(&emulator, &stolen, "another", CALLBACK).await, 400, 501_481, "another's")
        .await;
    let moved = code(&emulator).await;
    let elsewhere = "http://localhost/callback";
    refused(collect(&emulator, &moved, VERIFIER, elsewhere).await, 400, 70008, "elsewhere").await;
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let emulator = emulator().await;
    for redirect in [
        "http://evil.example/callback",
        "https://127.0.0.1/callback",
        "http://127.0.0.1/callback/..",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "javascript:alert(1)",
        "",
    ] {
        let answer = authorize(&emulator, &[("redirect_uri", redirect)]).await;
        assert_eq!(answer.status(), 400, "{redirect}");
        assert!(answer.headers().get("location").is_none(), "{redirect}");
    }
    let unknown =
        authorize(&emulator, &[("client_id", "c1100000-0000-4000-8000-0000000000ff")]).await;
    assert_eq!(unknown.status(), 400);
    let token = authorize(&emulator, &[("response_type", "token")]).await;
    assert_eq!(parameter(&token, "error").as_deref(), Some("unsupported_response_type"));
    let plain = authorize(&emulator, &[("code_challenge_method", "plain")]).await;
    assert_eq!(parameter(&plain, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn without_a_hint_the_people_are_listed() {
    let emulator = emulator().await;
    let state = [("login_hint", "nobody"), ("state", "\"><script>")];
    let page = authorize(&emulator, &state).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    assert!(page.contains("Ada Sample") && page.contains("Ben Sample"), "{page}");
    assert!(page.contains("test double") && !page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn a_code_and_a_refresh_token_do_not_pass_for_each_other() {
    let emulator = emulator().await;
    let client_id = sample::INTERACTIVE.to_string();
    let code = code(&emulator).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client_id.as_str()),
        ("refresh_token", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    refused(ask(&emulator, &form).await, 400, 70008, "a code").await;

    let answer = collect(&emulator, &self::code(&emulator).await, VERIFIER, CALLBACK).await;
    let tokens: Value = answer.json().await.unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    refused(collect(&emulator, refresh, VERIFIER, CALLBACK).await, 400, 70008, "a refresh token")
        .await;
}

#[tokio::test]
async fn a_code_is_not_for_another_client_nor_for_one_without_any_proof() {
    let emulator = emulator().await;
    let (other, own) = (sample::AGENT.to_string(), sample::INTERACTIVE.to_string());
    let code = code(&emulator).await;
    let with = |client_id: &str, code: &str| {
        [
            ("grant_type", "authorization_code"),
            ("redirect_uri", CALLBACK),
            ("client_id", client_id),
            ("code", code),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    };
    let mut stolen = with(&other, &code);
    stolen.push(("code_verifier".to_owned(), VERIFIER.to_owned()));
    refused(send(&emulator, &stolen).await, 400, 70008, "another client").await;

    let unchallenged = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = code_for(&emulator, &unchallenged).await;
    refused(send(&emulator, &with(&own, &code)).await, 401, 7_000_218, "no proof").await;
}

#[tokio::test]
async fn a_token_has_the_scopes_of_one_api_that_defines_them() {
    let emulator = emulator().await;
    let defined = format!("api://{}/user_impersonation", sample::API);
    let two = format!("{defined} api://{}/Files.Read", sample::OTHER_API);
    let code = code_for(&emulator, &[("scope", &two)]).await;
    let answer = collect(&emulator, &code, VERIFIER, CALLBACK).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let tokens: Value = answer.json().await.unwrap();
    let access = decode(tokens["access_token"].as_str().unwrap());
    assert_eq!(access["aud"], format!("api://{}", sample::API));
    assert_eq!(access["scp"], "user_impersonation", "those of the first API alone");

    let unknown = format!("{defined} api://{}/everything", sample::API);
    let code = code_for(&emulator, &[("scope", &unknown)]).await;
    refused(collect(&emulator, &code, VERIFIER, CALLBACK).await, 400, 70011, "unknown").await;
    for application in &mut emulator.cloud().directory().applications {
        application.api.oauth2_permission_scopes.iter_mut().for_each(|it| it.is_enabled = false);
    }
    let code = self::code(&emulator).await;
    refused(collect(&emulator, &code, VERIFIER, CALLBACK).await, 400, 70011, "disabled").await;
}
