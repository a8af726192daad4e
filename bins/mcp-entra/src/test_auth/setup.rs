//! The probe that the options describe.

use std::{
    fmt::Display,
    io::{Write as _, stdin},
    sync::Arc,
};

use anyhow::Result;
use auth_probe::{AuthSwitch, Probe, Target, TokenSource};
use azure_core::credentials::TokenCredential;
use entra_admin::{Endpoint, WebApp};
use mcp_entra::{AppServiceSwitch, Commands, TokenSourceCredential};

use super::{
    Usage,
    arguments::{Arguments, needs_credential},
    is_attended, usage,
};
use crate::identity::Identity;

/// Returns the probe of a deployed app.
pub(super) fn deployed(arguments: &Arguments) -> Result<Probe> {
    let target = target(arguments)?;
    let cases = arguments.cases.select()?;
    let needed = cases.iter().copied().any(needs_credential);
    let useful = cases.iter().any(|case| case.forges);
    let tokens = arguments.credentials.tokens(
        &target,
        arguments.cloud(),
        arguments.authority(),
        needed,
        useful,
    )?;
    let mut probe = Probe::new(target, tokens);
    probe.wording = Box::new(Commands);
    probe.auth_switch = auth_switch(arguments, &probe.target)?;
    probe.policy = arguments.policy()?;
    probe.identities = arguments.identities()?;
    probe.writes = !arguments.no_writes;
    probe.timeout = arguments.timeout;
    probe.patience = arguments.patience;
    Ok(probe)
}

fn target(arguments: &Arguments) -> Result<Target> {
    let Some(url) = arguments.url() else { return usage("--url is missing") };
    let Some(tenant) = arguments.tenant else {
        return usage("--tenant (or AZURE_TENANT_ID) is missing: the id of the Entra tenant");
    };
    let Some(client_id) = arguments.client_id else {
        return usage("--client-id is missing: the client id of the app's own registration");
    };
    let target = Target::new(url, tenant, client_id).map_err(wrong("--url"))?;
    let target = target.profile(arguments.profile()?);
    let target = match &arguments.mcp_path {
        Some(path) => target.mcp_path(path).map_err(wrong("--mcp-path"))?,
        None => target,
    };
    let target = target.authority(arguments.authority()).map_err(wrong("--authority"))?;
    let target = match &arguments.role {
        Some(role) => target.role(role),
        None => target,
    };
    let scope = arguments.credentials.scope.as_deref().unwrap_or_default();
    Ok(match scope.rsplit_once('/') {
        Some((uri, _)) => target.identifier_uri(uri),
        None => target,
    })
}

fn wrong<E: Display>(option: &'static str) -> impl Fn(E) -> anyhow::Error {
    move |error| Usage(format!("{option}: {error}")).into()
}

/// Returns the switch of the web app's authentication, after a confirmation.
fn auth_switch(arguments: &Arguments, target: &Target) -> Result<Option<Box<dyn AuthSwitch>>> {
    let switching = &arguments.switching;
    let Some(id) = switching.resource_id.as_ref().filter(|_| switching.allow_disabling_auth) else {
        return Ok(None);
    };
    let signed_in = || Identity::AzureCli.credential(target.tenant_id(), arguments.authority());
    let credential: Arc<dyn TokenCredential> = match &switching.arm_token_file {
        Some(file) => Arc::new(TokenSourceCredential(TokenSource::File(file.clone()))),
        None => signed_in().map_err(Usage)?,
    };
    let endpoint = Endpoint::resource_manager_in(arguments.cloud(), credential)?;
    let endpoint = match &switching.resource_manager {
        Some(url) => endpoint.at(url).map_err(wrong("--resource-manager"))?,
        None => endpoint,
    };
    let web_app = WebApp::new(endpoint, id).map_err(wrong("--resource-id"))?;
    confirm(switching.confirm.as_deref(), web_app.name(), target.origin())?;
    Ok(Some(Box::new(AppServiceSwitch::new(web_app, &switching.settings_folder))))
}

fn confirm(given: Option<&str>, name: &str, origin: &str) -> Result<()> {
    let answer = match given {
        Some(given) => given.to_owned(),
        None if is_attended() => {
            eprint!(
                "While group A runs, {origin} answers everybody, without authentication.\n\
                 Type the web app's name, {name}, to go on: "
            );
            std::io::stderr().flush()?;
            let mut line = String::new();
            stdin().read_line(&mut line)?;
            line.trim().to_owned()
        }
        None => {
            return usage(format!(
                "--allow-disabling-auth wants a confirmation: give --confirm {name}"
            ));
        }
    };
    if answer == name {
        Ok(())
    } else {
        usage(format!("{answer:?} is not the web app's name, {name}"))
    }
}
