//! From an empty tenant to an allowed agent, without manual steps.

use std::sync::{Arc, Mutex};

use easyauth_emulator::{
    Options,
    sample::{FOUNDRY_AGENT, MANAGED_IDENTITY, OPERATOR, TENANT_ID, object_id},
};
use entra_admin::{ClientCredential, Setup, Step};
use reqwest::StatusCode;
use serde_json::json;

use crate::tenant::{CHECKS, METADATA_SETTING, NAME, OTHER_AGENT, POLICY, SITE, Tenant, set_up};

#[tokio::test]
async fn an_agent_that_was_let_in_calls_and_others_do_not() {
    let tenant = Tenant::with_agent().await;
    assert_eq!(tenant.call(FOUNDRY_AGENT).await, (StatusCode::OK, json!(["MCP.Access"])));
    assert_eq!(tenant.call(OTHER_AGENT).await.0, StatusCode::FORBIDDEN);

    let id = tenant.client_id();
    let lists = json!([id, FOUNDRY_AGENT]);
    assert_eq!([tenant.setting(POLICY), tenant.setting(CHECKS)], [lists.clone(), lists]);
    let scope = tenant.site(|site| site.app_settings[METADATA_SETTING].clone());
    assert_eq!(scope, format!("api://{id}/user_impersonation"));
    assert_eq!(tenant.setting("/platform"), json!({ "enabled": true, "runtimeVersion": "~2" }));
    // Other settings are as they were deployed.
    assert_eq!(tenant.setting("/login/tokenStore/enabled"), true);
    assert_eq!(tenant.setting("/globalValidation/excludedPaths"), json!(["/healthz"]));
    let registration = tenant.setting("/identityProviders/azureActiveDirectory/registration");
    assert_eq!(
        registration["openIdIssuer"],
        format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0")
    );
    assert_eq!(registration["clientSecretSettingName"], "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID");
    let identity =
        tenant.site(|site| site.app_settings["OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"].clone());
    assert_eq!(identity, MANAGED_IDENTITY.to_string());
    let trusted = tenant.application(|it| it.federated_credentials[0].clone());
    assert_eq!(trusted.subject, object_id(MANAGED_IDENTITY).to_string());
    assert_eq!(trusted.audiences, ["api://AzureADTokenExchange"]);
    assert_eq!(tenant.admin().doctor(&[FOUNDRY_AGENT]).await.unwrap(), None);
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let tenant = Tenant::with_agent().await;
    let before = tenant.everything();
    let done = tenant.admin().setup(&set_up()).await.unwrap();
    assert_eq!((done.steps, done.client_id), (Vec::new(), Some(tenant.client_id())));
    let done = tenant.admin().preauthorize(&[object_id(FOUNDRY_AGENT)]).await.unwrap();
    assert!(done.steps.is_empty(), "{:?}", done.steps);
    assert_eq!(done.identities[0].kind, "ServiceIdentity");
    assert_eq!(tenant.everything(), before);
}

#[tokio::test]
async fn roles_for_users_are_defined_once() {
    let tenant = Tenant::start().await;
    let admin = tenant.admin().with_user_roles(["Reviews.Moderate", "Reviews.Read"]);
    admin.setup(&set_up()).await.unwrap();
    let roles = || {
        tenant.application(|it| {
            let roles = it.app_roles.iter();
            roles.map(|it| (it.value.clone(), it.allowed_member_types.clone())).collect::<Vec<_>>()
        })
    };
    let for_ = |role: &str, types: &str| (role.to_owned(), vec![types.to_owned()]);
    let expected = [
        for_("MCP.Access", "Application"),
        for_("Reviews.Moderate", "User"),
        for_("Reviews.Read", "User"),
    ];
    assert_eq!(roles(), expected);
    assert!(admin.setup(&set_up()).await.unwrap().steps.is_empty());
    tenant.admin().setup(&set_up()).await.unwrap();
    assert_eq!(roles(), expected, "without them none goes");
}

#[tokio::test]
async fn new_objects_are_waited_for() {
    let mut options = Options::default();
    options.graph.replication_requests = 2;
    let tenant = Tenant::with(options).await;
    tenant.admin().setup(&set_up()).await.unwrap();
    tenant.admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
    assert_eq!(tenant.call(FOUNDRY_AGENT).await, (StatusCode::OK, json!(["MCP.Access"])));
    // The assignment is not known everywhere yet, so it is asked for again, and that is no fault.
    tenant.admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
    let held = tenant.cloud().directory().assignments.clone();
    let held = held.iter().filter(|it| it.principal_id == object_id(FOUNDRY_AGENT));
    assert_eq!(held.count(), 1);
}

#[tokio::test]
async fn identities_of_every_type_are_let_in_by_either_id() {
    let tenant = Tenant::with_agent().await;
    let ids = [object_id(OTHER_AGENT), MANAGED_IDENTITY, OPERATOR];
    let done = tenant.admin().preauthorize(&ids).await.unwrap();
    let kinds: Vec<_> = done.identities.iter().map(|it| &*it.kind).collect();
    assert_eq!(kinds, ["ServiceIdentity", "ManagedIdentity", "Application"]);
    for client in [OTHER_AGENT, MANAGED_IDENTITY, OPERATOR, FOUNDRY_AGENT] {
        assert_eq!(tenant.call(client).await, (StatusCode::OK, json!(["MCP.Access"])));
    }
}

#[tokio::test]
async fn a_dry_run_tells_the_steps_and_takes_none() {
    let tenant = Tenant::start().await;
    let before = tenant.everything();
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = told.clone();
    let admin = tenant
        .admin()
        .dry_run(true)
        .with_observer(move |step| hear.lock().unwrap().push(step.clone()));
    let planned = admin.setup(&set_up()).await.unwrap();
    assert_eq!(tenant.everything(), before);
    assert_eq!((planned.client_id, *told.lock().unwrap() == planned.steps), (None, true));

    // What is then done are those steps, but for the ids.
    let done = tenant.admin().setup(&set_up()).await.unwrap();
    let calls = |steps: &[Step]| {
        let calls = steps.iter().map(|step| {
            let known = step.to_string().replace(&tenant.client_id().to_string(), "NEW-CLIENT-ID");
            known.replace(&tenant.application(|it| it.id).to_string(), "NEW-OBJECT-ID")
        });
        calls.collect::<Vec<_>>()
    };
    assert_eq!(calls(&planned.steps), calls(&done.steps));
    assert_eq!(done.steps.len(), 10);
    let last = &done.steps[9];
    assert_eq!(last.method, "PUT");
    assert!(last.url.contains(&format!("{SITE}/config/authsettingsV2?")), "{}", last.url);

    let before = tenant.everything();
    let planned = tenant.admin().dry_run(true).preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
    assert_eq!(planned.steps.len(), 2);
    let planned = tenant.admin().dry_run(true).remove(&[FOUNDRY_AGENT]).await.unwrap();
    assert!(planned.steps.is_empty());
    assert_eq!(tenant.everything(), before);
}

#[tokio::test]
async fn a_missing_service_principal_is_made_first() {
    let tenant = Tenant::with_agent().await;
    let id = tenant.client_id();
    tenant.directory(|directory| {
        let principal = directory.service_principal(id).unwrap().id;
        directory.service_principals.retain(|it| it.id != principal);
        directory.assignments.retain(|it| it.resource_id != principal);
    });
    let before = tenant.everything();
    let planned = tenant.admin().dry_run(true).preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
    assert_eq!(tenant.everything(), before);
    let done = tenant.admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
    let what = |steps: &[Step]| steps.iter().map(|step| step.what.clone()).collect::<Vec<_>>();
    let first = format!("make the service principal of {NAME}");
    let expected = [&*first, "give Foundry agent the role MCP.Access"];
    assert_eq!([what(&planned.steps), what(&done.steps)], [expected, expected]);
    assert_eq!(tenant.call(FOUNDRY_AGENT).await, (StatusCode::OK, json!(["MCP.Access"])));
}

#[tokio::test]
async fn a_secret_goes_into_the_app_setting_and_nowhere_else() {
    let tenant = Tenant::start().await;
    let by_secret =
        Setup { display_name: NAME.to_owned(), credential: ClientCredential::ClientSecret };
    let done = tenant.admin().setup(&by_secret).await.unwrap();
    let secret = tenant.application(|it| it.secrets.clone()).remove(0);
    let name = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET";
    assert_eq!(tenant.site(|site| site.app_settings[name].clone()), secret);
    let registration = tenant.setting("/identityProviders/azureActiveDirectory/registration");
    assert_eq!(registration["clientSecretSettingName"], name);
    let shown = format!("{done:?}");
    assert!(!shown.contains(&secret) && !shown.contains("a-secret"), "{shown}");
    assert!(shown.contains(name), "{shown}");

    let before = tenant.everything();
    assert!(tenant.admin().setup(&by_secret).await.unwrap().steps.is_empty());
    assert_eq!(tenant.everything(), before);
}
