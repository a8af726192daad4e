//! Where telemetry goes.

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use opentelemetry_application_insights::Exporter as ApplicationInsights;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig,
    WithHttpConfig,
};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    metrics::SdkMeterProvider,
    trace::{BatchSpanProcessor, Sampler, SdkTracerProvider, SpanProcessor},
};
use reqwest::{blocking, redirect::Policy};

use super::span_metrics::SpanMetrics;
use crate::settings::Settings;

/// How long a collector may take to take something.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Asks whether the settings are right, and sends nothing.
///
/// # Errors
/// When the connection string cannot be read.
pub fn check(settings: &Settings) -> anyhow::Result<()> {
    match settings.telemetry.connection_string() {
        Some(text) => insights(text, ()).map(|_| ()),
        None => Ok(()),
    }
}

/// What sends telemetry to where the settings say.
pub(super) struct Exporters {
    client: Client,
    connection_string: Option<String>,
    otlp_endpoint: Option<String>,
}

impl Exporters {
    /// None when the settings name nowhere.
    pub(super) fn new(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let connection_string = settings.telemetry.connection_string().map(str::to_owned);
        let otlp_endpoint = settings.telemetry.otlp_endpoint().map(str::to_owned);
        if connection_string.is_none() && otlp_endpoint.is_none() {
            return Ok(None);
        }
        // A redirect would take our data, and the collector's key, somewhere else.
        let client = blocking::Client::builder().redirect(Policy::none()).timeout(TIME_LIMIT);
        let client = client.build().context("cannot make a client for telemetry")?;
        Ok(Some(Self { client: Client(client), connection_string, otlp_endpoint }))
    }

    /// Every span is taken: what a finished one measures must not depend on luck. Sample where they arrive.
    pub(super) fn traces(
        &self,
        resource: Resource,
        span_metrics: impl FnOnce(Vec<BatchSpanProcessor>) -> SpanMetrics,
    ) -> anyhow::Result<SdkTracerProvider> {
        let mut batches = Vec::new();
        if let Some(insights) = self.insights()? {
            batches.push(BatchSpanProcessor::builder(insights).build());
        }
        if let Some(endpoint) = &self.otlp_endpoint {
            let exporter =
                self.over_http(SpanExporter::builder().with_http(), endpoint, "traces").build();
            batches.push(BatchSpanProcessor::builder(made(exporter)?).build());
        }
        let mut finished = span_metrics(batches);
        finished.set_resource(&resource);
        Ok(SdkTracerProvider::builder()
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(resource)
            .with_span_processor(finished)
            .build())
    }

    pub(super) fn metrics(&self, resource: Resource) -> anyhow::Result<SdkMeterProvider> {
        let mut provider = SdkMeterProvider::builder().with_resource(resource);
        if let Some(insights) = self.insights()? {
            provider = provider.with_periodic_exporter(insights);
        }
        if let Some(endpoint) = &self.otlp_endpoint {
            let exporter =
                self.over_http(MetricExporter::builder().with_http(), endpoint, "metrics").build();
            provider = provider.with_periodic_exporter(made(exporter)?);
        }
        Ok(provider.build())
    }

    pub(super) fn logs(&self, resource: Resource) -> anyhow::Result<SdkLoggerProvider> {
        let mut provider = SdkLoggerProvider::builder().with_resource(resource);
        if let Some(insights) = self.insights()? {
            provider = provider.with_batch_exporter(insights);
        }
        if let Some(endpoint) = &self.otlp_endpoint {
            let exporter =
                self.over_http(LogExporter::builder().with_http(), endpoint, "logs").build();
            provider = provider.with_batch_exporter(made(exporter)?);
        }
        Ok(provider.build())
    }

    /// What is explicit here wins over variables of one signal alone, which would send it elsewhere.
    fn over_http<B: WithExportConfig + WithHttpConfig>(
        &self,
        builder: B,
        endpoint: &str,
        signal: &str,
    ) -> B {
        builder
            .with_http_client(self.client.clone())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(TIME_LIMIT)
            .with_endpoint(format!("{endpoint}/v1/{signal}"))
    }

    fn insights(&self) -> anyhow::Result<Option<ApplicationInsights<Client>>> {
        let text = self.connection_string.as_deref();
        text.map(|text| insights(text, self.client.clone())).transpose()
    }
}

/// What sends telemetry. Its errors, which are logged, show no address: its path may hold a key.
#[derive(Debug, Clone)]
struct Client(blocking::Client);

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.0.send_bytes(request).await.map_err(|error| match error.downcast::<reqwest::Error>() {
            Ok(error) => error.without_url().into(),
            Err(error) => error,
        })
    }
}

/// An exporter of OTLP. Why there is none is not said: variables that the exporter reads by itself may hold a secret.
fn made<E>(exporter: Result<E, ExporterBuildError>) -> anyhow::Result<E> {
    exporter.map_err(|_| {
        anyhow::anyhow!(
            "OTEL_EXPORTER_OTLP_ENDPOINT: no exporter can be made; check this variable and the others of \
             OTEL_EXPORTER_OTLP"
        )
    })
}

/// An exporter for a connection string that the settings have read. Its error quotes nothing of the text.
fn insights<C>(text: &str, client: C) -> anyhow::Result<ApplicationInsights<C>> {
    ApplicationInsights::new_from_connection_string(text, client)
        .map_err(|_| anyhow::anyhow!("APPLICATIONINSIGHTS_CONNECTION_STRING cannot be read"))
}
