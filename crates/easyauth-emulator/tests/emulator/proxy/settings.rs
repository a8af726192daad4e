//! The settings as documents: templates, and what Azure writes into them.

use easyauth_emulator::{Site, sample};
use serde_json::{Value, json};

use super::app::Guarded;

fn site(template: &str) -> Result<Site, String> {
    let made = Site::from_template("x", template, sample::TENANT_ID, sample::API, &[sample::AGENT]);
    made.map_err(|error| error.to_string())
}

#[test]
fn the_template_that_is_deployed_names_whom_it_is_given() {
    let settings = site(sample::AUTH_SETTINGS).unwrap().auth_settings;
    let entra = &settings["identityProviders"]["azureActiveDirectory"];
    let issuer = format!("https://login.microsoftonline.com/{}/v2.0", sample::TENANT_ID);
    assert_eq!(entra["registration"]["openIdIssuer"], issuer);
    assert_eq!(entra["registration"]["clientId"], sample::API.to_string());
    let validation = &entra["validation"];
    let clients = json!([sample::AGENT]);
    assert_eq!(validation["allowedAudiences"], json!([format!("api://{}", sample::API)]));
    assert_eq!(validation["jwtClaimChecks"]["allowedClientApplications"], clients);
    assert_eq!(validation["defaultAuthorizationPolicy"]["allowedApplications"], clients);
    assert!(!settings.to_string().contains("__"), "{settings}");
}

#[test]
fn a_template_that_makes_no_settings_is_refused() {
    for template in ["", "[]", "7", "{}", r#"{"properties": []}"#, r#"{"properties": null}"#] {
        assert!(site(template).is_err(), "{template}");
    }
    for (properties, name) in [
        (
            json!({"globalValidation": {"unauthenticatedClientAction": "Return404"}}),
            "globalValidation.unauthenticatedClientAction",
        ),
        (
            json!({"globalValidation": {"excludedPaths": "/healthz"}}),
            "globalValidation.excludedPaths",
        ),
        (json!({"platform": {"enabled": "yes"}}), "platform.enabled"),
    ] {
        let error = site(&json!({"properties": properties}).to_string()).unwrap_err();
        assert!(error.contains(name), "{error}");
    }
}

#[tokio::test]
async fn null_is_what_is_not_set() {
    let mut guarded = Guarded::start().await;
    let line = format!("Authorization: Bearer {}\r\n", guarded.token());
    guarded.set("/globalValidation/excludedPaths", Value::Null);
    guarded.set("/login/tokenStore", Value::Null);
    guarded.set_validation("jwtClaimChecks", Value::Null);
    assert_eq!(guarded.get("/", &line).await.0, "200");
    assert_eq!(guarded.get("/healthz", "").await.0, "401");
}
