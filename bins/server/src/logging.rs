//! Logs on stderr: pretty on a terminal, else JSON.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    settings::{LogFormat, Settings},
    telemetry::Telemetry,
};

/// What holds unless LOG says otherwise of the same target. Libraries say some things at a level that would drown our own
/// words, or with what a caller sent: `rmcp::service` repeats ids and methods in its warnings, `rmcp::transport` hosts and
/// origins, and the adapter logs what failed or was refused; `tokio_postgres` has the values of every statement;
/// clients of HTTP and their users have whole addresses, of a collector, a proxy or the identity's endpoint, with what is
/// secret in them. The audit record is kept at every level.
const DIRECTIVES: [&str; 9] = [
    "hyper_util=info",
    "opentelemetry=info",
    "reqwest=info",
    "typespec_client_core=warn",
    // With the colons: a directive holds for every target that begins with it, and `rmcp_guard` is ours.
    "rmcp::=warn",
    "rmcp::service=off",
    "rmcp::transport=error",
    "tokio_postgres=info",
    "audit=info",
];

/// Starts the log and telemetry for the rest of the process. Panics are logged, too.
pub fn start(settings: &Settings, telemetry: Option<&Telemetry>) {
    let filter = || EnvFilter::new(DIRECTIVES.join(",") + "," + &settings.log);
    let json = match settings.log_format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Pretty => false,
    };
    let lines = fmt::layer().with_writer(stderr);
    let lines = if json {
        lines.json().flatten_event(true).with_current_span(false).boxed()
    } else {
        lines.compact().with_target(false).with_ansi(stderr().is_terminal()).boxed()
    };
    let lines = tracing_subscriber::registry().with(lines.with_filter(filter()));
    // Not `Option<Layer>`: a layer without a filter makes each span and each line that is filtered out be asked for anew.
    match telemetry {
        Some(telemetry) => lines.with(telemetry.layer(filter())).init(),
        None => lines.init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        // The message may quote a caller's data. The location is enough to find the cause.
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "a panic");
    }));
}
