//! What is said of one resource: its metadata document and its challenges, written once.

use axum::body::Bytes;
use http::HeaderValue;
use serde::Serialize;

use super::{ProtectedResourceBuilder, WELL_KNOWN};

#[derive(Debug, Clone)]
pub(super) struct Advertisement {
    pub(super) metadata: Bytes,
    pub(super) challenge: HeaderValue,
    pub(super) insufficient_scope: HeaderValue,
}

/// RFC 9728 §2.
#[derive(Serialize)]
struct Metadata<'a> {
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    authorization_servers: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes_supported: &'a [String],
    bearer_methods_supported: [&'static str; 1],
}

impl Advertisement {
    /// Of a path of the service, or of all of it (an empty path).
    pub(super) fn of(service: &ProtectedResourceBuilder, path: &str) -> Self {
        let ProtectedResourceBuilder { origin, name, authorization_servers, scopes, .. } = service;
        let metadata = Metadata {
            resource: format!("{origin}{path}"),
            resource_name: name.as_deref(),
            authorization_servers,
            scopes_supported: scopes,
            bearer_methods_supported: ["header"],
        };
        let metadata = serde_json::to_vec(&metadata).expect("strings and lists are JSON");
        let document = format!("resource_metadata=\"{origin}{WELL_KNOWN}{path}\"");
        let scope = match scopes.join(" ") {
            none if none.is_empty() => none,
            scopes => format!(", scope=\"{scopes}\""),
        };
        Self {
            metadata: metadata.into(),
            challenge: bearer(&format!("{document}{scope}")),
            insufficient_scope: bearer(&format!("error=\"insufficient_scope\", {document}{scope}")),
        }
    }
}

/// A challenge as RFC 6750 §3 and RFC 9728 §5.1 have it.
fn bearer(parameters: &str) -> HeaderValue {
    HeaderValue::try_from(format!("Bearer {parameters}"))
        .expect("the builder takes visible ASCII only")
}
