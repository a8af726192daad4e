//! The connection string of Application Insights, as Azure gives it.

use axum::http::Uri;
use reqwest::Url;

use super::{Expected, Secret};

/// What is said of every wrong one: a part of it may be a key.
const EXPECTED: &str = "give the connection string from the Overview page of the Application Insights resource; it looks \
                        like InstrumentationKey=…;IngestionEndpoint=https://…";

/// Reads a connection string, and gives it without what the exporter does not need: it would refuse a `;` at the end, and
/// panic at some endpoints. Source: <https://learn.microsoft.com/azure/azure-monitor/app/connection-strings>.
pub(super) fn connection_string(text: &str) -> Result<Secret, Expected> {
    read(text).map(Secret::new).ok_or_else(|| Expected::from(EXPECTED))
}

fn read(text: &str) -> Option<String> {
    let pairs = text.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=')).collect::<Option<Vec<_>>>()?;
    let find = |name: &str| {
        let found = pairs.iter().rev().find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    };
    let is_supported = find("Authorization").is_none_or(|it| it.eq_ignore_ascii_case("ikey"));
    let key = find("InstrumentationKey")?;
    let is_key = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let endpoint = match (find("IngestionEndpoint"), find("EndpointSuffix"), find("Location")) {
        (Some(endpoint), ..) => Some(endpoint.to_owned()),
        (None, Some(suffix), None) => Some(format!("https://dc.{suffix}")),
        (None, Some(suffix), Some(location)) => Some(format!("https://{location}.dc.{suffix}")),
        (None, None, _) => None,
    };
    let endpoint = match endpoint {
        Some(endpoint) => format!(";IngestionEndpoint={}", address(&endpoint)?),
        None => String::new(),
    };
    (is_supported && is_key).then(|| format!("InstrumentationKey={key}{endpoint}"))
}

/// An https address without user, password, query and fragment, to which the exporter can add its path. An http address
/// becomes an https one, as in the exporter.
fn address(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    let is_bare = url.username().is_empty() && url.password().is_none();
    let is_bare = is_bare && url.query().is_none() && url.fragment().is_none();
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    if !is_bare || !has_host || !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_scheme("https").ok()?;
    let address = url.as_str().trim_end_matches('/');
    // What the exporter does with it, and panics where it fails.
    format!("{address}/v2/track").parse::<Uri>().ok().filter(|_| !address.contains([';', '=']))?;
    Some(address.to_owned())
}
