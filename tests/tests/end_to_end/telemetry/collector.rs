//! A collector that keeps what it is sent: by OTLP over HTTP, and as Application Insights takes it.

use std::{
    collections::BTreeSet,
    io::Read as _,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{KeyValue, any_value},
    logs::v1::LogRecord,
    metrics::v1::{HistogramDataPoint, metric},
    trace::v1::Span,
};
use prost::Message;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running collector. It ends when this value is dropped.
pub struct Collector {
    origin: String,
    kept: Arc<Mutex<Kept>>,
    task: JoinHandle<()>,
}

/// What was sent so far.
#[derive(Default)]
pub struct Kept {
    pub spans: Vec<Span>,
    pub logs: Vec<LogRecord>,
    /// The targets of those.
    pub targets: BTreeSet<String>,
    /// The durations that were measured, by the metric's name.
    pub durations: Vec<(String, HistogramDataPoint)>,
    /// What is said of the sender.
    pub resource: Vec<KeyValue>,
    /// Application Insights' envelopes.
    pub envelopes: Vec<Value>,
    /// The headers of every request.
    pub headers: Vec<HeaderMap>,
}

type Store = State<Arc<Mutex<Kept>>>;

impl Collector {
    pub async fn start() -> Self {
        let kept = Arc::<Mutex<Kept>>::default();
        let router = Router::new()
            .route("/v1/traces", post(traces))
            .route("/v1/logs", post(logs))
            .route("/v1/metrics", post(metrics))
            .route("/v2/track", post(track))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&kept));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, kept, task }
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Kept {
    /// The spans with a name.
    pub fn named(&self, name: &str) -> Vec<&Span> {
        self.spans.iter().filter(|span| span.name == name).collect()
    }

    /// The spans right below another.
    pub fn below(&self, parent: &Span) -> Vec<&Span> {
        self.spans.iter().filter(|span| span.parent_span_id == parent.span_id).collect()
    }

    /// Everything, as text.
    pub fn text(&self) -> String {
        format!("{:?}{:?}{:?}{:?}", self.spans, self.logs, self.durations, self.envelopes)
    }
}

/// An attribute's value as text.
pub fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let of_key: Vec<_> = attributes.iter().filter(|attribute| attribute.key == key).collect();
    assert!(of_key.len() <= 1, "{key} twice: {of_key:?}");
    match of_key.first()?.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text.clone()),
        any_value::Value::IntValue(number) => Some(number.to_string()),
        any_value::Value::BoolValue(flag) => Some(flag.to_string()),
        other => Some(format!("{other:?}")),
    }
}

fn plain(headers: &HeaderMap, body: &Bytes) -> Vec<u8> {
    if headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
        let mut plain = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
        return plain;
    }
    body.to_vec()
}

fn read<M: Message + Default>(store: &Store, headers: HeaderMap, body: &Bytes) -> M {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let message = M::decode(&*plain(&headers, body)).unwrap();
    store.lock().unwrap().headers.push(headers);
    message
}

async fn traces(store: Store, headers: HeaderMap, body: Bytes) {
    let sent: ExportTraceServiceRequest = read(&store, headers, &body);
    let mut kept = store.lock().unwrap();
    for of_resource in sent.resource_spans {
        kept.resource = of_resource.resource.unwrap_or_default().attributes;
        kept.spans.extend(of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
    }
}

async fn logs(store: Store, headers: HeaderMap, body: Bytes) {
    let sent: ExportLogsServiceRequest = read(&store, headers, &body);
    let mut kept = store.lock().unwrap();
    for scope in sent.resource_logs.into_iter().flat_map(|of_resource| of_resource.scope_logs) {
        kept.targets.extend(scope.scope.map(|scope| scope.name));
        kept.logs.extend(scope.log_records);
    }
}

async fn metrics(store: Store, headers: HeaderMap, body: Bytes) {
    let sent: ExportMetricsServiceRequest = read(&store, headers, &body);
    let scopes =
        sent.resource_metrics.into_iter().flat_map(|of_resource| of_resource.scope_metrics);
    for metric in scopes.flat_map(|scope| scope.metrics) {
        assert_eq!(metric.unit, "s", "{}", metric.name);
        let Some(metric::Data::Histogram(histogram)) = metric.data else {
            panic!("{} is no histogram", metric.name)
        };
        let points = histogram.data_points.into_iter().map(|point| (metric.name.clone(), point));
        store.lock().unwrap().durations.extend(points);
    }
}

async fn track(store: Store, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let sent: Vec<Value> = serde_json::from_slice(&plain(&headers, &body)).unwrap();
    let count = sent.len();
    store.lock().unwrap().envelopes.extend(sent);
    let answer = json!({"itemsReceived": count, "itemsAccepted": count, "errors": []});
    (StatusCode::OK, answer.to_string())
}
