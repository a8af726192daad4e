//! `setup --client` and `doctor --client`: the clients that people sign in with.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use entra_admin::{InteractiveClient, ResourceMetadata};

use super::{Doctor, SetUp, admin, conclude, connection::Connection, remedy, tell_azd};
use crate::stdout::say;

/// Sets a client up, and prints what is entered in it.
pub(super) async fn set_up(
    client: &InteractiveClient,
    options: &SetUp,
    connection: &Connection,
) -> Result<ExitCode> {
    let admin = admin(connection)?.adopting(options.adopt);
    let done = admin.setup_client(client, &options.redirect_uris).await?;
    conclude(&done.steps);
    if let Some(client_id) = done.client_id {
        say(format_args!("client id of {client}: {client_id}"));
        if client.needs_secret() {
            say(format_args!(
                "it needs a secret too, which this prints once: az ad app credential reset --append --id {client_id} --query password --output tsv"
            ));
        }
    }
    tell_azd(&admin, connection).await
}

/// Predicts a client's sign-in. It exits with 1 if something is wrong.
pub(super) async fn doctor(
    client: &InteractiveClient,
    options: &Doctor,
    connection: &Connection,
) -> Result<ExitCode> {
    let admin = admin(connection)?;
    let origin = match &options.url {
        Some(url) => url.clone(),
        None => admin.origin().await?,
    };
    let metadata = ResourceMetadata::fetch(&origin).await.context("--url")?;
    let redirect_uris = &options.redirect_uris;
    let findings = admin.doctor_client(client, redirect_uris, metadata.as_ref()).await?;
    for finding in &findings {
        let remedy = remedy::wording(&finding.remedy, connection);
        say(format_args!("{}\n  to correct it: {remedy}", finding.problem));
    }
    if findings.is_empty() {
        say(format_args!("nothing is wrong for {client}"));
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// Returns the client of a name or of a client id.
pub(super) fn interactive_client(name: &str) -> Result<InteractiveClient, String> {
    let names: Vec<_> = InteractiveClient::NAMED.iter().map(ToString::to_string).collect();
    InteractiveClient::by_name(name)
        .ok_or_else(|| format!("give one of {}, or a client id", names.join(", ")))
}
