//! The instructions that the emulator prints once it listens.

use std::{collections::BTreeMap, path::Path};

use easyauth_emulator::{Cloud, Gateway, Site};
use serde_json::Value;
use uuid::Uuid;

use crate::stdout::say;

/// Where the settings of authentication have the app's registration and its clients.
const CLIENT_ID: &str = "/identityProviders/azureActiveDirectory/registration/clientId";
const ALLOWED: &str = "/identityProviders/azureActiveDirectory/validation/defaultAuthorizationPolicy/allowedApplications";

/// A client that has a secret, and what it asks a token for.
struct Example {
    client_id: Uuid,
    secret: String,
    audience: String,
}

/// Prints the addresses and how to use them.
pub(super) fn print(
    cloud: &Cloud,
    gateway: Option<(&Gateway, &BTreeMap<String, String>)>,
    lists_variables: bool,
    authority: Option<&Path>,
) {
    let variables = gateway.map(|(_, variables)| variables).filter(|_| lists_variables);
    let gateway = gateway.map(|(gateway, _)| gateway);
    say("This is a test double of Azure App Service Authentication and Microsoft Entra ID.");
    say("It asks for no password, and its tokens are not valid anywhere else.");
    if cloud.options().listener.allows_other_machines {
        say("Every machine that reaches it gets every token.\n");
    } else {
        say("It listens on loopback addresses only.\n");
    }
    if let Some(gateway) = gateway {
        say(format_args!("App     {}", gateway.origin()));
    }
    say(format_args!("Cloud   {}", cloud.origin()));
    say(format_args!("Issuer  {}\n", cloud.v2_issuer()));
    if let Some(authority) = authority {
        print_authority(authority);
    }
    if let Some(variables) = variables {
        say("App Service gives its apps these variables:");
        for (name, value) in variables {
            say(format_args!("  {name}={value}"));
        }
        say("");
    }
    let site = gateway.and_then(Gateway::site).or_else(|| cloud.sites().first().cloned());
    if let Some(site) = &site {
        say("Start the app with one of these:");
        print_settings(cloud, gateway, site);
    }
    let examples = examples(cloud, site.as_ref());
    if let Some(example) = examples.first() {
        say("\nClients (id, secret, name, roles):");
        print_clients(cloud, &examples);
        say("\nA token:");
        print_token_request(cloud, example, authority);
        say(
            "\nA token that must be refused (expired, not-yet-valid, wrong-key, wrong-audience, alg-none), and new keys:",
        );
        print_forge(cloud, example, authority);
    }
    say("\nFor programs that use a managed identity:");
    let (endpoint, header) = (cloud.identity_endpoint(), cloud.identity_header());
    say(format_args!("  IDENTITY_ENDPOINT={endpoint} IDENTITY_HEADER={header}"));
    say("\nCtrl-C ends it.");
}

/// Returns the clients that have secrets.
fn examples(cloud: &Cloud, site: Option<&Site>) -> Vec<Example> {
    let directory = cloud.directory();
    let api = site.and_then(|site| site.auth_settings.pointer(CLIENT_ID)?.as_str()?.parse().ok());
    let api = api.and_then(|api: Uuid| directory.application(api));
    let Some(api) = api.or(directory.applications.first()) else { return Vec::new() };
    let named = api.identifier_uris.first().cloned();
    let audience = named.unwrap_or_else(|| api.app_id.to_string());
    let clients = directory.applications.iter();
    let clients = clients.filter_map(|client| {
        let (client_id, audience) = (client.app_id, audience.clone());
        Some(Example { client_id, secret: client.secrets.first()?.clone(), audience })
    });
    clients.collect()
}

fn print_clients(cloud: &Cloud, examples: &[Example]) {
    let directory = cloud.directory();
    for Example { client_id, secret, audience } in examples {
        let principal = directory.service_principal(*client_id);
        let roles = principal
            .zip(directory.resource(audience))
            .map(|(principal, api)| directory.roles(principal.id, api).join(", "));
        let name = principal.map_or("", |principal| &principal.display_name);
        say(format_args!("  {client_id}  {secret:<20}  {name:<26} {}", roles.unwrap_or_default()));
    }
}

/// Prints where the certificate authority is, and the variables by which programs trust it.
fn print_authority(authority: &Path) {
    let file = authority.display();
    say(format_args!("The certificate authority is in {file}"));
    say("Programs trust it with these variables (Python; OpenSSL and Rust; Node):");
    say(format_args!("  export REQUESTS_CA_BUNDLE={file}"));
    say(format_args!("  export SSL_CERT_FILE={file}"));
    say(format_args!("  export NODE_EXTRA_CA_CERTS={file}\n"));
}

fn print_settings(cloud: &Cloud, gateway: Option<&Gateway>, site: &Site) {
    let (origin, tenant) = (cloud.origin(), cloud.tenant_id());
    let api = site.auth_settings.pointer(CLIENT_ID).and_then(Value::as_str).unwrap_or_default();
    let ids = format!("ENTRA_TENANT_ID={tenant} ENTRA_CLIENT_ID={api}");
    let allowed = site.auth_settings.pointer(ALLOWED).and_then(Value::as_array);
    let allowed: Vec<_> = allowed.into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(gateway) = gateway {
        say(format_args!("  WEBSITE_AUTH_ENABLED=true PUBLIC_URL={} {ids}", gateway.origin()));
    }
    say(format_args!(
        "  AUTH_MODE=entra ENTRA_AUTHORITY={origin} {ids} ENTRA_ALLOWED_CLIENTS={}",
        allowed.join(",")
    ));
}

fn print_token_request(cloud: &Cloud, example: &Example, authority: Option<&Path>) {
    let (origin, tenant, trust) = (cloud.origin(), cloud.tenant_id(), trust(authority));
    let Example { client_id, secret, audience } = example;
    say(format_args!(
        "  curl -s{trust} {origin}/{tenant}/oauth2/v2.0/token -d grant_type=client_credentials \\"
    ));
    say(format_args!(
        "    -d client_id={client_id} -d client_secret={secret} -d scope={audience}/.default"
    ));
}

fn print_forge(cloud: &Cloud, example: &Example, authority: Option<&Path>) {
    let (origin, key, trust) = (cloud.origin(), cloud.emulator_key(), trust(authority));
    let Example { client_id, audience, .. } = example;
    say(format_args!("  curl -s{trust} {origin}/emulator/token -H X-Emulator-Key:{key} \\"));
    say(format_args!("    -d fault=expired -d client_id={client_id} -d resource={audience}"));
    say(format_args!(
        "  curl -s{trust} {origin}/emulator/roll-keys -H X-Emulator-Key:{key} -d how=announced"
    ));
}

/// The option by which curl trusts the certificate authority.
fn trust(authority: Option<&Path>) -> String {
    authority.map(|file| format!(" --cacert {}", file.display())).unwrap_or_default()
}
