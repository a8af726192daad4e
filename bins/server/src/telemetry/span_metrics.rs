//! Finished spans: renames each by the semantic conventions, measures it, and hands it to the exporters.

use opentelemetry::{
    Context, KeyValue, Value,
    metrics::{Histogram, MeterProvider as _},
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    metrics::SdkMeterProvider,
    trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor},
};

/// The instrumentation scope.
pub(super) const SCOPE: &str = env!("CARGO_PKG_NAME");

/// The limits between which durations are counted, in seconds, as the conventions for HTTP advise.
const BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Attributes by which each kind of span is counted. All have few values, whatever clients send.
const OF_REQUEST: [&str; 4] =
    ["http.request.method", "http.route", "http.response.status_code", "error.type"];
const OF_MCP: [&str; 4] =
    ["mcp.method.name", "gen_ai.tool.name", "gen_ai.prompt.name", "error.type"];
const OF_STATEMENT: [&str; 3] = ["db.system.name", "db.operation.name", "error.type"];

/// The conventional names of our own span fields, which the log shows too.
const CONVENTIONS: [(&str, &str); 4] = [
    ("method", "mcp.method.name"),
    ("tool", "gen_ai.tool.name"),
    ("prompt", "gen_ai.prompt.name"),
    ("error_code", "error.type"),
];

/// Measures finished spans.
#[derive(Debug)]
pub(super) struct SpanMetrics {
    batches: Vec<BatchSpanProcessor>,
    requests: Histogram<f64>,
    mcp: Histogram<f64>,
    statements: Histogram<f64>,
}

impl SpanMetrics {
    /// Creates the histograms; the function that it returns takes the exporters.
    pub(super) fn measured_by(
        metrics: &SdkMeterProvider,
    ) -> impl FnOnce(Vec<BatchSpanProcessor>) -> Self + use<> {
        let meter = metrics.meter(SCOPE);
        let durations = |name, description| {
            let histogram = meter.f64_histogram(name).with_unit("s").with_description(description);
            histogram.with_boundaries(BOUNDARIES.to_vec()).build()
        };
        let requests =
            durations("http.server.request.duration", "Duration of HTTP server requests.");
        let mcp = durations("mcp.server.operation.duration", "Duration of MCP requests.");
        let statements =
            durations("db.client.operation.duration", "Duration of database statements.");
        move |batches| Self { batches, requests, mcp, statements }
    }

    fn measure(&self, span: &SpanData) {
        let (histogram, attributes) = match span.name.as_ref() {
            "request" => (&self.requests, &OF_REQUEST[..]),
            "mcp" => (&self.mcp, &OF_MCP[..]),
            "statement" => (&self.statements, &OF_STATEMENT[..]),
            _ => return,
        };
        let counted: Vec<_> = span
            .attributes
            .iter()
            .filter(|attribute| attributes.contains(&attribute.key.as_str()))
            .cloned()
            .collect();
        let duration = span.end_time.duration_since(span.start_time).unwrap_or_default();
        histogram.record(duration.as_secs_f64(), &counted);
    }
}

impl SpanProcessor for SpanMetrics {
    fn on_start(&self, span: &mut Span, context: &Context) {
        for batch in &self.batches {
            batch.on_start(span, context);
        }
    }

    fn on_end(&self, mut span: SpanData) {
        conventional(&mut span);
        self.measure(&span);
        name(&mut span);
        for batch in &self.batches {
            batch.on_end(span.clone());
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.iter().try_for_each(SpanProcessor::force_flush)
    }

    fn shutdown_with_timeout(&self, timeout: std::time::Duration) -> OTelSdkResult {
        self.batches.iter().try_for_each(|batch| batch.shutdown_with_timeout(timeout))
    }

    fn set_resource(&mut self, resource: &Resource) {
        for batch in &mut self.batches {
            batch.set_resource(resource);
        }
    }
}

/// Gives an MCP span's fields their conventional names. A span with an error code has failed.
fn conventional(span: &mut SpanData) {
    if span.name != "mcp" {
        return;
    }
    for attribute in &mut span.attributes {
        let known = CONVENTIONS.iter().find(|(ours, _)| attribute.key.as_str() == *ours);
        if let Some((_, conventional)) = known {
            attribute.key = (*conventional).into();
        }
    }
    if attribute(span, "error.type").is_some() {
        span.status = Status::error("");
    }
}

/// Names a span after the operation.
fn name(span: &mut SpanData) {
    let parts = match span.name.as_ref() {
        "request" => {
            span.span_kind = SpanKind::Server;
            ["http.request.method", "http.route"]
        }
        "mcp" if attribute(span, "gen_ai.prompt.name").is_some() => {
            ["mcp.method.name", "gen_ai.prompt.name"]
        }
        "mcp" => ["mcp.method.name", "gen_ai.tool.name"],
        "statement" => ["db.operation.name", ""],
        _ => return,
    };
    let parts = parts.into_iter().filter_map(|key| attribute(span, key));
    let name = parts.map(Value::as_str).collect::<Vec<_>>().join(" ");
    if !name.is_empty() {
        span.name = name.into();
    }
}

fn attribute<'a>(span: &'a SpanData, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|it: &&KeyValue| it.key.as_str() == key).map(|it| &it.value)
}
