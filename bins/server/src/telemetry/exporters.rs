//! Where telemetry goes.

use std::time::Duration;

use anyhow::Context;
use opentelemetry_application_insights::Exporter as ApplicationInsights;
use opentelemetry_otlp::{
    LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    metrics::SdkMeterProvider,
    trace::{BatchSpanProcessor, Sampler, SdkTracerProvider, SpanProcessor},
};
use reqwest::{blocking::Client, redirect::Policy};

use super::finished::Finished;
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
        let client = Client::builder().redirect(Policy::none()).timeout(TIME_LIMIT).build();
        let client = client.context("cannot make a client for telemetry")?;
        Ok(Some(Self { client, connection_string, otlp_endpoint }))
    }

    /// Every span is taken: what a finished one measures must not depend on luck. Sample where they arrive.
    pub(super) fn traces(
        &self,
        resource: Resource,
        finished: impl FnOnce(Vec<BatchSpanProcessor>) -> Finished,
    ) -> anyhow::Result<SdkTracerProvider> {
        let mut batches = Vec::new();
        if let Some(insights) = self.insights()? {
            batches.push(BatchSpanProcessor::builder(insights).build());
        }
        if let Some(endpoint) = &self.otlp_endpoint {
            let exporter =
                self.over_http(SpanExporter::builder().with_http(), endpoint, "traces").build();
            let exporter = exporter.context("OTEL_EXPORTER_OTLP_ENDPOINT")?;
            batches.push(BatchSpanProcessor::builder(exporter).build());
        }
        let mut finished = finished(batches);
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
            provider =
                provider.with_periodic_exporter(exporter.context("OTEL_EXPORTER_OTLP_ENDPOINT")?);
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
            provider =
                provider.with_batch_exporter(exporter.context("OTEL_EXPORTER_OTLP_ENDPOINT")?);
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

/// Its error quotes nothing of the text, which has a key in it.
fn insights<C>(text: &str, client: C) -> anyhow::Result<ApplicationInsights<C>> {
    ApplicationInsights::new_from_connection_string(text, client).map_err(|error| {
        anyhow::anyhow!(
            "APPLICATIONINSIGHTS_CONNECTION_STRING cannot be read ({error}): copy it from the Overview page of the \
             Application Insights resource; it looks like InstrumentationKey=…;IngestionEndpoint=https://…"
        )
    })
}
