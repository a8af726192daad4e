//! What others added stays, whatever the commands do.

use easyauth_emulator::{
    AppRole, Application, PermissionScope,
    sample::{FOUNDRY_AGENT, INTERACTIVE, TENANT_ID},
};
use entra_admin::{Admin, AdminError};
use reqwest::StatusCode;
use serde_json::{Map, json};
use uuid::{Uuid, uuid};

use crate::tenant::{CHECKS, METADATA_SETTING, NAME, OTHER_AGENT, POLICY, Tenant, set_up};

const CLIENT: Uuid = uuid!("a9100000-0000-4000-8000-0000000000aa");
const ENTRA: &str = "/identityProviders/azureActiveDirectory";

/// A registration and a web app that somebody has used for years.
async fn in_use() -> Tenant {
    let tenant = Tenant::start().await;
    let role = AppRole {
        id: Uuid::new_v4(),
        value: "Cook".to_owned(),
        allowed_member_types: vec!["User".to_owned()],
        is_enabled: true,
        ..AppRole::default()
    };
    let scope = PermissionScope {
        id: Uuid::new_v4(),
        value: "taste".to_owned(),
        is_enabled: true,
        ..PermissionScope::default()
    };
    let mut application = Application {
        id: Uuid::new_v4(),
        app_id: CLIENT,
        display_name: NAME.to_owned(),
        identifier_uris: vec!["api://kitchen".to_owned()],
        app_roles: vec![role],
        ..Application::default()
    };
    application.api.oauth2_permission_scopes = vec![scope];
    let web = json!({
        "redirectUris": ["https://kitchen.example/back"],
        "implicitGrantSettings": { "enableAccessTokenIssuance": true },
    });
    application.other = Map::from_iter([("web".to_owned(), web)]);
    tenant.directory(|directory| directory.applications.push(application));
    tenant.site(|site| {
        site.app_settings.insert(METADATA_SETTING.to_owned(), "api://kitchen/taste".to_owned());
        site.auth_settings = json!({
            "platform": { "enabled": true, "runtimeVersion": "~1", "configFilePath": "auth.json" },
            "globalValidation": { "excludedPaths": ["/menu"] },
            "identityProviders": {
                "gitHub": { "enabled": true, "registration": { "clientId": "cook" } },
                "azureActiveDirectory": {
                    "registration": { "clientId": CLIENT },
                    "validation": {
                        "allowedAudiences": ["api://kitchen"],
                        "jwtClaimChecks": { "allowedGroups": ["cooks"] },
                        "defaultAuthorizationPolicy": {
                            "allowedApplications": [INTERACTIVE],
                            "allowedPrincipals": { "groups": ["cooks"] },
                        },
                    },
                },
            },
        });
    });
    tenant
}

#[tokio::test]
async fn what_others_added_stays() {
    let tenant = in_use().await;
    tenant.admin().setup(&set_up()).await.unwrap();
    tenant.admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
    tenant.admin().remove(&[FOUNDRY_AGENT]).await.unwrap();

    tenant.application(|it| {
        assert_eq!(it.identifier_uris, ["api://kitchen"]);
        let roles: Vec<_> = it.app_roles.iter().map(|role| &*role.value).collect();
        assert_eq!(roles, ["Cook", "MCP.Access"]);
        let scopes = it.api.oauth2_permission_scopes.iter().map(|scope| &*scope.value);
        assert_eq!(scopes.collect::<Vec<_>>(), ["taste", "user_impersonation"]);
        assert_eq!(it.other["web"]["redirectUris"][0], "https://kitchen.example/back");
        let grants = json!({ "enableAccessTokenIssuance": true, "enableIdTokenIssuance": true });
        assert_eq!(it.other["web"]["implicitGrantSettings"], grants);
    });
    let settings = tenant.site(|site| site.app_settings.clone());
    assert_eq!(settings["DBPASS"], "a-secret");
    let scopes = "api://kitchen/taste,api://kitchen/user_impersonation";
    assert_eq!(settings[METADATA_SETTING], scopes);
    assert_eq!(tenant.setting("/globalValidation/excludedPaths"), json!(["/menu"]));
    assert_eq!(tenant.setting("/platform/configFilePath"), "auth.json");
    assert_eq!(tenant.setting("/identityProviders/gitHub/registration/clientId"), "cook");
    let validation = tenant.setting(&format!("{ENTRA}/validation"));
    assert_eq!(validation["allowedAudiences"], json!(["api://kitchen"]));
    assert_eq!(validation["jwtClaimChecks"]["allowedGroups"], json!(["cooks"]));
    let policy = &validation["defaultAuthorizationPolicy"];
    assert_eq!(policy["allowedPrincipals"], json!({ "groups": ["cooks"] }));
    let clients = json!([INTERACTIVE, CLIENT]);
    assert_eq!(policy["allowedApplications"], clients);
    assert_eq!(validation["jwtClaimChecks"]["allowedClientApplications"], clients);
}

#[tokio::test]
async fn whoever_was_let_in_by_one_list_still_is() {
    let tenant = Tenant::with_agent().await;
    tenant.set(CHECKS, json!([]));
    tenant.admin().preauthorize(&[OTHER_AGENT]).await.unwrap();
    assert_eq!(tenant.call(FOUNDRY_AGENT).await.0, StatusCode::OK);
    assert_eq!(tenant.call(OTHER_AGENT).await.0, StatusCode::OK);
    assert_eq!(tenant.setting(CHECKS), tenant.setting(POLICY));
}

#[tokio::test]
async fn a_list_of_object_ids_that_is_used_is_kept_up() {
    let tenant = Tenant::with_agent().await;
    let policy = format!("{ENTRA}/validation/defaultAuthorizationPolicy");
    let first = tenant.admin().identity(FOUNDRY_AGENT).await.unwrap().object_id;
    let mut settings = tenant.setting(&policy);
    settings["allowedPrincipals"] = json!({ "identities": [first] });
    tenant.set(&policy, settings);
    tenant.admin().preauthorize(&[OTHER_AGENT]).await.unwrap();
    assert_eq!(tenant.call(OTHER_AGENT).await.0, StatusCode::OK);
    let identities = format!("{policy}/allowedPrincipals/identities");
    tenant.admin().remove(&[OTHER_AGENT]).await.unwrap();
    assert_eq!(tenant.setting(&identities), json!([first]));
    // The last one stays: in an empty list is everybody.
    tenant.admin().remove(&[FOUNDRY_AGENT]).await.unwrap();
    assert_eq!(tenant.setting(&identities), json!([first]));
    assert_eq!(tenant.call(FOUNDRY_AGENT).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn another_registration_is_not_put_out_of_use() {
    let tenant = in_use().await;
    tenant.application(|it| it.display_name = "Kitchen".to_owned());
    let before = tenant.everything();
    let refused = tenant.admin().setup(&set_up()).await.unwrap_err();
    assert!(matches!(refused, AdminError::OtherRegistration { .. }), "{refused}");
    assert!(refused.to_string().contains(&CLIENT.to_string()), "{refused}");
    assert_eq!(tenant.everything(), before);

    let admin: Admin = tenant.admin().with_client_id(CLIENT);
    assert_eq!(admin.setup(&set_up()).await.unwrap().client_id, Some(CLIENT));
    // One that is gone is not in use.
    tenant.directory(|directory| directory.applications.retain(|it| it.app_id != CLIENT));
    let done = tenant.admin().setup(&set_up()).await.unwrap();
    assert_eq!(done.client_id, Some(tenant.client_id()));
    let issuer = tenant.setting(&format!("{ENTRA}/registration/openIdIssuer"));
    assert_eq!(issuer, format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0"));
}

/// Replication may take minutes between the first look and the write.
#[tokio::test]
async fn what_others_write_meanwhile_stays() {
    let tenant = Tenant::start().await;
    let cloud = tenant.cloud().clone();
    let admin = tenant.admin().with_observer(move |step| {
        if step.what.starts_with("trust the managed identity") {
            let site = &mut cloud.sites()[0];
            site.app_settings.insert("OVEN".to_owned(), "hot".to_owned());
            site.auth_settings["httpSettings"] = json!({ "requireHttps": false });
        }
    });
    admin.setup(&set_up()).await.unwrap();
    assert_eq!(tenant.site(|site| site.app_settings.get("OVEN").cloned()).as_deref(), Some("hot"));
    assert_eq!(tenant.setting("/httpSettings/requireHttps"), false);

    let cloud = tenant.cloud().clone();
    let admin = tenant.admin().with_observer(move |step| {
        if step.what.contains("the role MCP.Access") {
            cloud.sites()[0].auth_settings["httpSettings"] = json!({ "requireHttps": true });
        }
    });
    admin.preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
    assert_eq!(tenant.setting("/httpSettings/requireHttps"), true);
    assert_eq!(tenant.call(FOUNDRY_AGENT).await.0, StatusCode::OK);
}
