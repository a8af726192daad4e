//! What strangers are answered: statuses, challenges, and the metadata.

use easyauth_emulator::{Options, sample};
use serde_json::{Value, json};

use super::app::Guarded;

/// The app setting that turns the metadata on.
const PRM: &str = "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES";

/// The challenge without metadata.
fn challenge(guarded: &Guarded) -> String {
    let (host, cloud) = (&guarded.address, guarded.emulator.cloud());
    let (origin, tenant, client) = (cloud.origin(), sample::TENANT_ID, sample::API);
    format!(
        "Bearer realm=\"{host}\" authorization_uri=\"{origin}/{tenant}/oauth2/v2.0/authorize\" resource_id=\"{client}\""
    )
}

#[tokio::test]
async fn strangers_are_challenged_and_the_app_sees_nothing_of_them() {
    let mut guarded = Guarded::start().await;
    let (plain, host) = (challenge(&guarded), guarded.address.clone());
    let scope = format!("api://{}/user_impersonation", sample::API);
    let forged = "Authorization: Bearer x.y.z\r\n";
    for (path, line) in [("/", ""), ("/mcp/mcp", ""), ("/mcp/mcp?a=b", forged), ("/mcp", forged)] {
        let bare = path.split('?').next().unwrap();
        let address = format!("http://{host}/.well-known/oauth-protected-resource{bare}");
        let expected = format!("{plain}, scope=\"{scope}\", resource_metadata=\"{address}\"");
        let answer = guarded.ask(path, line).await;
        assert_eq!(answer.status, "401", "{path}");
        assert_eq!(answer.values("www-authenticate"), [expected.as_str()], "{path}");
        assert!(answer.body.is_empty(), "{path}");
    }
    guarded.emulator.cloud().sites()[0].app_settings.remove(PRM);
    assert_eq!(guarded.ask("/", "").await.values("www-authenticate"), [plain.as_str()]);
    assert!(guarded.received().is_empty());
}

#[tokio::test]
async fn the_metadata_is_for_everybody_at_the_addresses_of_all_resources() {
    let mut guarded = Guarded::start().await;
    let host = guarded.address.clone();
    let well_known = "/.well-known/oauth-protected-resource";
    for path in ["", "/mcp", "/mcp/mcp"] {
        for line in ["", "Authorization: Bearer x.y.z\r\n"] {
            let answer = guarded.ask(&format!("{well_known}{path}"), line).await;
            assert_eq!(answer.status, "200", "{path}");
            let document: Value = serde_json::from_slice(&answer.body).unwrap();
            let expected = json!({
                "resource": format!("http://{host}{path}"),
                "authorization_servers": [guarded.emulator.cloud().v2_issuer()],
                "scopes_supported": [format!("api://{}/user_impersonation", sample::API)],
            });
            assert_eq!(document, expected);
        }
    }
    assert_eq!(guarded.ask(&format!("{well_known}x"), "").await.status, "401");
    let scopes = guarded.emulator.cloud().sites()[0].app_settings.insert(PRM.into(), "a, b".into());
    assert!(scopes.is_some());
    let document = guarded.ask(well_known, "").await.body;
    let document: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["scopes_supported"], json!(["a", "b"]));
    assert!(guarded.received().is_empty());

    guarded.emulator.cloud().sites()[0].app_settings.clear();
    assert_eq!(guarded.ask(well_known, "").await.status, "401");
    guarded.set("/platform/enabled", json!(false));
    assert_eq!(guarded.ask(well_known, "").await.status, "200");
    assert_eq!(guarded.received().len(), 1, "the app answers for itself");
}

#[tokio::test]
async fn who_says_nothing_is_treated_as_the_settings_of_the_moment_say() {
    let mut guarded = Guarded::start().await;
    let action = "/globalValidation/unauthenticatedClientAction";
    let login = "/.auth/login/aad?post_login_redirect_uri=%2Fa%3Fb%3Dc";
    for (value, status, location) in [
        (json!("Return401"), "401", vec![]),
        (json!("Return403"), "403", vec![]),
        (json!("RedirectToLoginPage"), "302", vec![login]),
        (Value::Null, "302", vec![login]),
        (json!("AllowAnonymous"), "200", vec![]),
    ] {
        guarded.set(action, value.clone());
        let answer = guarded.ask("/a?b=c", "X-MS-CLIENT-PRINCIPAL: e30=\r\n").await;
        assert_eq!(answer.status, status, "{value}");
        assert_eq!(answer.values("location"), location, "{value}");
        let received = guarded.received();
        assert_eq!(received.len(), usize::from(status == "200"), "{value}");
        assert!(received.iter().all(|it| it.values("x-ms-client-principal").is_empty()));
        assert_eq!(guarded.ask("/", "Authorization: Bearer x\r\n").await.status, "401", "{value}");
    }
    guarded.set(action, json!("Return401"));
    guarded.set("/globalValidation/requireAuthentication", json!(false));
    assert_eq!(guarded.ask("/", "").await.status, "200");
}

#[tokio::test]
async fn a_good_token_of_the_wrong_caller_is_forbidden() {
    let agent = json!([sample::AGENT]);
    let agent_object = json!([sample::object_id(sample::AGENT).to_string().to_uppercase()]);
    let other = json!([sample::ROLELESS]);
    let nobody = json!([]);
    for without_lists_lets_in in [true, false] {
        let mut options = Options::default();
        options.gateway.without_lists_lets_in = without_lists_lets_in;
        let mut guarded = Guarded::with(options).await;
        let line = format!("Authorization: Bearer {}\r\n", guarded.token());
        for (applications, checks, identities, status) in [
            (&agent, &agent, &nobody, "200"),
            (&agent, &nobody, &nobody, "200"),
            (&nobody, &agent, &agent_object, "200"),
            (&nobody, &nobody, &agent_object, "200"),
            (&other, &agent, &nobody, "403"),
            (&agent, &other, &nobody, "403"),
            (&agent, &agent, &agent, "403"),
            (&nobody, &nobody, &nobody, if without_lists_lets_in { "200" } else { "403" }),
        ] {
            let principals = json!({"identities": identities});
            let policy =
                json!({"allowedApplications": applications, "allowedPrincipals": principals});
            guarded.set_validation("defaultAuthorizationPolicy", policy.clone());
            guarded.set_validation("jwtClaimChecks", json!({"allowedClientApplications": checks}));
            let answer = guarded.ask("/", &line).await;
            assert_eq!(answer.status, status, "{policy} {checks}");
            assert!(status == "200" || answer.body.is_empty());
            assert_eq!(guarded.received().len(), usize::from(status == "200"));
        }
    }
}

#[tokio::test]
async fn a_token_is_of_this_issuer_and_for_this_app() {
    let v1 = format!("https://sts.windows.net/{}/", sample::TENANT_ID);
    let mixed = format!("{v1}v2.0");
    for takes_v1_issuer in [true, false] {
        let mut options = Options::default();
        options.gateway.takes_v1_issuer = takes_v1_issuer;
        let guarded = Guarded::with(options).await;
        let v2 = guarded.emulator.cloud().v2_issuer();
        let (id, uri) = (sample::API.to_string(), format!("api://{}", sample::API));
        for (iss, aud, status) in [
            (&v2, &id, "200"),
            (&v2, &uri, "200"),
            (&v1, &uri, if takes_v1_issuer { "200" } else { "401" }),
            (&mixed, &id, "401"),
            (&v2.replace("7e4a", "7e4b"), &id, "401"),
            (&v2, &sample::OTHER_API.to_string(), "401"),
            (&v2, &format!("{uri}/"), "401"),
            (&v2, &String::new(), "401"),
        ] {
            let mut claims = guarded.claims();
            (claims["iss"], claims["aud"]) = (json!(iss), json!(aud));
            let line = format!("Authorization: Bearer {}\r\n", guarded.signed(&claims));
            assert_eq!(guarded.ask("/", &line).await.status, status, "{iss} {aud}");
        }
    }
}
