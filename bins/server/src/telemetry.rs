//! Traces, metrics and logs for an OpenTelemetry collector, for Application Insights, or for both.
//!
//! Names and attributes are OpenTelemetry's semantic conventions. Source: <https://opentelemetry.io/docs/specs/semconv/>.
//! A trace begins with the request: a client's `traceparent` is ignored, since it could join the requests of other clients into one
//! trace, or suppress the trace. A trace context in the `_meta` of an MCP request becomes a link of the span `mcp` (`rmcp-guard`).

mod exporters;
mod span_metrics;

use std::{sync::mpsc, thread, time::Duration};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::{OpenTelemetryTracingBridge, TracingSpanAttributes};
use opentelemetry_sdk::{
    Resource, logs::SdkLoggerProvider, metrics::SdkMeterProvider, trace::SdkTracerProvider,
};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, registry::LookupSpan};

pub use self::exporters::check;
use self::{
    exporters::Exporters,
    span_metrics::{SCOPE, SpanMetrics},
};
use crate::settings::Settings;

/// The time that the last export may take when the server ends.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// The targets of our own spans.
const OURS: [&str; 3] = ["restaurant_server", "restaurant_storage", "rmcp_guard"];

/// Filter directives for the exporters and their HTTP clients: their own log lines must not become telemetry again. Their errors
/// are in the log on stderr.
const EXPORTERS: [&str; 3] = ["opentelemetry=off", "hyper=off", "reqwest=off"];

/// The providers that collect telemetry and export it.
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    logs: SdkLoggerProvider,
}

impl Telemetry {
    /// Starts the exporters that the settings name; `None` where they name none. Call it outside of the runtime: exporters have
    /// threads of their own, so that a busy server still reports.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn new(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let Some(exporters) = Exporters::new(settings)? else { return Ok(None) };
        let resource = resource(settings);
        let metrics = exporters.metrics(resource.clone())?;
        let logs = exporters.logs(resource.clone())?;
        let traces = exporters.traces(resource, SpanMetrics::measured_by(&metrics))?;
        Ok(Some(Self { traces, metrics, logs }))
    }

    /// The layer that takes spans, and the log lines that the filter admits.
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

    /// Exports what is still buffered, within [`FLUSH_TIMEOUT`].
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
        let _ = is_done.recv_timeout(FLUSH_TIMEOUT);
    }
}

/// The resource that reports. OpenTelemetry's variables, such as `OTEL_RESOURCE_ATTRIBUTES`, may add to it.
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

/// Whether a span is ours. Spans of other crates may contain what a client sent.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target().split("::").next();
    metadata.is_span() && target.is_some_and(|target| OURS.contains(&target))
}
