//! What an application may be named as an audience.
//!
//! The rules are those of "Restrictions on identifier URIs of Microsoft Entra applications":
//! <https://learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions>.

use http::Uri;

use super::RESOURCE;
use crate::{Application, Cloud, Directory, graph::error::GraphError};

const PROPERTY: &str = "identifierUris";

/// Checks the URIs that are new; what was there may stay.
pub(super) fn check(
    cloud: &Cloud,
    directory: &Directory,
    old: &Application,
    new: &Application,
) -> Result<(), GraphError> {
    for (at, uri) in new.identifier_uris.iter().enumerate() {
        if new.identifier_uris[..at].contains(uri) {
            let message = "Request contains a property with duplicate values.";
            return Err(GraphError::bad_request(message).detail("DuplicateValue", PROPERTY));
        }
        if !old.identifier_uris.contains(uri) {
            check_form(uri, &cloud.options().graph.verified_domains)?;
            check_unused(directory, uri, new)?;
        }
    }
    Ok(())
}

fn check_form(uri: &str, domains: &[String]) -> Result<(), GraphError> {
    let invalid = || GraphError::invalid_value(PROPERTY, RESOURCE);
    let (scheme, rest) = uri.split_once("://").ok_or_else(invalid)?;
    if rest.is_empty() || rest.ends_with('/') || rest.contains(char::is_whitespace) {
        return Err(invalid());
    }
    match scheme {
        "api" => Ok(()),
        "http" | "https" => check_host(uri, domains),
        _ => Err(invalid()),
    }
}

fn check_host(uri: &str, domains: &[String]) -> Result<(), GraphError> {
    let parsed = uri.parse::<Uri>().ok();
    let host = parsed.as_ref().and_then(Uri::host).unwrap_or_default();
    let is_verified = domains.iter().any(|domain| {
        let rest = host.strip_suffix(domain.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    if is_verified {
        return Ok(());
    }
    let message = format!(
        "Values of identifierUris property must use a verified domain of the organization or its subdomain: '{uri}'"
    );
    Err(GraphError::new(http::StatusCode::BAD_REQUEST, "HostNameNotOnVerifiedDomain", message))
}

fn check_unused(
    directory: &Directory,
    uri: &str,
    application: &Application,
) -> Result<(), GraphError> {
    let mut others = directory.applications.iter().filter(|other| other.id != application.id);
    if others.any(|other| other.identifier_uris.iter().any(|used| used == uri)) {
        let message =
            "Another object with the same value for property identifierUris already exists.";
        return Err(GraphError::bad_request(message).detail("ObjectConflict", PROPERTY));
    }
    Ok(())
}
