//! A web app, its settings, and the settings of its authentication.

use easyauth_emulator::{FailingWrite, Options, sample::TENANT_ID};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::tenant::{MANAGED, SITE, Tenant, VERSION};

const AUTH: &str = "/config/authsettingsV2";

#[tokio::test]
async fn a_site_is_found_in_any_case_and_says_where_it_is() {
    let tenant = Tenant::start().await;
    for path in [
        SITE.to_owned(),
        SITE.to_lowercase(),
        SITE.to_uppercase().replacen("SUBSCRIPTIONS", "subscriptions", 1),
    ] {
        let path = format!("{path}{VERSION}");
        let found = tenant.ask(Method::GET, &path, Value::Null, &tenant.arm_token).await;
        assert_eq!(found.status, StatusCode::OK, "{path}");
        assert_eq!(found.text("id"), SITE);
        assert_eq!(found.body["properties"]["defaultHostName"], "reviews.azurewebsites.net");
        assert_eq!(found.body["properties"]["state"], "Running");
        assert_eq!(found.body["identity"]["principalId"], json!(MANAGED));
        assert_eq!(found.body["identity"]["tenantId"], json!(TENANT_ID));
    }
    let host = "eat.sample.example".to_owned();
    let name = "WEBSITE_HOSTNAME".to_owned();
    tenant.emulator.cloud().sites()[0].app_settings.insert(name, host);
    let found = tenant.site(Method::GET, "", Value::Null).await.body;
    assert_eq!(found["properties"]["hostNames"], json!(["eat.sample.example"]));
}

#[tokio::test]
async fn sites_are_listed_by_subscription_and_by_group() {
    let tenant = Tenant::start().await;
    let group = SITE.trim_end_matches("/reviews");
    let (subscription, _) = SITE.split_once("/resourceGroups").unwrap();
    let elsewhere = group.replace("Kitchen", "Cellar");
    let subscription = format!("{subscription}/providers/Microsoft.Web/sites");
    for (path, expected) in [(group, 1), (&*subscription, 1), (&*elsewhere, 0)] {
        let path = format!("{path}{VERSION}");
        let listed = tenant.ask(Method::GET, &path, Value::Null, &tenant.arm_token).await;
        assert_eq!(listed.status, StatusCode::OK);
        assert_eq!(listed.body["value"].as_array().unwrap().len(), expected, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_by_its_kind() {
    let tenant = Tenant::start().await;
    for (path, code) in [
        (SITE.replace("/reviews", "/other"), "ResourceNotFound"),
        (SITE.replace("Kitchen", "Cellar"), "ResourceGroupNotFound"),
        (SITE.replace("66666666", "77777777"), "SubscriptionNotFound"),
        (format!("{SITE}/slots"), "InvalidResourceType"),
    ] {
        let path = format!("{path}{VERSION}");
        let answer = tenant.ask(Method::GET, &path, Value::Null, &tenant.arm_token).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, code));
    }
    for (query, code) in [
        ("", "MissingApiVersionParameter"),
        ("?api-version=", "MissingApiVersionParameter"),
        ("?api-version=latest", "InvalidApiVersionParameter"),
    ] {
        let path = format!("{SITE}{query}");
        let answer = tenant.ask(Method::GET, &path, Value::Null, &tenant.arm_token).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, code));
    }
}

#[tokio::test]
async fn a_put_replaces_the_whole_document_and_holds_from_then_on() {
    let tenant = Tenant::start().await;
    let before = tenant.site(Method::GET, AUTH, Value::Null).await.expect(StatusCode::OK);
    assert_eq!(before.text("id"), format!("{SITE}{AUTH}"));
    assert_eq!(before.body["properties"]["platform"]["runtimeVersion"], "~2");

    let properties = json!({
        "globalValidation": { "requireAuthentication": true, "unauthenticatedClientAction": "Return401" },
        "identityProviders": { "azureActiveDirectory": {
            "enabled": true,
            "validation": { "defaultAuthorizationPolicy": { "allowedApplications": ["a"] } },
        }},
    });
    let put = tenant.site(Method::PUT, AUTH, json!({ "properties": properties })).await;
    assert_eq!(put.expect(StatusCode::OK).body["properties"], properties);
    assert_eq!(tenant.emulator.cloud().sites()[0].auth_settings, properties);
    let list = format!("{AUTH}/list");
    for path in [AUTH, &list] {
        let after = tenant.site(Method::GET, path, Value::Null).await.expect(StatusCode::OK);
        assert_eq!(after.body["properties"], properties);
    }
}

#[tokio::test]
async fn a_document_of_wrong_types_changes_nothing() {
    let tenant = Tenant::start().await;
    let before = tenant.emulator.cloud().sites()[0].auth_settings.clone();
    for (body, named) in [
        (json!({}), "properties"),
        (json!({ "properties": null }), "properties"),
        (json!({ "properties": { "platform": { "enabled": "true" } } }), "platform.enabled"),
        (json!({ "properties": { "platform": true } }), "platform.enabled"),
        (
            json!({ "properties": { "globalValidation": { "unauthenticatedClientAction": "Return402" } } }),
            "globalValidation.unauthenticatedClientAction",
        ),
        (
            json!({ "properties": { "globalValidation": { "excludedPaths": "/healthz" } } }),
            "globalValidation.excludedPaths",
        ),
    ] {
        let answer = tenant.site(Method::PUT, AUTH, body).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "BadRequest"));
        assert!(answer.message().contains(named), "{answer:?}");
    }
    let answer = tenant.site(Method::PUT, AUTH, json!([])).await;
    assert_eq!(answer.code(), "InvalidRequestContent");
    assert_eq!(tenant.emulator.cloud().sites()[0].auth_settings, before);
}

#[tokio::test]
async fn app_settings_are_replaced_all_at_once_and_restart_the_site() {
    let tenant = Tenant::start().await;
    let list = "/config/appsettings/list";
    let before = tenant.site(Method::POST, list, Value::Null).await.expect(StatusCode::OK);
    assert_eq!(before.body["properties"], json!({ "DBNAME": "reviews" }));
    let secret = tenant.site(Method::GET, list, Value::Null).await;
    assert_eq!(secret.status, StatusCode::METHOD_NOT_ALLOWED);

    let settings = json!({ "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES": "api://a/user_impersonation" });
    let put =
        tenant.site(Method::PUT, "/config/appsettings", json!({ "properties": settings })).await;
    assert_eq!(put.expect(StatusCode::OK).body["properties"], settings);
    let after = tenant.site(Method::POST, list, Value::Null).await;
    assert_eq!(after.body["properties"], settings);
    let wrong = json!({ "properties": { "A": 1 } });
    tenant.site(Method::PUT, "/config/appsettings", wrong).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(tenant.emulator.cloud().sites()[0].restarts, 1);
    tenant.site(Method::POST, "/restart", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(tenant.emulator.cloud().sites()[0].restarts, 2);
}

#[tokio::test]
async fn a_write_fails_when_it_is_told_to() {
    let mut options = Options::default();
    options.arm.failing_writes = vec![
        FailingWrite { nth: 1, status: 429, retry_after: Some(7) },
        FailingWrite { nth: 2, status: 500, retry_after: None },
    ];
    let tenant = Tenant::with(options).await;
    let body = json!({ "properties": { "platform": { "enabled": false } } });
    let busy = tenant.site(Method::PUT, AUTH, body.clone()).await;
    assert_eq!((busy.status, busy.code()), (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"));
    assert_eq!(busy.headers["retry-after"], "7");
    tenant.site(Method::GET, AUTH, Value::Null).await.expect(StatusCode::OK);
    let broken = tenant.site(Method::PUT, AUTH, body.clone()).await;
    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(broken.headers.get("retry-after"), None);
    let kept = tenant.emulator.cloud().sites()[0].auth_settings.clone();
    assert_eq!(kept["platform"]["enabled"], true);
    tenant.site(Method::PUT, AUTH, body).await.expect(StatusCode::OK);
}
