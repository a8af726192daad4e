//! The properties of an application that the emulator implements, or keeps as a description. Others are refused.

use serde_json::{Value, json};

use super::RESOURCE;
use crate::graph::{
    body::{Body, check_names},
    error::GraphError,
};

const KNOWN: &[&str] = &[
    "api",
    "appRoles",
    "description",
    "displayName",
    "identifierUris",
    "info",
    "isFallbackPublicClient",
    "keyCredentials",
    "notes",
    "publicClient",
    "requiredResourceAccess",
    "serviceManagementReference",
    "signInAudience",
    "spa",
    "tags",
    "web",
];

/// The properties of those that have some.
const PARTS: &[(&str, &[&str])] = &[
    (
        "api",
        &[
            "acceptMappedClaims",
            "knownClientApplications",
            "oauth2PermissionScopes",
            "preAuthorizedApplications",
            "requestedAccessTokenVersion",
        ],
    ),
    ("publicClient", &["redirectUris"]),
    ("spa", &["redirectUris"]),
    (
        "web",
        &[
            "homePageUrl",
            "implicitGrantSettings",
            "logoutUrl",
            "redirectUriSettings",
            "redirectUris",
        ],
    ),
];

/// The properties of the items of collections.
const ITEMS: &[(&str, &[&str])] = &[
    (
        "/appRoles",
        &["allowedMemberTypes", "description", "displayName", "id", "isEnabled", "origin", "value"],
    ),
    (
        "/api/oauth2PermissionScopes",
        &[
            "adminConsentDescription",
            "adminConsentDisplayName",
            "id",
            "isEnabled",
            "origin",
            "type",
            "userConsentDescription",
            "userConsentDisplayName",
            "value",
        ],
    ),
    ("/requiredResourceAccess", &["resourceAccess", "resourceAppId"]),
];

/// The one audience that the emulator implements: its own tenant.
const AUDIENCE: &str = "AzureADMyOrg";

/// Refuses what the emulator does not implement.
pub(crate) fn check(body: &Body) -> Result<(), GraphError> {
    body.check_names(KNOWN, RESOURCE)?;
    for (name, known) in PARTS {
        if let Some(Value::Object(part)) = body.0.get(*name) {
            check_names(part, known, name)?;
        }
    }
    let whole = Value::Object(body.0.clone());
    for (pointer, known) in ITEMS {
        let items = whole.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        for item in items.filter_map(Value::as_object) {
            check_names(item, known, pointer.trim_start_matches('/'))?;
        }
    }
    match body.0.get("signInAudience").and_then(Value::as_str) {
        None | Some(AUDIENCE) => Ok(()),
        Some(other) => Err(GraphError::bad_request(format!(
            "This emulator implements the sign-in audience '{AUDIENCE}', not '{other}'."
        ))),
    }
}

/// Completes an application as Graph shows it: with its empty collections.
pub(super) fn default(object: &mut Value) {
    let Some(members) = object.as_object_mut() else { return };
    for name in ["keyCredentials", "passwordCredentials", "requiredResourceAccess", "tags"] {
        members.entry(name).or_insert_with(|| json!([]));
    }
    for name in ["publicClient", "spa", "web"] {
        let part = members.entry(name).or_insert_with(|| json!({}));
        if let Some(part) = part.as_object_mut() {
            part.entry("redirectUris").or_insert_with(|| json!([]));
        }
    }
    members.entry("signInAudience").or_insert_with(|| json!(AUDIENCE));
}
