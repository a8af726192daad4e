//! The exchange by which an agent identity and its user account get tokens, and what it refuses.

use easyauth_emulator::{Directory, Emulator, Options, sample};
use reqwest::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ask, claims, refused};

const SECRET: &str = "the-blueprints-secret";
const EXCHANGE: &str = "api://AzureADTokenExchange/.default";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const USER_ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "user_impersonation";

async fn emulator() -> Emulator {
    let directory = Directory::sample_with_agents();
    let emulator = Emulator::start(directory, Options::default()).await.unwrap();
    for application in &mut emulator.cloud().directory().applications {
        application.secrets.push(SECRET.to_owned());
    }
    emulator
}

fn scope(name: &str) -> String {
    format!("api://{}/{name}", sample::API)
}

/// Asks as a client with its secret for a token that can be exchanged.
async fn exchange(emulator: &Emulator, client_id: Uuid, fmi_path: &str) -> Response {
    let id = client_id.to_string();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &id),
        ("client_secret", SECRET),
        ("scope", EXCHANGE),
        ("fmi_path", fmi_path),
    ];
    ask(emulator, &form).await
}

/// Asks as the agent identity with an assertion.
async fn as_agent(emulator: &Emulator, assertion: &str, form: &[(&str, &str)]) -> Response {
    let id = sample::AGENT_IDENTITY.to_string();
    let own = [
        ("client_id", id.as_str()),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", assertion),
    ];
    ask(emulator, &[&own, form].concat()).await
}

async fn access_token(answer: Response) -> String {
    let body: Value = answer.json().await.unwrap();
    body["access_token"].as_str().expect("a token").to_owned()
}

/// The blueprint's token for the agent identity.
async fn parent_token(emulator: &Emulator) -> String {
    let path = sample::AGENT_IDENTITY.to_string();
    access_token(exchange(emulator, sample::BLUEPRINT, &path).await).await
}

const OWN: (&str, &str) = ("grant_type", "client_credentials");

/// The agent identity's own token, with which it proves that it acts as its user account.
async fn own_token(emulator: &Emulator, parent: &str) -> String {
    access_token(as_agent(emulator, parent, &[OWN, ("scope", EXCHANGE)]).await).await
}

/// Asks for a token of a user account.
async fn as_user(emulator: &Emulator, parent: &str, own: &str, user: (&str, &str)) -> Response {
    let scope = scope(SCOPE);
    let form = [
        ("grant_type", "user_fic"),
        ("scope", &scope),
        ("user_federated_identity_credential", own),
        user,
    ];
    as_agent(emulator, parent, &form).await
}

#[tokio::test]
async fn an_agent_identity_gets_its_token_by_its_blueprints() {
    let emulator = emulator().await;
    let path = sample::AGENT_IDENTITY.to_string();
    let parent = claims(exchange(&emulator, sample::BLUEPRINT, &path).await).await;
    assert_eq!(parent["azp"], json!(sample::BLUEPRINT));
    assert_eq!(parent["oid"], json!(sample::object_id(sample::BLUEPRINT)));
    // The GUIDs of the tenant and of the blueprint, in the byte order of Windows.
    let subject = "/eid1/c/pub/t/AABKfgAAAECAAAAAAAAAAA/a/AAAQwQAAAECAAAAAAAAAEA/";
    assert_eq!(parent["sub"], json!(format!("{subject}{path}")));

    let parent = parent_token(&emulator).await;
    let answer = as_agent(&emulator, &parent, &[OWN, ("scope", &scope(".default"))]).await;
    let token = claims(answer).await;
    let cloud = emulator.cloud();
    let mut expected = cloud.app_claims(sample::AGENT_IDENTITY, sample::API).unwrap();
    for of_its_time in ["exp", "iat", "nbf", "uti"] {
        expected[of_its_time] = token[of_its_time].clone();
    }
    assert_eq!(token, expected);
    assert_eq!(token["roles"], json!(["MCP.Access"]));
}

#[tokio::test]
async fn an_agent_identity_acts_as_its_user_account() {
    let emulator = emulator().await;
    let parent = parent_token(&emulator).await;
    let own = own_token(&emulator, &parent).await;
    let id = sample::AGENT_USER.to_string();
    for user in [("user_id", id.as_str()), ("username", "agent@sample.example")] {
        let token = claims(as_user(&emulator, &parent, &own, user).await).await;
        assert_eq!(token["oid"], json!(sample::AGENT_USER), "{user:?}");
        assert_eq!(token["appid"], json!(sample::AGENT_IDENTITY), "{user:?}");
        let found = [&token["idtyp"], &token["scp"], &token["xms_sub_fct"]];
        assert_eq!(found, ["user", SCOPE, "3 13"], "{user:?}");
    }
}

#[tokio::test]
async fn an_agent_identity_acts_on_behalf_of_a_person_who_called_its_blueprint() {
    let emulator = emulator().await;
    let cloud = emulator.cloud();
    let parent = parent_token(&emulator).await;
    let on_behalf = async |audience: Uuid| {
        let called = cloud.user_claims(sample::USER, sample::INTERACTIVE, audience, &["x"]);
        let called = cloud.sign(&cloud.token_header(), &called.unwrap());
        let scope = format!("{} openid offline_access", scope(SCOPE));
        let form = [
            ("grant_type", USER_ASSERTION),
            ("requested_token_use", "on_behalf_of"),
            ("assertion", &called),
            ("scope", &scope),
        ];
        as_agent(&emulator, &parent, &form).await
    };
    refused(on_behalf(sample::OTHER_API).await, 400, 500_131, "another API").await;
    let answer: Value = on_behalf(sample::BLUEPRINT).await.json().await.unwrap();
    let refresh = answer["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let token = claims(as_agent(&emulator, &parent, &form).await).await;
    assert_eq!(token["oid"], json!(sample::USER));
    assert_eq!(token["appid"], json!(sample::AGENT_IDENTITY));
    assert_eq!(token["xms_par_app_azp"], json!(sample::BLUEPRINT));
}

#[tokio::test]
async fn only_the_blueprints_token_for_this_agent_identity_proves_it() {
    let emulator = emulator().await;
    let cloud = emulator.cloud();
    let scope = scope(".default");
    let form = [OWN, ("scope", scope.as_str())];
    let path = sample::AGENT_IDENTITY.to_string();
    let of = async |client_id: Uuid, path: &str| {
        access_token(exchange(&emulator, client_id, path).await).await
    };
    let called = cloud.app_claims(sample::BLUEPRINT, sample::API).unwrap();
    for (what, assertion, code) in [
        ("for another agent", of(sample::BLUEPRINT, &sample::AGENT.to_string()).await, 700_213),
        ("for no agent", of(sample::BLUEPRINT, "").await, 700_213),
        ("of another client", of(sample::AGENT, &path).await, 700_213),
        ("for an API", cloud.sign(&cloud.token_header(), &called), 700_213),
        ("garbage", "a.b.c".to_owned(), 700_027),
    ] {
        refused(as_agent(&emulator, &assertion, &form).await, 401, code, what).await;
    }
    let bare = [("client_id", path.as_str()), OWN, ("scope", &scope)];
    refused(ask(&emulator, &bare).await, 401, 7_000_218, "no assertion").await;
    let secret = [&bare[..], &[("client_secret", SECRET)]].concat();
    refused(ask(&emulator, &secret).await, 401, 7_000_215, "the blueprint's secret").await;

    let id = sample::BLUEPRINT.to_string();
    let of_api = [OWN, ("scope", &scope), ("fmi_path", &path), ("client_id", &id)];
    let of_api = [&of_api[..], &[("client_secret", SECRET)]].concat();
    refused(ask(&emulator, &of_api).await, 400, 70011, "a path for an API").await;

    let parent = parent_token(&emulator).await;
    for principal in &mut cloud.directory().service_principals {
        principal.other.insert("accountEnabled".to_owned(), json!(false));
    }
    refused(as_agent(&emulator, &parent, &form).await, 400, 7_000_112, "disabled").await;
}

#[tokio::test]
async fn an_agent_identity_acts_as_no_other_user() {
    let emulator = emulator().await;
    let parent = parent_token(&emulator).await;
    let own = own_token(&emulator, &parent).await;
    let (person, stranger) = (sample::USER.to_string(), Uuid::nil().to_string());
    let account = sample::AGENT_USER.to_string();
    for (what, credential, user, code) in [
        ("a person", &own, ("user_id", person.as_str()), 70008),
        ("an unknown account", &own, ("user_id", stranger.as_str()), 50034),
        ("no user", &own, ("scp", ""), 900_144),
        ("the blueprint's token", &parent, ("user_id", account.as_str()), 500_131),
        ("garbage", &"a.b.c".to_owned(), ("user_id", account.as_str()), 50013),
    ] {
        refused(as_user(&emulator, &parent, credential, user).await, 400, code, what).await;
    }
    let id = sample::AGENT.to_string();
    let form = [("grant_type", "user_fic"), ("client_id", &id), ("client_secret", SECRET)];
    refused(ask(&emulator, &form).await, 400, 70003, "no agent identity").await;
}
