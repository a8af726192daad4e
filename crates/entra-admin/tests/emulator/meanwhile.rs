//! Concurrent changes by another writer are kept, for every command that writes and at every request.

use std::sync::Arc;

use easyauth_emulator::{
    Cloud, Options,
    sample::{FOUNDRY_AGENT, OPERATOR},
};
use entra_admin::{Admin, AdminError, Endpoint};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    relay::{Relay, When},
    tenant::{
        CHECKS, GRAPH, NAME, OTHER_AGENT, POLICY, RESOURCE_MANAGER, Ready, SITE, Tenant, set_up,
    },
};

/// A tenant whose lists come in one page, so that the relay need not change addresses in answers.
async fn tenant(conditional_writes: bool) -> Tenant {
    let mut options = Options::default();
    options.graph.page_size = 100;
    options.arm.conditional_writes = conditional_writes;
    Tenant::with(options).await
}

/// A tenant with two allowed agents.
async fn with_two(conditional_writes: bool) -> Tenant {
    let tenant = tenant(conditional_writes).await;
    tenant.admin().setup(&set_up()).await.unwrap();
    tenant.admin().preauthorize(&[FOUNDRY_AGENT, OTHER_AGENT]).await.unwrap();
    tenant
}

/// The operator, behind a relay.
fn behind(tenant: &Tenant, relay: &Relay) -> Admin {
    let endpoint = |make: fn(Arc<dyn azure_core::credentials::TokenCredential>) -> _, api| {
        let token = Arc::new(Ready(tenant.token(OPERATOR, api)));
        let endpoint: Result<Endpoint, AdminError> = make(token);
        endpoint.unwrap().at(&relay.origin).unwrap()
    };
    let graph = endpoint(Endpoint::graph, GRAPH);
    let resource_manager = endpoint(Endpoint::resource_manager, RESOURCE_MANAGER);
    Admin::new(easyauth_emulator::sample::TENANT_ID, graph, resource_manager, SITE).unwrap()
}

/// Another operator shuts an agent out.
fn shut_out(cloud: &Cloud, agent: uuid::Uuid) {
    let site = &mut cloud.sites()[0];
    for list in [POLICY, CHECKS] {
        let list = site.auth_settings.pointer_mut(list).unwrap().as_array_mut().unwrap();
        list.retain(|client| *client != json!(agent));
    }
}

fn is_listed(tenant: &Tenant, agent: uuid::Uuid) -> bool {
    [POLICY, CHECKS]
        .iter()
        .any(|list| tenant.setting(list).as_array().unwrap().contains(&json!(agent)))
}

fn is_write(method: &Method, path: &str) -> bool {
    *method == Method::PUT && path.ends_with("/config/authsettingsV2")
}

/// A request that is made between the first look at the settings and the write.
fn is_between(method: &Method, path: &str) -> bool {
    *method == Method::GET && path.starts_with("/v1.0/servicePrincipals")
}

type Moment = fn(&Method, &str) -> bool;

/// When the other one writes, and whether the service has to have versions for it to be seen.
const MOMENTS: [(Moment, bool); 3] = [(is_between, false), (is_between, true), (is_write, true)];

#[tokio::test]
async fn who_is_shut_out_meanwhile_is_not_let_in_again() {
    for (moment, has_versions) in MOMENTS {
        let tenant = with_two(has_versions).await;
        let saved = tenant.saved();
        for command in ["remove", "preauthorize", "setup"] {
            tenant.restore(&saved);
            // There is something to write for each of them.
            tenant.set("/platform/runtimeVersion", json!("~1"));
            if command == "preauthorize" {
                shut_out(tenant.cloud(), FOUNDRY_AGENT);
            }
            let cloud = tenant.cloud().clone();
            let act = move || shut_out(&cloud, OTHER_AGENT);
            let relay = Relay::start(tenant.cloud().origin(), When::Before, 1, moment, act).await;
            let admin = behind(&tenant, &relay);
            match command {
                "remove" => drop(admin.remove(&[FOUNDRY_AGENT]).await.unwrap()),
                "preauthorize" => drop(admin.preauthorize(&[FOUNDRY_AGENT]).await.unwrap()),
                _ => drop(admin.setup(&set_up()).await.unwrap()),
            }
            assert_eq!(relay.left(), 0, "{command}");
            assert!(!is_listed(&tenant, OTHER_AGENT), "{command}, versions: {has_versions}");
            let agent = tenant.call(FOUNDRY_AGENT).await.0;
            let expected = if command == "remove" { StatusCode::FORBIDDEN } else { StatusCode::OK };
            assert_eq!(agent, expected, "{command}");
        }
    }
}

/// A write that is put off is made anew when it is sent again.
#[tokio::test]
async fn a_write_that_is_sent_again_is_made_anew() {
    for has_versions in [true, false] {
        let mut options = Options::default();
        options.arm.conditional_writes = has_versions;
        let failing = |nth| easyauth_emulator::FailingWrite { nth, status: 503, retry_after: None };
        // The first two writes are those of setup, and the third is that of preauthorize.
        options.arm.failing_writes = vec![failing(4)];
        options.graph.page_size = 100;
        let tenant = Tenant::with(options).await;
        tenant.admin().setup(&set_up()).await.unwrap();
        tenant.admin().preauthorize(&[FOUNDRY_AGENT, OTHER_AGENT]).await.unwrap();
        let cloud = tenant.cloud().clone();
        let act = move || shut_out(&cloud, OTHER_AGENT);
        let relay = Relay::start(tenant.cloud().origin(), When::After, 1, is_write, act).await;
        behind(&tenant, &relay).remove(&[FOUNDRY_AGENT]).await.unwrap();
        assert_eq!(relay.left(), 0);
        for agent in [FOUNDRY_AGENT, OTHER_AGENT] {
            assert!(!is_listed(&tenant, agent), "versions: {has_versions}");
        }
    }
}

/// Somebody who read before and writes after undoes the change; it is made again.
#[tokio::test]
async fn a_change_that_is_overwritten_is_made_again() {
    let tenant = with_two(true).await;
    let before = tenant.site(|site| site.auth_settings.clone());
    let cloud = tenant.cloud().clone();
    let act = move || cloud.sites()[0].auth_settings = before.clone();
    let relay = Relay::start(tenant.cloud().origin(), When::After, 2, is_write, act).await;
    let removed = behind(&tenant, &relay).remove(&[FOUNDRY_AGENT]).await.unwrap();
    assert_eq!((relay.left(), removed.steps.len()), (0, 4), "{:?}", removed.steps);
    assert!(!is_listed(&tenant, FOUNDRY_AGENT) && is_listed(&tenant, OTHER_AGENT));
}

#[tokio::test]
async fn who_is_overwritten_all_the_time_is_told() {
    let tenant = with_two(false).await;
    let before = tenant.site(|site| site.auth_settings.clone());
    let cloud = tenant.cloud().clone();
    let act = move || cloud.sites()[0].auth_settings = before.clone();
    let relay = Relay::start(tenant.cloud().origin(), When::After, 100, is_write, act).await;
    let admin = behind(&tenant, &relay).with_patience(std::time::Duration::from_secs(2));
    let error = admin.remove(&[FOUNDRY_AGENT]).await.unwrap_err();
    assert!(matches!(error, AdminError::Contended { .. }), "{error}");
}

/// What others add to the registration and to the app settings stays as well.
#[tokio::test]
async fn what_is_added_meanwhile_stays() {
    let tenant = tenant(true).await;
    let cloud = tenant.cloud().clone();
    let add_address = move || {
        let mut directory = cloud.directory();
        let mut all = directory.applications.iter_mut();
        let it = all.find(|application| application.display_name == NAME).unwrap();
        it.identifier_uris.push("https://eat.sample.example/mcp".to_owned());
        it.other.insert("web".to_owned(), json!({ "redirectUris": ["https://eat.example/back"] }));
    };
    // The registration is read when it is made, and again before it is changed.
    let is_read = |method: &Method, path: &str| {
        *method == Method::GET && path.starts_with("/v1.0/applications/")
    };
    let relay = Relay::start(tenant.cloud().origin(), When::Before, 1, is_read, add_address).await;
    behind(&tenant, &relay).setup(&set_up()).await.unwrap();
    assert_eq!(relay.left(), 0);
    let addresses = tenant.application(|it| it.other["web"]["redirectUris"].clone());
    assert_eq!(addresses[0], "https://eat.example/back");
    assert_eq!(addresses.as_array().unwrap().len(), 2);

    let cloud = tenant.cloud().clone();
    let add_setting = move || {
        cloud.sites()[0].app_settings.insert("OVEN".to_owned(), "hot".to_owned());
    };
    tenant.site(|site| site.app_settings.remove("WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES"));
    let is_write =
        |method: &Method, path: &str| *method == Method::PUT && path.ends_with("/appsettings");
    let relay = Relay::start(tenant.cloud().origin(), When::Before, 1, is_write, add_setting).await;
    behind(&tenant, &relay).setup(&set_up()).await.unwrap();
    assert_eq!(relay.left(), 0);
    assert_eq!(tenant.site(|site| site.app_settings["OVEN"].clone()), "hot");
}

/// The role that was taken by somebody else in between is taken, and that is no fault.
#[tokio::test]
async fn a_role_that_somebody_else_takes_is_taken() {
    let tenant = with_two(true).await;
    let cloud = tenant.cloud().clone();
    let act = move || {
        let agent = easyauth_emulator::sample::object_id(FOUNDRY_AGENT);
        cloud.directory().assignments.retain(|it| it.principal_id != agent);
    };
    let is_taking = |method: &Method, _: &str| *method == Method::DELETE;
    let relay = Relay::start(tenant.cloud().origin(), When::Before, 1, is_taking, act).await;
    behind(&tenant, &relay).remove(&[FOUNDRY_AGENT]).await.unwrap();
    assert_eq!(relay.left(), 0);
    assert_eq!(tenant.call(FOUNDRY_AGENT).await, (StatusCode::FORBIDDEN, Value::Null));
}
