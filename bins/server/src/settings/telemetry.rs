//! The settings of telemetry: where it goes, and who it says it is from.

use clap::Args;

use super::{set, value};

/// Settings of telemetry.
#[derive(Debug, Clone, Args)]
pub struct TelemetrySettings {
    /// Send traces, metrics and logs to this Application Insights resource: its connection string, as Azure gives it.
    #[arg(
        long,
        env = "APPLICATIONINSIGHTS_CONNECTION_STRING",
        global = true,
        hide_env_values = true
    )]
    applicationinsights_connection_string: Option<String>,

    /// Send traces, metrics and logs to this OpenTelemetry collector, by OTLP over HTTP (protobuf), for example `http://localhost:4318`. Headers that it wants, such as a key, stand in `OTEL_EXPORTER_OTLP_HEADERS`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true, value_parser = value::endpoint)]
    otel_exporter_otlp_endpoint: Option<String>,

    /// What the server is called in telemetry. `OTEL_RESOURCE_ATTRIBUTES` may tell more of it.
    #[arg(long, env = "OTEL_SERVICE_NAME", global = true, default_value = "restaurant-reviews")]
    otel_service_name: String,

    /// Which of several instances this is, in telemetry. Azure App Service sets it.
    #[arg(long, env = "WEBSITE_INSTANCE_ID", global = true)]
    website_instance_id: Option<String>,
}

impl TelemetrySettings {
    /// Application Insights' connection string.
    pub fn connection_string(&self) -> Option<&str> {
        set(self.applicationinsights_connection_string.as_ref())
    }

    /// The collector's address, without a slash at its end.
    pub fn otlp_endpoint(&self) -> Option<&str> {
        set(self.otel_exporter_otlp_endpoint.as_ref())
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
