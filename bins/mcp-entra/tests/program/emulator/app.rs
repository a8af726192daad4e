//! The app that the emulator starts.

use reqwest::{Client, StatusCode};
use serde_json::Value;

use super::{
    NOWHERE,
    process::{Emulator, exits},
    tenant::claims,
};

/// An app that prints its environment and then waits for a signal.
const APP: &str = "env; echo printed; exec tail -f /dev/null";

#[tokio::test]
async fn the_app_gets_the_platforms_variables_and_signals() {
    let mut emulator = Emulator::start(&[&NOWHERE[..], &["--", "sh", "-c", APP]].concat()).await;
    emulator.wait_for("printed").await;
    assert_eq!(emulator.printed("WEBSITE_AUTH_ENABLED="), "True");
    assert_eq!(emulator.printed("WEBSITE_HOSTNAME="), "127.0.0.1");
    assert_eq!(emulator.printed("WEBSITE_AUTH_OPENID_ISSUER="), emulator.printed("Issuer  "));
    for variable in ["PORT", "WEBSITE_AUTH_CLIENT_ID", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"] {
        assert!(!emulator.printed(&format!("{variable}=")).is_empty());
    }
    // Nothing sends people to sign in.
    assert!(!emulator.has_printed("WEBSITE_AUTH_DEFAULT_PROVIDER="));
    assert_eq!(emulator.ends_by("TERM").await, Some(128 + 15));
}

#[tokio::test]
async fn the_emulator_ends_with_its_app() {
    let run = async |command: &[&str]| exits(&[&NOWHERE[..], &["--"], command].concat()).await;
    assert_eq!(run(&["sh", "-c", "exit 3"]).await.0, Some(3));
    let (code, error) = run(&["/nowhere/app"]).await;
    assert_eq!(code, Some(2));
    assert!(error.contains("/nowhere/app"), "{error}");
}

#[tokio::test]
async fn without_a_command_the_variables_are_printed() {
    let args = ["--upstream", "http://127.0.0.1:0", "--access-token-version", "2"];
    let emulator = Emulator::start(&[&args[..], &NOWHERE].concat()).await;
    assert_eq!(emulator.printed("PORT="), "0");
    assert!(emulator.has_printed("WEBSITE_AUTH_ENABLED=True"));
    emulator.ends().await;
}

#[tokio::test]
async fn tokens_that_must_be_refused_are_issued_for_the_printed_key_alone() {
    let emulator = Emulator::start(&[&["--issuer-only"][..], &NOWHERE[..2]].concat()).await;
    let printed = emulator.printed("curl -s ");
    let (cloud, key) = printed.split_once("/emulator/roll-keys -H X-Emulator-Key:").unwrap();
    let key = key.split_once(' ').unwrap().0;
    let (client_id, resource) =
        emulator.printed("-d fault=expired -d client_id=").split_once(" -d resource=").unwrap();
    let client = Client::new();
    let ask = async |path: &str, key: &str, form: &[(&str, &str)]| {
        let request = client.post(format!("{cloud}/emulator/{path}")).header("X-Emulator-Key", key);
        request.form(form).send().await.unwrap()
    };
    let form = |fault| [("fault", fault), ("client_id", client_id), ("resource", resource)];
    assert_eq!(ask("token", "wrong", &form("expired")).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ask("roll-keys", "wrong", &[]).await.status(), StatusCode::UNAUTHORIZED);
    let token = async |fault| {
        let answer: Value = ask("token", key, &form(fault)).await.json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let good = claims(&token("none").await);
    let now = good["iat"].as_i64().unwrap();
    assert!(claims(&token("expired").await)["exp"].as_i64().unwrap() < now);
    assert!(claims(&token("not-yet-valid").await)["nbf"].as_i64().unwrap() > now);
    assert_ne!(claims(&token("wrong-audience").await)["aud"], good["aud"]);
    assert!(token("alg-none").await.ends_with('.'));
    assert_eq!(claims(&token("wrong-key").await)["aud"], good["aud"]);

    let issuer = emulator.printed("Issuer  ").trim_end_matches("/v2.0");
    let keys = async || {
        let keys = client.get(format!("{issuer}/discovery/v2.0/keys")).send().await.unwrap();
        let keys: Value = keys.json().await.unwrap();
        keys["keys"].as_array().unwrap().len()
    };
    let before = keys().await;
    assert_eq!(ask("roll-keys", key, &[]).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(keys().await, before + 1);
    ask("roll-keys", key, &[("how", "withdraw")]).await;
    assert_eq!(keys().await, before);
    emulator.ends().await;
}
