//! Traces, metrics and logs for an OpenTelemetry collector, for Application Insights, or for both.
//!
//! Names and attributes are OpenTelemetry's semantic conventions. Source: <https://opentelemetry.io/docs/specs/semconv/>.
//! A trace begins with the request here: a `traceparent` that a client sends is not believed, since it could join
//! strangers' requests into one trace, or ask for none.

mod exporters;
mod finished;

use std::{sync::mpsc, thread, time::Duration};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::{OpenTelemetryTracingBridge, TracingSpanAttributes};
use opentelemetry_sdk::{
    Resource, logs::SdkLoggerProvider, metrics::SdkMeterProvider, trace::SdkTracerProvider,
};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, registry::LookupSpan};

pub use self::exporters::check;
use self::{exporters::Exporters, finished::Finished};
use crate::settings::Settings;

/// How long the last of it may take when the server ends.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Who speaks here.
const SCOPE: &str = env!("CARGO_PKG_NAME");

/// The targets of our own spans.
const OURS: [&str; 3] = ["restaurant_server", "restaurant_mcp", "restaurant_storage"];

/// What exporters, and the clients that they send with, say of themselves (targets that begin so), which must not become
/// telemetry again. Their errors are in the log on stderr.
const EXPORTERS: [&str; 3] = ["opentelemetry=off", "hyper=off", "reqwest=off"];

/// What gathers telemetry and sends it.
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    logs: SdkLoggerProvider,
}

impl Telemetry {
    /// Telemetry for where the settings want it to go, if anywhere. Call it outside of the runtime: exporters have threads
    /// of their own, so that a busy server still reports.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn new(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let Some(exporters) = Exporters::new(settings)? else { return Ok(None) };
        let resource = resource(settings);
        let metrics = exporters.metrics(resource.clone())?;
        let logs = exporters.logs(resource.clone())?;
        let traces = exporters.traces(resource, Finished::measured_by(&metrics))?;
        Ok(Some(Self { traces, metrics, logs }))
    }

    /// What takes spans and lines of the log; which lines, the filter says.
    pub fn layer<S>(&self, lines: EnvFilter) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let spans = tracing_opentelemetry::layer()
            .with_tracer(self.traces.tracer(SCOPE))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_filter(filter_fn(is_our_span));
        let lines = EXPORTERS.iter().fold(lines, |lines, directive| match directive.parse() {
            Ok(directive) => lines.add_directive(directive),
            Err(_) => lines,
        });
        let request_id = TracingSpanAttributes::allowlist(["request_id"]);
        let bridge = OpenTelemetryTracingBridge::builder(&self.logs)
            .with_tracing_span_attributes(request_id)
            .build();
        spans.and_then(bridge.with_filter(lines))
    }

    /// Sends what there still is, as far as it can be done in a moment.
    pub fn finish(self) {
        let (done, is_done) = mpsc::channel::<()>();
        thread::spawn(move || {
            // What could not be sent has been logged by the exporters.
            let _ = self.traces.shutdown();
            let _ = self.logs.shutdown();
            let _ = self.metrics.shutdown();
            drop(done);
        });
        // The other end is dropped when it is done.
        let _ = is_done.recv_timeout(LAST_WORDS);
    }
}

/// Who reports: variables of OpenTelemetry may add to it, such as `OTEL_RESOURCE_ATTRIBUTES`.
fn resource(settings: &Settings) -> Resource {
    let resource = Resource::builder()
        .with_service_name(settings.telemetry.service_name().to_owned())
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    match settings.telemetry.instance() {
        Some(id) => resource
            .with_attribute(opentelemetry::KeyValue::new("service.instance.id", id.to_owned())),
        None => resource,
    }
    .build()
}

/// Spans of other crates are theirs to name and to fill, which may be with what a client sent.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target().split("::").next();
    metadata.is_span() && target.is_some_and(|target| OURS.contains(&target))
}
