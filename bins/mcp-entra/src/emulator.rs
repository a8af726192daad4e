//! `mcp-entra emulator`: starts the emulated cloud and the gateway, and prints how to use them.

mod app;
mod arguments;
mod certificates;
mod instructions;
mod tenant;

use std::{collections::BTreeMap, fs, net::SocketAddr, process::ExitCode};

use anyhow::{Context as _, Result};
use easyauth_emulator::{Cloud, Emulator, Gateway, Options, Recorded};
use tokio::net::TcpListener;

use self::app::App;
pub(crate) use self::arguments::Arguments;
use crate::interruption::Interruption;

/// Runs the command until Ctrl-C or SIGTERM, or until the app that it started ends, whose exit code is the result then. It
/// exits with 2 when the emulator cannot start.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let served = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(serve(arguments)));
    served.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(2)
    })
}

async fn serve(arguments: &Arguments) -> Result<ExitCode> {
    let mut interruption = Interruption::listen().context("cannot wait for signals")?;
    let authority = certificates::authority(arguments)?;
    let emulator = start(arguments).await?;
    let saving = tenant::Saving::start(arguments, emulator.cloud());
    let gateway = match upstream(arguments).await? {
        Some(upstream) => Some(guard(arguments, emulator.cloud(), &upstream).await?),
        None => None,
    };
    let guarded = gateway.as_ref().map(|(gateway, variables)| (gateway, variables));
    instructions::print(
        emulator.cloud(),
        guarded,
        arguments.command.is_empty(),
        authority.as_deref(),
    );
    let ended = if let Some((_, variables)) = guarded.filter(|_| !arguments.command.is_empty()) {
        App::start(&arguments.command, variables)?.run(&mut interruption).await
    } else {
        interruption.requested().await;
        Ok(ExitCode::SUCCESS)
    };
    if let Some(saving) = saving {
        saving.finish().await?;
    }
    ended
}

/// Starts the issuer, Graph and Resource Manager, with the web apps.
async fn start(arguments: &Arguments) -> Result<Emulator> {
    let tenant = tenant::read(arguments)?;
    let listener = listen(arguments.cloud_listen, "--cloud-listen").await?;
    let emulator = Emulator::serve(listener, tenant.directory, options(arguments)?)
        .context("--cloud-listen or --cloud-public-origin")?;
    emulator.cloud().sites().extend(tenant.sites);
    Ok(emulator)
}

/// Starts the gateway in front of the app, and returns the variables that the platform gives the app.
async fn guard(
    arguments: &Arguments,
    cloud: &Cloud,
    upstream: &str,
) -> Result<(Gateway, BTreeMap<String, String>)> {
    let site = tenant::site(arguments, cloud)?;
    let listener = listen(arguments.listen, "--listen").await?;
    let gateway = Gateway::serve(listener, cloud.clone(), &site, upstream);
    let gateway = gateway.context("--listen, --public-origin or --upstream")?;
    let mut variables = gateway.environment();
    if let Some(api) = variables.get("WEBSITE_AUTH_CLIENT_ID").and_then(|id| id.parse().ok()) {
        let callback = format!("{}/.auth/login/aad/callback", gateway.origin());
        cloud.directory().add_redirect_uri(api, &callback);
    }
    let authority = upstream.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let port = authority.rsplit_once(':').map_or("80", |(_, port)| port);
    variables.insert("PORT".to_owned(), port.to_owned());
    Ok((gateway, variables))
}

/// Returns where the app listens: at --upstream, or on a free port where this program starts it.
async fn upstream(arguments: &Arguments) -> Result<Option<String>> {
    if arguments.upstream.is_some() || arguments.command.is_empty() {
        return Ok(arguments.upstream.clone());
    }
    let free = TcpListener::bind("127.0.0.1:0").await.context("there is no free port")?;
    Ok(Some(format!("http://{}", free.local_addr()?)))
}

fn options(arguments: &Arguments) -> Result<Options> {
    let mut options = Options::default();
    options.issuer.checks_resource = arguments.check_resource;
    options.issuer.refuses_own_scope = arguments.refuse_own_scope;
    options.issuer.asks_consent = arguments.ask_consent;
    options.access.hosts.clone_from(&arguments.allow_host);
    options.access.origins.clone_from(&arguments.allow_origin);
    if let Some(file) = &arguments.recorded {
        let cannot = || format!("--recorded: {}", file.display());
        let text = fs::read_to_string(file).with_context(cannot)?;
        let recorded = Recorded::from_toml(&text).with_context(cannot)?;
        for name in recorded.apply(&mut options).with_context(cannot)? {
            tracing::info!("--recorded: the answer {name} decides no option of the emulator");
        }
    }
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
