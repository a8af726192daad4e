//! Allowed callers: by token, and by cookie.

use easyauth_emulator::{Options, sample};
use serde_json::json;

use super::app::Guarded;

const CHECKS: &str = "jwtClaimChecks/allowedClientApplications";

#[tokio::test]
async fn a_token_is_for_some_time() {
    let mut guarded = Guarded::start().await;
    let now = guarded.claims()["iat"].as_i64().unwrap();
    let hour = 3600;
    for (exp, nbf, status) in [
        (now + hour, now, "200"),
        (now - 200, now - hour, "200"),
        (now - 400, now - hour, "401"),
        (now + hour, now + 200, "200"),
        (now + hour, now + 400, "401"),
        (i64::MAX, i64::MIN, "200"),
        (i64::MAX, i64::MAX, "401"),
    ] {
        let mut claims = guarded.claims();
        (claims["exp"], claims["nbf"]) = (json!(exp), json!(nbf));
        let line = format!("Authorization: Bearer {}\r\n", guarded.signed(&claims));
        assert_eq!(guarded.get("/", &line).await.0, status, "{} {}", exp - now, nbf.abs_diff(now));
    }
}

#[tokio::test]
async fn other_ways_to_authorize_are_for_the_app() {
    let mut guarded = Guarded::start().await;
    let lines = [
        "Authorization: Basic eDp5\r\n",
        "Authorization: Bearer x\r\n",
        "Authorization: Bearer\r\n",
    ];
    for line in lines {
        assert_eq!(guarded.get("/", line).await.0, "401", "{line}");
    }
    guarded.allow_anonymous();
    let (status, received) = guarded.get("/", lines[0]).await;
    let received = received.unwrap();
    assert_eq!((status.as_str(), received.values("authorization")), ("200", vec!["Basic eDp5"]));
    assert!(received.values("x-ms-client-principal").is_empty());
    for line in &lines[1..] {
        assert_eq!(guarded.get("/", line).await.0, "401", "{line}");
    }
    let cookie = guarded.cookie().await;
    let (_, received) = guarded.get("/", &format!("{}Cookie: {cookie}\r\n", lines[0])).await;
    let received = received.unwrap();
    assert_eq!(received.values("x-ms-client-principal-id"), [sample::USER.to_string()]);
    assert_eq!(received.values("x-ms-token-aad-id-token").len(), 1);
}

#[tokio::test]
async fn a_person_who_signed_in_is_checked_as_well() {
    let (api, agent) = (json!([sample::API]), json!([sample::AGENT]));
    let (user, other) = (json!([sample::USER]), json!([sample::OTHER_USER]));
    let nobody = json!([]);
    let rows = [
        (&api, &api, &nobody, "200"),
        (&nobody, &nobody, &nobody, "200"),
        (&api, &api, &user, "200"),
        (&api, &api, &other, "403"),
        (&agent, &api, &nobody, "403"),
        (&api, &agent, &nobody, "403"),
    ];
    for checks_client_of_sessions in [true, false] {
        let mut options = Options::default();
        options.gateway.checks_client_of_sessions = checks_client_of_sessions;
        let mut guarded = Guarded::with(options).await;
        let cookie = format!("Cookie: {}\r\n", guarded.cookie().await);
        for (applications, checks, identities, status) in rows {
            guarded.set_validation(CHECKS, checks.clone());
            let principals = json!({"identities": identities});
            guarded.set_validation(
                "defaultAuthorizationPolicy",
                json!({
                    "allowedApplications": applications, "allowedPrincipals": principals,
                }),
            );
            let is_client = *applications == agent || *checks == agent;
            let expected = if is_client && !checks_client_of_sessions { "200" } else { status };
            let name = format!("{applications} {checks} {identities}");
            assert_eq!(guarded.get("/", &cookie).await.0, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn look_alikes_pass_unless_told_otherwise() {
    for strips_look_alikes in [false, true] {
        let mut options = Options::default();
        options.gateway.strips_look_alikes = strips_look_alikes;
        let mut guarded = Guarded::with(options).await;
        let line = format!(
            "Authorization: Bearer {}\r\nX_MS_CLIENT_PRINCIPAL: x\r\nX-Ms_Token-Aad: y\r\n",
            guarded.token()
        );
        let received = guarded.get("/", &line).await.1.unwrap();
        let passed = usize::from(!strips_look_alikes);
        assert_eq!(received.values("x_ms_client_principal").len(), passed);
        assert_eq!(received.values("x-ms_token-aad").len(), passed);
        assert_eq!(received.values("x-ms-client-principal").len(), 1);
    }
}

#[tokio::test]
async fn people_are_sent_to_sign_in_by_302() {
    let mut guarded = Guarded::start().await;
    guarded.set("/globalValidation/unauthenticatedClientAction", json!("RedirectToLoginPage"));
    assert_eq!(guarded.get("/a?b=c", "").await.0, "302");
    assert_eq!(guarded.get("/a?b=c", "Authorization: Bearer x\r\n").await.0, "401");
}
