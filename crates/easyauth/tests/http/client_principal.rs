//! Client principal headers, as App Service Authentication writes them.

use std::error::Error as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use easyauth::{ClientPrincipalError, ClientPrincipalHeader, Outcome, Principal, Scheme as _};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

pub(crate) const OBJECT_ID: &str = "6f1b9c3e-0d52-4c8e-9d53-0a6d2a3f7b11";
pub(crate) const TENANT_ID: &str = "c1a7f7f0-2b1d-4a8e-8f11-2f0b6c1d9e22";
pub(crate) const CLIENT_ID: &str = "0e8a6f53-5f4c-4d1e-b6a4-7f9e0c2b3d33";

/// The header's JSON with these claims.
pub(crate) fn document(claims: &[(&str, &str)]) -> Value {
    let claims: Vec<Value> =
        claims.iter().map(|(typ, val)| json!({ "typ": typ, "val": val })).collect();
    json!({
        "auth_typ": "aad",
        "claims": claims,
        "name_typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "role_typ": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
    })
}

/// The header's value.
pub(crate) fn encoded(json: &impl ToString) -> String {
    BASE64_STANDARD.encode(json.to_string())
}

/// The header's value with these claims.
pub(crate) fn header(claims: &[(&str, &str)]) -> String {
    encoded(&document(claims))
}

/// The outcome of a request with these values of the header.
pub(crate) async fn outcome_of(scheme: &ClientPrincipalHeader, values: &[&[u8]]) -> Outcome {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(ClientPrincipalHeader::NAME, HeaderValue::from_bytes(value).unwrap());
    }
    scheme.authenticate(&headers).await
}

/// The caller in this value, by this scheme.
pub(crate) async fn read_by(
    scheme: &ClientPrincipalHeader,
    value: impl AsRef<[u8]>,
) -> Result<Principal, ClientPrincipalError> {
    match outcome_of(scheme, &[value.as_ref()]).await {
        Outcome::Authenticated(principal) => Ok(principal),
        other => Err(error_of(&other)),
    }
}

/// The reason of a failed outcome.
pub(crate) fn error_of(outcome: &Outcome) -> ClientPrincipalError {
    let Outcome::Failed(error) = outcome else { panic!("{outcome:?}") };
    let source = error.source().unwrap();
    *source.downcast_ref().unwrap_or_else(|| panic!("{source:?} is of another scheme"))
}

/// The caller in this value, by the default scheme.
pub(crate) async fn read(value: impl AsRef<[u8]>) -> Result<Principal, ClientPrincipalError> {
    read_by(&ClientPrincipalHeader::new(), value).await
}
