//! The requests that the gateway forwards, in every setting.

use easyauth_emulator::{Gateway, GatewayOptions, sample};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Site;

const ACTION: &str = "/globalValidation/unauthenticatedClientAction";

fn challenge(answer: &Response) -> String {
    answer.headers()["www-authenticate"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_judged_in_the_platforms_order() {
    let site = Site::new().await;
    let now = site.cloud().app_claims(sample::AGENT, sample::API).unwrap()["iat"].as_i64().unwrap();
    let elsewhere = "11111111-2222-3333-4444-555555555555";
    for (what, changes, status) in [
        ("good", vec![], 200),
        ("version 2", vec![("iss", json!(site.cloud().v2_issuer()))], 200),
        ("the client id as audience", vec![("aud", json!(sample::API))], 200),
        ("within the leeway", vec![("exp", json!(now - 200))], 200),
        ("expired", vec![("exp", json!(now - 400))], 401),
        ("not yet valid", vec![("nbf", json!(now + 400))], 401),
        ("another audience", vec![("aud", json!(sample::OTHER_API))], 401),
        ("no audience", vec![("aud", json!(""))], 401),
        (
            "another issuer",
            vec![("iss", json!(format!("https://sts.windows.net/{elsewhere}/")))],
            401,
        ),
        ("another client", vec![("appid", json!(sample::UNLISTED))], 403),
        ("another client and expired", vec![("appid", json!(elsewhere)), ("exp", json!(1))], 401),
        ("without the role", vec![("roles", json!([]))], 200),
    ] {
        let answer = site.get("/x").bearer_auth(site.token(&changes)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{what}");
        if status != 200 {
            assert_eq!(answer.text().await.unwrap(), "", "{what}");
        }
    }
    let mut forged = site.token(&[]);
    forged.truncate(forged.len() - 4);
    forged.push_str("AAAA");
    assert_eq!(site.get("/").bearer_auth(forged).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_challenge_names_the_metadata_where_it_is_on() {
    let site = Site::new().await;
    let with = challenge(&site.get("/a/b").send().await.unwrap());
    let address = format!(
        "resource_metadata=\"{}/.well-known/oauth-protected-resource/a/b\"",
        site.gateway.origin()
    );
    assert!(with.contains(&address) && with.contains("user_impersonation\""), "{with}");
    for suffix in ["", "/a/b"] {
        let path = format!("/.well-known/oauth-protected-resource{suffix}");
        let metadata: Value = site.get(&path).send().await.unwrap().json().await.unwrap();
        assert_eq!(metadata["resource"], format!("{}{suffix}", site.gateway.origin()));
        assert_eq!(metadata["authorization_servers"], json!([site.cloud().v2_issuer()]));
    }
    assert_eq!(
        site.get("/.well-known/oauth-protected-resourceful").send().await.unwrap().status(),
        401
    );

    site.cloud().sites()[0].app_settings.clear();
    let without = challenge(&site.get("/a/b").send().await.unwrap());
    let known = format!("resource_id=\"{}\"", sample::API);
    assert!(
        without.starts_with("Bearer realm=\"127.0.0.1:") && without.ends_with(&known),
        "{without}"
    );
    assert_eq!(
        site.get("/.well-known/oauth-protected-resource").send().await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn whoever_says_nothing_is_treated_as_the_settings_say() {
    let site = Site::new().await;
    for (action, status) in [
        ("Return401", 401),
        ("Return403", 403),
        ("AllowAnonymous", 200),
        ("RedirectToLoginPage", 302),
    ] {
        site.change(ACTION, json!(action));
        assert_eq!(site.get("/x?y=z").send().await.unwrap().status(), status, "{action}");
        let bad = site.get("/x").bearer_auth("garbage").send().await.unwrap();
        assert_eq!(bad.status(), 401, "{action}: a bad token is bad");
    }
    let login = site.get("/x?y=z").send().await.unwrap();
    let to = login.headers()["location"].to_str().unwrap();
    assert_eq!(to, "/.auth/login/aad?post_login_redirect_uri=%2Fx%3Fy%3Dz");
    site.change("/globalValidation/requireAuthentication", json!(false));
    assert_eq!(site.get("/x").send().await.unwrap().status(), 200);
    site.change("/platform/enabled", json!(false));
    let off: Value = site.get("/.auth/me").send().await.unwrap().json().await.unwrap();
    assert_eq!(off["target"], "/.auth/me", "while it is off, all addresses are the app's");
    let metadata = site.get("/.well-known/oauth-protected-resource").send().await.unwrap();
    let metadata: Value = metadata.json().await.unwrap();
    assert_eq!(metadata["target"], "/.well-known/oauth-protected-resource");
}

#[tokio::test]
async fn excluded_paths_are_open_and_their_neighbours_are_not() {
    let site = Site::new().await;
    site.change("/globalValidation/excludedPaths", json!(["/healthz", "/open/*"]));
    for (path, status) in [
        ("/healthz", 200),
        ("/healthz?x=y", 200),
        ("/open/x", 200),
        ("/open/x/y", 200),
        ("/healthzz", 401),
        ("/healthz/", 401),
        ("/open", 401),
        ("/opened", 401),
        ("/HEALTHZ", 401),
    ] {
        assert_eq!(site.get(path).send().await.unwrap().status(), status, "{path}");
    }
    // As bytes, since client libraries resolve dot segments themselves.
    for path in ["/open/../mcp", "/open/%2e%2e/mcp", "/open/./../mcp", "/healthz/../mcp"] {
        let answer = super::streams::raw(
            &site,
            &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn without_lists_of_clients_it_is_an_option_who_may_call() {
    for (lets_in, status) in [(true, 200), (false, 403)] {
        let mut options = GatewayOptions::default();
        options.without_lists_lets_in = lets_in;
        let site = Site::with(options).await;
        let validation = "/identityProviders/azureActiveDirectory/validation";
        site.change(&format!("{validation}/jwtClaimChecks"), json!({}));
        let unlisted = site.token(&[("appid", json!(sample::UNLISTED))]);
        let still = site.get("/").bearer_auth(&unlisted).send().await.unwrap();
        assert_eq!(still.status(), 403, "one list is left");
        site.change(&format!("{validation}/defaultAuthorizationPolicy"), json!({}));
        assert_eq!(site.get("/").bearer_auth(&unlisted).send().await.unwrap().status(), status);
        let policy =
            json!({"allowedPrincipals": {"identities": [sample::object_id(sample::AGENT)]}});
        site.change(&format!("{validation}/defaultAuthorizationPolicy"), policy);
        assert_eq!(site.get("/").bearer_auth(&unlisted).send().await.unwrap().status(), 200);
        let other = site.token(&[("oid", json!(sample::USER))]);
        assert_eq!(site.get("/").bearer_auth(&other).send().await.unwrap().status(), 403);
    }
}

#[tokio::test]
async fn the_version_1_issuer_is_an_option() {
    let mut options = GatewayOptions::default();
    options.takes_v1_issuer = false;
    let site = Site::with(options).await;
    assert_eq!(site.get("/").bearer_auth(site.token(&[])).send().await.unwrap().status(), 401);
    let v2 = site.token(&[("iss", json!(site.cloud().v2_issuer()))]);
    assert_eq!(site.get("/").bearer_auth(v2).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn nothing_but_loopback_is_served() {
    let site = Site::new().await;
    let loopback = || TcpListener::bind("127.0.0.1:0");
    for upstream in ["http://10.0.0.1", "https://127.0.0.1", "http://127.0.0.1.example", "app"] {
        let gateway =
            Gateway::serve(loopback().await.unwrap(), site.cloud().clone(), "app", upstream);
        assert!(gateway.is_err(), "{upstream}");
    }
    let everywhere = TcpListener::bind("0.0.0.0:0").await.unwrap();
    assert!(Gateway::serve(everywhere, site.cloud().clone(), "app", "http://127.0.0.1").is_err());
    let unknown = Gateway::serve(
        loopback().await.unwrap(),
        site.cloud().clone(),
        "other",
        "http://127.0.0.1",
    );
    let address = unknown.as_ref().unwrap().origin().to_owned();
    assert_eq!(reqwest::get(address).await.unwrap().status(), StatusCode::NOT_FOUND);
}
