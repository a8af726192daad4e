//! `mcp-entra emulator`: starts the emulated cloud and the gateway, and prints how to use them.

mod arguments;
mod certificates;
mod instructions;

use std::{fs, net::SocketAddr, process::ExitCode};

use anyhow::{Context as _, Result};
use easyauth_emulator::{Directory, Emulator, Gateway, Options, sample};
use tokio::net::TcpListener;

pub(crate) use self::arguments::Arguments;
use crate::interruption::Interruption;

/// The site's name.
const SITE: &str = "app";

/// Runs the command until Ctrl-C or SIGTERM. It exits with 2 when the emulator cannot start.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let served = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(serve(arguments)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn serve(arguments: &Arguments) -> Result<()> {
    let mut interruption = Interruption::listen().context("cannot wait for signals")?;
    let template = match &arguments.auth_settings {
        Some(file) => fs::read_to_string(file)
            .with_context(|| format!("--auth-settings: cannot read {}", file.display()))?,
        None => sample::AUTH_SETTINGS.to_owned(),
    };
    let site = sample::site(SITE, &template).context("--auth-settings")?;
    let listener = listen(arguments.cloud_listen, "--cloud-listen").await?;
    let authority = certificates::authority(arguments)?;
    let emulator = Emulator::serve(listener, Directory::sample(), options(arguments)?)
        .context("--cloud-listen or --cloud-public-origin")?;
    emulator.cloud().sites().push(site);
    let gateway = match &arguments.upstream {
        Some(upstream) => {
            let listener = listen(arguments.listen, "--listen").await?;
            let gateway = Gateway::serve(listener, emulator.cloud().clone(), SITE, upstream);
            Some(gateway.context("--listen, --public-origin or --upstream")?)
        }
        None => None,
    };
    if let Some(gateway) = &gateway {
        let callback = format!("{}/.auth/login/aad/callback", gateway.origin());
        emulator.cloud().directory().add_redirect_uri(sample::API, callback);
    }
    instructions::print(emulator.cloud(), gateway.as_ref(), authority.as_deref());
    interruption.requested().await;
    Ok(())
}

fn options(arguments: &Arguments) -> Result<Options> {
    let mut options = Options::default();
    options.issuer.checks_resource = arguments.check_resource;
    options.access.hosts.clone_from(&arguments.allow_host);
    options.access.origins.clone_from(&arguments.allow_origin);
    options.listener.tls = certificates::tls(arguments)?;
    options.listener.allows_other_machines = arguments.i_know_these_are_fake_credentials;
    options.listener.app_origin.clone_from(&arguments.public_origin);
    options.listener.cloud_origin.clone_from(&arguments.cloud_public_origin);
    Ok(options)
}

async fn listen(address: SocketAddr, option: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("{option}: cannot listen on {address}"))
}
