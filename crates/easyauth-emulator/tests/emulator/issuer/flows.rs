//! Device codes, on-behalf-of, response modes, and parameters without a value.

use easyauth_emulator::{Emulator, sample};
use reqwest::{Response, StatusCode, Url};
use serde_json::{Value, json};

use super::{ask, claims, client, decode, emulator, own, refused, send, set, url};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const USER_ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const API_SECRET: &str = "the-apis-secret";

fn scope() -> String {
    format!("openid offline_access api://{}/user_impersonation", sample::API)
}

async fn enter(emulator: &Emulator, code: &str, person: &str) -> StatusCode {
    let address = format!("{}/devicelogin", emulator.cloud().origin());
    let form = [("user_code", code), ("login_hint", person)];
    client().post(address).form(&form).send().await.unwrap().status()
}

#[tokio::test]
async fn a_device_gets_tokens_once_a_person_has_entered_its_code() {
    let emulator = emulator().await;
    let (own, other) = (sample::INTERACTIVE.to_string(), sample::AGENT.to_string());
    let address = url(&emulator, "/oauth2/v2.0/devicecode");
    let form = [("client_id", own.as_str()), ("scope", &scope())];
    let begun: Value =
        client().post(address).form(&form).send().await.unwrap().json().await.unwrap();
    let text = |name: &str| begun[name].as_str().unwrap();
    let hostile = [("user_code", "\"><script>")];
    let page = Url::parse_with_params(text("verification_uri"), hostile).unwrap();
    let page = client().get(page).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Ada Sample") && !page.contains("<script>"), "{page}");

    let poll = |client_id: &str| {
        let form = [DEVICE_CODE, client_id, text("device_code")].map(str::to_owned);
        let emulator = &emulator;
        async move {
            let names = ["grant_type", "client_id", "device_code"];
            let form: Vec<_> = names.into_iter().zip(form.iter().map(String::as_str)).collect();
            ask(emulator, &form).await
        }
    };
    refused(poll(&own).await, 400, 70016, "the code is not entered yet").await;
    assert_eq!(enter(&emulator, "WRONGCODE", sample::USER_NAME).await, 400);
    assert_eq!(enter(&emulator, text("user_code"), "nobody@sample.example").await, 400);
    refused(poll(&own).await, 400, 70016, "the code is not entered yet").await;
    let typed = text("user_code").to_lowercase();
    assert_eq!(enter(&emulator, &typed, sample::USER_NAME).await, 200);
    refused(poll(&other).await, 400, 70020, "another client").await;
    let tokens: Value = poll(&own).await.json().await.unwrap();
    assert_eq!(decode(tokens["access_token"].as_str().unwrap())["oid"], json!(sample::USER));
    assert!(tokens["refresh_token"].is_string() && tokens["id_token"].is_string());
    refused(poll(&own).await, 400, 70020, "used twice").await;
}

/// Asks for a token for the person of an assertion, as the API.
async fn on_behalf(emulator: &Emulator, assertion: &str, scope: &str) -> Response {
    let api = sample::API.to_string();
    let form = [
        ("grant_type", USER_ASSERTION),
        ("requested_token_use", "on_behalf_of"),
        ("client_id", &api),
        ("client_secret", API_SECRET),
        ("assertion", assertion),
        ("scope", scope),
    ];
    ask(emulator, &form).await
}

#[tokio::test]
async fn an_api_that_was_called_for_a_person_gets_a_token_for_the_same_person() {
    let emulator = emulator().await;
    let cloud = emulator.cloud();
    for application in &mut cloud.directory().applications {
        application.secrets.push(API_SECRET.to_owned());
    }
    let signed = |claims: &Value| cloud.sign(&cloud.token_header(), claims);
    let (user, client) = (sample::USER, sample::INTERACTIVE);
    let called = cloud.user_claims(user, client, sample::API, &["user_impersonation"]).unwrap();
    let graph = "https://graph.microsoft.com/User.Read";
    let token = claims(on_behalf(&emulator, &signed(&called), graph).await).await;
    let expected = [json!("https://graph.microsoft.com"), json!(user), json!(sample::API)];
    assert_eq!([&token["aud"], &token["oid"], &token["appid"]].map(Value::clone), expected);
    assert_eq!(token["scp"], "User.Read");

    let elsewhere = cloud.user_claims(user, client, sample::OTHER_API, &["x"]).unwrap();
    let of_app = cloud.app_claims(sample::AGENT, sample::API).unwrap();
    let mut expired = called.clone();
    expired["exp"] = json!(1);
    for (what, claims, code) in [
        ("another audience", &elsewhere, 500_131),
        ("no person", &of_app, 50013),
        ("expired", &expired, 50013),
    ] {
        refused(on_behalf(&emulator, &signed(claims), graph).await, 400, code, what).await;
    }
    refused(on_behalf(&emulator, "a.b.c", graph).await, 400, 50013, "garbage").await;
}

#[tokio::test]
async fn a_parameter_without_a_value_is_left_out_and_none_is_there_twice() {
    let emulator = emulator().await;
    let mut form = own(&sample::AGENT.to_string(), sample::AGENT_SECRET);
    for name in ["client_assertion", "client_assertion_type", "resource"] {
        form.push((name.to_owned(), String::new()));
    }
    claims(send(&emulator, &form).await).await;
    set(&mut form, "client_secret", "");
    form.push(("client_secret".to_owned(), String::new()));
    refused(send(&emulator, &form).await, 401, 7_000_218, "no secret").await;
    let mut twice = own(&sample::AGENT.to_string(), sample::AGENT_SECRET);
    twice.push(("scope".to_owned(), "x".to_owned()));
    refused(send(&emulator, &twice).await, 400, 9_000_411, "twice").await;
}

#[tokio::test]
async fn the_answer_comes_back_in_the_mode_that_the_client_asked_for() {
    let emulator = emulator().await;
    let client_id = sample::INTERACTIVE.to_string();
    for (mode, begins) in [
        ("", "http://127.0.0.1/callback?code="),
        ("query", "http://127.0.0.1/callback?code="),
        ("fragment", "http://127.0.0.1/callback#code="),
    ] {
        let answer = authorize(&emulator, &client_id, mode).await;
        let location = answer.headers()["location"].to_str().unwrap();
        assert!(location.starts_with(begins), "{mode}: {location}");
    }
    let posted = authorize(&emulator, &client_id, "form_post").await.text().await.unwrap();
    assert!(posted.contains("action=\"http://127.0.0.1/callback\""), "{posted}");
    assert!(posted.contains("name=\"code\"") && posted.contains("value=\"&quot;x=&quot;\""));
    assert_eq!(authorize(&emulator, &client_id, "smoke").await.status(), 400);
}

async fn authorize(emulator: &Emulator, client_id: &str, mode: &str) -> Response {
    let scope = scope();
    let parameters = [
        ("client_id", client_id),
        ("redirect_uri", "http://127.0.0.1/callback"),
        ("response_type", "code"),
        ("response_mode", mode),
        ("scope", &scope),
        ("state", "\"x=\""),
        ("code_challenge", ""),
        ("prompt", ""),
        ("login_hint", sample::USER_NAME),
    ];
    let address = url(emulator, "/oauth2/v2.0/authorize");
    client().get(Url::parse_with_params(&address, parameters).unwrap()).send().await.unwrap()
}

#[tokio::test]
async fn a_public_client_sends_no_secret() {
    let emulator = emulator().await;
    {
        let mut directory = emulator.cloud().directory();
        let mut all = directory.applications.iter_mut();
        let agent = all.find(|it| it.app_id == sample::AGENT).unwrap();
        agent.other.insert("isFallbackPublicClient".to_owned(), json!(true));
    }
    let form = own(&sample::AGENT.to_string(), sample::AGENT_SECRET);
    refused(send(&emulator, &form).await, 401, 700_025, "a public client").await;
}
