//! What the Bicep files of this repository deploy is right as it is: the commands find nothing to mend, and let agents in.

use easyauth_emulator::{
    AppRole, Application, FederatedCredential, PermissionScope, ServicePrincipal, Site,
    sample::{AUTH_SETTINGS, FOUNDRY_AGENT, MANAGED_IDENTITY, TENANT_ID, object_id},
};
use reqwest::StatusCode;
use serde_json::{Map, json};
use uuid::{Uuid, uuid};

use crate::tenant::{METADATA_SETTING, NAME, SITE, Tenant, set_up};

const CLIENT: Uuid = uuid!("a9100000-0000-4000-8000-0000000000bb");

/// A registration as `infra/modules/entra-app.bicep` has it: named after the tenant, with tokens of version 2.
fn registration(uri: &str) -> Application {
    let host = "reviews.azurewebsites.net";
    let mut application = Application {
        id: Uuid::new_v4(),
        app_id: CLIENT,
        display_name: NAME.to_owned(),
        identifier_uris: vec![uri.to_owned()],
        app_roles: vec![AppRole {
            id: Uuid::new_v4(),
            value: "MCP.Access".to_owned(),
            allowed_member_types: vec!["Application".to_owned()],
            is_enabled: true,
            ..AppRole::default()
        }],
        federated_credentials: vec![FederatedCredential {
            id: Uuid::new_v4(),
            name: "app-identity".to_owned(),
            issuer: format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0"),
            subject: object_id(MANAGED_IDENTITY).to_string(),
            audiences: vec!["api://AzureADTokenExchange".to_owned()],
        }],
        ..Application::default()
    };
    application.api.requested_access_token_version = Some(2);
    application.api.oauth2_permission_scopes = vec![PermissionScope {
        id: Uuid::new_v4(),
        value: "user_impersonation".to_owned(),
        is_enabled: true,
        ..PermissionScope::default()
    }];
    let web = json!({
        "redirectUris": [format!("https://{host}/.auth/login/aad/callback")],
        "implicitGrantSettings": { "enableIdTokenIssuance": true },
    });
    application.other = Map::from_iter([("web".to_owned(), web)]);
    application
}

async fn deployed() -> Tenant {
    let tenant = Tenant::start().await;
    let uri = format!("api://{TENANT_ID}/restaurant-reviews-abc");
    tenant.directory(|directory| {
        directory.applications.push(registration(&uri));
        directory.service_principals.push(ServicePrincipal {
            id: Uuid::new_v4(),
            app_id: CLIENT,
            display_name: NAME.to_owned(),
            service_principal_type: "Application".to_owned(),
            ..ServicePrincipal::default()
        });
    });
    let template = Site::from_template("reviews", AUTH_SETTINGS, TENANT_ID, CLIENT, &[CLIENT]);
    let settings = [
        (METADATA_SETTING, format!("{uri}/user_impersonation")),
        ("OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID", MANAGED_IDENTITY.to_string()),
    ];
    tenant.site(|site| {
        assert_eq!(site.id, SITE);
        site.auth_settings = template.unwrap().auth_settings;
        site.app_settings.extend(settings.map(|(name, value)| (name.to_owned(), value)));
    });
    tenant
}

#[tokio::test]
async fn what_bicep_deploys_needs_no_mending() {
    let tenant = deployed().await;
    assert_eq!(tenant.admin().doctor(&[]).await.unwrap(), None);
    let before = tenant.everything();
    assert_eq!(tenant.admin().setup(&set_up()).await.unwrap().steps, []);
    assert_eq!(tenant.everything(), before);

    assert_eq!(tenant.call(FOUNDRY_AGENT).await.0, StatusCode::FORBIDDEN);
    tenant.admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
    assert_eq!(tenant.call(FOUNDRY_AGENT).await, (StatusCode::OK, json!(["MCP.Access"])));
    assert_eq!(tenant.admin().doctor(&[FOUNDRY_AGENT]).await.unwrap(), None);
}

/// A published crate cannot contain a file of another folder, and knows no public page of the product.
#[test]
fn the_copies_have_the_settings_that_are_deployed() {
    let deployed = include_str!("../../../../infra/authsettings.json");
    let deployed = deployed.replace(r#", "/welcome", "/static/*"]"#, "]");
    assert_eq!(AUTH_SETTINGS, deployed);
    assert_eq!(include_str!("../../src/setup/auth_settings.json"), deployed);
}
