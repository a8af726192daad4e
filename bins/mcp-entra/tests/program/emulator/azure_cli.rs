//! The real Azure CLI, unmodified, at the emulated cloud over TLS.

use easyauth_emulator::{Cloud, sample};
use restaurant_tests::azure_cli::AzureCli;
use serde_json::{Value, json};

use super::tenant::Tenant;

/// The options that name the web app.
const APP: &str = "--name app --resource-group sample";

/// Signs in as the operator and runs commands.
async fn az(tenant: &Tenant, commands: &[&str]) -> Vec<Value> {
    let sites = [sample::site("app", sample::AUTH_SETTINGS).unwrap()];
    tenant.cloud().sites().extend(sites);
    let az = AzureCli::find(tenant.cloud(), tenant.folder.path(), &tenant.file("ca.pem")).unwrap();
    let words = |command: &&str| command.split(' ').map(str::to_owned).collect();
    let sign_in = az.sign_in();
    let count = sign_in.len();
    let commands: Vec<Vec<String>> =
        sign_in.into_iter().chain(commands.iter().map(words)).collect();
    let printed = tokio::task::spawn_blocking(move || az.run(&commands)).await.unwrap().unwrap();
    printed[count..].to_vec()
}

fn id_of_made(cloud: &Cloud) -> String {
    let directory = cloud.directory();
    let made = directory.applications.iter().find(|it| it.display_name == "Made").unwrap();
    made.app_id.to_string()
}

/// A test of one group of commands.
macro_rules! group {
    ($name:ident, $tenant:ident, [$($command:expr),+ $(,)?] => $printed:ident $judge:block) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let $tenant = Tenant::start().await;
            let $printed = az(&$tenant, &[$(&$command),+]).await;
            $judge
        }
    };
}

group! { account_show_and_list, tenant, [
    "account show", "account list", "account get-access-token",
    "cloud show --name Emulator",
] => printed {
    assert_eq!(printed[0]["tenantId"], json!(sample::TENANT_ID));
    assert_eq!(printed[0]["user"]["name"], json!(sample::OPERATOR));
    assert_eq!(printed[1][0]["id"], printed[0]["id"]);
    assert_eq!(printed[2]["tokenType"], "Bearer");
    assert_eq!(printed[3]["endpoints"]["activeDirectory"], tenant.cloud().origin());
}}

group! { rest, tenant, [
    format!("rest --method GET --url {}/v1.0/organization", graph(tenant.cloud())),
    format!("rest --method GET --url {}/subscriptions?api-version=2022-12-01", tenant.cloud().origin()),
] => printed {
    assert_eq!(printed[0]["value"][0]["id"], json!(sample::TENANT_ID));
    assert_eq!(printed[1]["value"][0]["state"], "Enabled");
}}

/// Where the Azure CLI finds Graph: at the other loopback name.
fn graph(cloud: &Cloud) -> String {
    cloud.origin().replace("127.0.0.1", "localhost")
}

group! { ad_app_create_show_list_update_delete, tenant, [
    "ad app create --display-name Made",
    format!("ad app show --id {}", sample::AGENT),
    "ad app list --display-name Made",
    format!("ad app update --id {} --identifier-uris api://agent", sample::AGENT),
    format!("ad app permission list --id {}", sample::AGENT),
    format!("ad app delete --id {}", sample::ROLELESS),
] => printed {
    let id = json!(id_of_made(tenant.cloud()));
    assert_eq!([&printed[0]["appId"], &printed[2][0]["appId"]], [&id, &id]);
    assert_eq!(printed[1]["displayName"], "Agent");
    assert_eq!(printed[4], json!([]));
    let directory = tenant.cloud().directory();
    assert_eq!(directory.application(sample::AGENT).unwrap().identifier_uris, ["api://agent"]);
    assert!(directory.application(sample::ROLELESS).is_none());
}}

group! { ad_app_credential_reset, tenant, [
    format!("ad app credential reset --id {}", sample::AGENT),
    format!("ad app credential reset --id {} --create-cert --append", sample::AGENT),
    format!("ad app credential list --id {} --cert", sample::AGENT),
] => printed {
    let directory = tenant.cloud().directory();
    let agent = directory.application(sample::AGENT).unwrap();
    assert!(agent.secrets.iter().any(|secret| printed[0]["password"] == secret.as_str()));
    assert_eq!(printed[2].as_array().unwrap().len(), 1);
    assert!(printed[1]["fileWithCertAndPrivateKey"].is_string());
}}

group! { ad_sp_create_show_list, tenant, [
    "ad app create --display-name Made",
    format!("ad sp show --id {}", sample::AGENT),
    "ad sp list --display-name Agent",
    format!("ad sp delete --id {}", sample::AGENT),
    format!("ad sp create --id {}", sample::AGENT),
] => printed {
    let agent = json!(sample::AGENT);
    let found = [&printed[1]["appId"], &printed[2][0]["appId"], &printed[4]["appId"]];
    assert_eq!(found, [&agent, &agent, &agent]);
    assert_ne!(printed[4]["id"], json!(sample::object_id(sample::AGENT)), "it is a new one");
}}

group! { role_assignment_list_and_group_list, tenant, [
    "role assignment list --all", "group list",
] => printed {
    assert_eq!(printed[0], json!([]));
    assert_eq!(printed[1][0]["name"], "sample");
}}

group! { webapp_list_show_restart, tenant, [
    "webapp list", format!("webapp show {APP}"), format!("webapp restart {APP}"),
] => printed {
    assert_eq!([&printed[0][0]["name"], &printed[1]["name"]], ["app", "app"]);
    assert_eq!(tenant.cloud().sites()[0].restarts, 1);
}}

group! { webapp_config_appsettings_list_and_set, tenant, [
    format!("webapp config appsettings set {APP} --settings COLOUR=blue"),
    format!("webapp config appsettings list {APP}"),
] => printed {
    let settings = printed[1].as_array().unwrap();
    assert!(settings.iter().any(|it| it["name"] == "COLOUR" && it["value"] == "blue"));
    assert_eq!(settings.len(), 2, "what was there stays");
}}

group! { webapp_auth_show_and_update, tenant, [
    format!("webapp auth show {APP}"),
    format!("webapp auth update {APP} --enabled false --action AllowAnonymous"),
] => printed {
    assert_eq!(printed[0]["clientId"], json!(sample::API));
    assert_eq!(printed[0]["unauthenticatedClientAction"], "Return401");
    let settings = tenant.cloud().sites()[0].auth_settings.clone();
    assert_eq!(settings["platform"]["enabled"], false);
    assert_eq!(settings["globalValidation"]["unauthenticatedClientAction"], "AllowAnonymous");
    assert_eq!(settings["globalValidation"]["excludedPaths"], json!(["/healthz"]), "what it has not stays");
}}

group! { login_as_another_with_a_certificate, tenant, [
    format!(
        "login --service-principal -u {} --certificate {} --tenant {}",
        sample::AGENT,
        tenant.file("certificate.pem").display(),
        sample::TENANT_ID
    ),
] => printed {
    assert_eq!(printed[0][0]["user"]["name"], json!(sample::AGENT));
}}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_with_the_managed_identity() {
    let tenant = Tenant::start().await;
    let az = AzureCli::find(tenant.cloud(), tenant.folder.path(), &tenant.file("ca.pem")).unwrap();
    let cloud = tenant.cloud().clone();
    let identity = [
        ("IDENTITY_ENDPOINT", cloud.identity_endpoint()),
        ("IDENTITY_HEADER", cloud.identity_header().to_owned()),
    ];
    let az = az.with(identity);
    let mut commands = az.sign_in();
    commands.pop();
    let words = |command: &str| command.split(' ').map(str::to_owned).collect();
    commands.push(words("login --identity --allow-no-subscriptions"));
    let printed = tokio::task::spawn_blocking(move || az.run(&commands)).await.unwrap().unwrap();
    assert_eq!(printed[2][0]["user"]["name"], "systemAssignedIdentity");
}
