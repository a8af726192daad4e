//! The settings of telemetry: its destination and its service name.

use axum::http::Uri;
use clap::Args;

use super::{Secret, insights, set, value};

/// Settings of telemetry.
#[derive(Debug, Clone, Args)]
pub struct TelemetrySettings {
    /// Send traces, metrics and logs to this Application Insights resource: its connection string, as Azure gives it.
    #[arg(
        long,
        env = "APPLICATIONINSIGHTS_CONNECTION_STRING",
        global = true,
        hide_env_values = true,
        value_parser = insights::connection_string
    )]
    applicationinsights_connection_string: Option<Secret>,

    /// Send traces, metrics and logs to this OpenTelemetry collector, by OTLP over HTTP (protobuf), for example `http://localhost:4318`. Headers that it wants, such as a key, stand in `OTEL_EXPORTER_OTLP_HEADERS`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true, hide_env_values = true, value_parser = value::endpoint)]
    otel_exporter_otlp_endpoint: Option<Secret>,

    /// What the server is called in telemetry. `OTEL_RESOURCE_ATTRIBUTES` may tell more of it.
    #[arg(long, env = "OTEL_SERVICE_NAME", global = true, default_value = "restaurant-reviews", value_parser = value::name)]
    otel_service_name: String,

    /// Which of several instances this is, in telemetry. Azure App Service sets it.
    #[arg(long, env = "WEBSITE_INSTANCE_ID", global = true, value_parser = value::name)]
    website_instance_id: Option<String>,
}

impl TelemetrySettings {
    /// Application Insights' connection string, with nothing in it but the key and the endpoint.
    pub fn connection_string(&self) -> Option<&str> {
        self.applicationinsights_connection_string.as_ref().map(Secret::expose)
    }

    /// The collector's address, without a slash at its end. Its path may hold a key.
    pub fn otlp_endpoint(&self) -> Option<&str> {
        self.otel_exporter_otlp_endpoint.as_ref().map(Secret::expose)
    }

    /// The collector's address without its path, to be shown.
    pub fn otlp_origin(&self) -> Option<String> {
        let uri = self.otlp_endpoint()?.parse::<Uri>().ok()?;
        Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
    }

    /// What the server is called.
    pub fn service_name(&self) -> &str {
        &self.otel_service_name
    }

    /// Which instance it is.
    pub fn instance(&self) -> Option<&str> {
        set(self.website_instance_id.as_ref())
    }
}
