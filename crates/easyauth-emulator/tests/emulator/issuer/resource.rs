//! `resource` (RFC 8707): looked at, or ignored.

use easyauth_emulator::{Directory, Emulator, Options, sample};
use reqwest::{Response, StatusCode, Url};
use serde_json::Value;

use super::{ask, client, own, refused, send, set, url};

const CALLBACK: &str = "http://127.0.0.1/callback";

/// Resources, and whether they are a name of the API.
fn resources() -> Vec<(String, bool)> {
    vec![
        (format!("api://{}", sample::API), true),
        ("https://eat.sample.example/mcp".to_owned(), true),
        ("https://eat.sample.example/mcp/".to_owned(), false),
        ("https://EAT.sample.example/mcp".to_owned(), false),
        ("https://eat.sample.example".to_owned(), false),
        ("https://reviews.azurewebsites.net/mcp".to_owned(), false),
        (format!("api://{}", sample::OTHER_API), false),
        (sample::API.to_string(), false),
    ]
}

async fn emulator(checks: bool) -> Emulator {
    let mut options = Options::default();
    options.issuer.checks_resource = checks;
    let mut directory = Directory::sample();
    let api = directory.applications.iter_mut().find(|it| it.app_id == sample::API).unwrap();
    api.identifier_uris.push("https://eat.sample.example/mcp".to_owned());
    Emulator::start(directory, options).await.unwrap()
}

/// Begins a sign-in, as the sample's person unless nobody is to be asked.
async fn authorize(emulator: &Emulator, resource: &str, who: (&str, &str)) -> Response {
    let scope = format!("openid offline_access api://{}/user_impersonation", sample::API);
    let (client_id, challenge) = (sample::INTERACTIVE.to_string(), "x".repeat(43));
    let parameters = [
        ("client_id", client_id.as_str()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", &scope),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("resource", resource),
        who,
    ];
    let address = url(emulator, "/oauth2/v2.0/authorize");
    client().get(Url::parse_with_params(&address, parameters).unwrap()).send().await.unwrap()
}

fn told(answer: &Response) -> Url {
    Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
}

#[tokio::test]
async fn an_authorization_request_is_refused_before_anybody_is_asked() {
    for checks in [true, false] {
        let emulator = emulator(checks).await;
        for (resource, is_its_name) in resources() {
            let answer = authorize(&emulator, &resource, ("login_hint", sample::USER_NAME)).await;
            let told = told(&answer);
            if is_its_name || !checks {
                assert!(told.query_pairs().any(|(name, _)| name == "code"), "{resource}: {told}");
                continue;
            }
            let expected = [
                ("error", "invalid_target"),
                (
                    "error_description",
                    "AADSTS9010010: The resource parameter provided in the request doesn't match with the requested scopes.",
                ),
            ];
            let pairs: Vec<_> = told.query_pairs().collect();
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(pairs, expected, "{resource}");
        }
    }
}

#[tokio::test]
async fn nobody_is_asked_where_that_is_not_wanted() {
    let emulator = emulator(false).await;
    let answer = authorize(&emulator, "", ("prompt", "none")).await;
    let error = told(&answer).query_pairs().next().unwrap().1.into_owned();
    assert_eq!(error, "login_required");
}

#[tokio::test]
async fn a_program_gets_a_token_for_a_resource_of_its_scope_alone() {
    for checks in [true, false] {
        let emulator = emulator(checks).await;
        for (resource, is_its_name) in resources() {
            let mut form = own(&sample::AGENT.to_string(), sample::AGENT_SECRET);
            set(&mut form, "resource", &resource);
            let answer = send(&emulator, &form).await;
            if is_its_name || !checks {
                assert_eq!(answer.status(), StatusCode::OK, "{resource}");
            } else {
                refused(answer, 400, 9_010_010, &resource).await;
            }
        }
        // The version 1.0 endpoint has no scope, and its resource may be the client id.
        let mut form = own(&sample::AGENT.to_string(), sample::AGENT_SECRET);
        set(&mut form, "scope", "");
        set(&mut form, "resource", &sample::API.to_string());
        let address = url(&emulator, "/oauth2/token");
        let answer = client().post(address).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn the_resource_is_looked_at_when_tokens_are_collected_too() {
    let emulator = emulator(true).await;
    let client_id = sample::INTERACTIVE.to_string();
    let scope = format!("offline_access api://{}/user_impersonation", sample::API);
    let code = async || {
        let verifier = "a-verifier-of-at-least-forty-three-characters";
        let digest = <sha2::Sha256 as sha2::Digest>::digest(verifier);
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let challenge = base64::Engine::encode(&engine, digest);
        let parameters = [
            ("client_id", client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", &scope),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("login_hint", sample::USER_NAME),
        ];
        let address = url(&emulator, "/oauth2/v2.0/authorize");
        let address = Url::parse_with_params(&address, parameters).unwrap();
        let answer = client().get(address).send().await.unwrap();
        let code =
            told(&answer).query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        (code, verifier)
    };
    let other = "https://reviews.azurewebsites.net/mcp";
    let collect = async |resource: &str| {
        let (code, verifier) = code().await;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id.as_str()),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier),
            ("resource", resource),
        ];
        ask(&emulator, &form).await
    };
    refused(collect(other).await, 400, 9_010_010, "a code").await;
    let tokens: Value = collect("https://eat.sample.example/mcp").await.json().await.unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client_id.as_str()),
        ("refresh_token", refresh),
        ("resource", other),
    ];
    refused(ask(&emulator, &form).await, 400, 9_010_010, "a refresh token").await;
}
