//! Logs: pretty for people, JSON for everything else, always on stderr.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::{LogFormat, Settings};

/// Said by libraries at a level that would drown our own words, or with what a caller sent: `rmcp::service` repeats ids and
/// methods in its warnings, `rmcp::transport` hosts and origins, and the adapter logs what failed or was refused.
const QUIET: [&str; 3] = ["rmcp=warn", "rmcp::service=off", "rmcp::transport=error"];

/// Starts the log for the rest of the process; a panic becomes a log line too.
pub fn start(settings: &Settings) {
    let filter = EnvFilter::new(QUIET.join(",") + "," + &settings.log);
    let json = match settings.log_format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Pretty => false,
    };
    let registry = tracing_subscriber::registry().with(filter);
    if json {
        let layer =
            fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(stderr);
        registry.with(layer).init();
    } else {
        registry
            .with(
                fmt::layer()
                    .compact()
                    .with_target(false)
                    .with_ansi(stderr().is_terminal())
                    .with_writer(stderr),
            )
            .init();
    }
    std::panic::set_hook(Box::new(|panic| {
        // The message may quote what a caller sent: the place is enough to find it.
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "a panic");
    }));
}
