//! The instructions that the emulator prints once it listens.

use std::path::Path;

use easyauth_emulator::{Cloud, Gateway, sample};

use crate::stdout::say;

/// Prints the addresses and how to use them.
pub(super) fn print(cloud: &Cloud, gateway: Option<&Gateway>, authority: Option<&Path>) {
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
    say("Start the app with one of these:");
    print_settings(cloud, gateway);
    say("\nClients (id, secret):");
    for (id, secret, what) in [
        (sample::AGENT, sample::AGENT_SECRET, "has the role MCP.Access"),
        (sample::ROLELESS, sample::ROLELESS_SECRET, "has no role"),
        (sample::UNLISTED, sample::UNLISTED_SECRET, "has the role, but is not an allowed client"),
    ] {
        say(format_args!("  {id}  {secret:<22} {what}"));
    }
    say("\nA token:");
    print_token_request(cloud, authority);
    say("\nFor programs that use a managed identity:");
    let (endpoint, header) = (cloud.identity_endpoint(), cloud.identity_header());
    say(format_args!("  IDENTITY_ENDPOINT={endpoint} IDENTITY_HEADER={header}"));
    say("\nCtrl-C ends it.");
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

fn print_settings(cloud: &Cloud, gateway: Option<&Gateway>) {
    let (origin, tenant, api) = (cloud.origin(), cloud.tenant_id(), sample::API);
    let ids = format!("ENTRA_TENANT_ID={tenant} ENTRA_CLIENT_ID={api}");
    let allowed: Vec<_> = sample::ALLOWED_CLIENTS.iter().map(ToString::to_string).collect();
    if let Some(gateway) = gateway {
        say(format_args!("  WEBSITE_AUTH_ENABLED=true PUBLIC_URL={} {ids}", gateway.origin()));
    }
    say(format_args!(
        "  AUTH_MODE=entra ENTRA_AUTHORITY={origin} {ids} ENTRA_ALLOWED_CLIENTS={}",
        allowed.join(",")
    ));
}

fn print_token_request(cloud: &Cloud, authority: Option<&Path>) {
    let (origin, tenant) = (cloud.origin(), cloud.tenant_id());
    let trust = authority.map(|file| format!(" --cacert {}", file.display())).unwrap_or_default();
    say(format_args!(
        "  curl -s{trust} {origin}/{tenant}/oauth2/v2.0/token -d grant_type=client_credentials \\"
    ));
    say(format_args!(
        "    -d client_id={} -d client_secret={} -d scope=api://{}/.default",
        sample::AGENT,
        sample::AGENT_SECRET,
        sample::API
    ));
}
