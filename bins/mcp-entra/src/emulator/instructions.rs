//! The instructions that the emulator prints once it listens.

use easyauth_emulator::{Cloud, Gateway, sample};

use crate::stdout::say;

/// Prints the addresses and how to use them.
pub(super) fn print(cloud: &Cloud, gateway: Option<&Gateway>) {
    say("This is a test double of Azure App Service Authentication and Microsoft Entra ID.");
    say("It asks for no password, and its tokens are not valid anywhere else.");
    say("It listens on loopback addresses only.\n");
    if let Some(gateway) = gateway {
        say(format_args!("App     {}", gateway.origin()));
    }
    say(format_args!("Cloud   {}", cloud.origin()));
    say(format_args!("Issuer  {}\n", cloud.v2_issuer()));
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
    print_token_request(cloud);
    say("\nFor programs that use a managed identity:");
    let (endpoint, header) = (cloud.identity_endpoint(), cloud.identity_header());
    say(format_args!("  IDENTITY_ENDPOINT={endpoint} IDENTITY_HEADER={header}"));
    say("\nCtrl-C ends it.");
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

fn print_token_request(cloud: &Cloud) {
    let (origin, tenant) = (cloud.origin(), cloud.tenant_id());
    say(format_args!(
        "  curl -s {origin}/{tenant}/oauth2/v2.0/token -d grant_type=client_credentials \\"
    ));
    say(format_args!(
        "    -d client_id={} -d client_secret={} -d scope=api://{}/.default",
        sample::AGENT,
        sample::AGENT_SECRET,
        sample::API
    ));
}
