//! The responses that tell a client how to get access: 401 and 403 (RFC 6750, section 3).

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, WWW_AUTHENTICATE},
};
use serde::Serialize;

/// The path of the root resource's metadata. A resource with a path has it as a suffix (RFC 9728, section 3.1).
pub(crate) const METADATA: &str = "/.well-known/oauth-protected-resource";

/// What a client needs for access to a resource. Every part was validated when it was set.
pub(crate) struct Challenge<'a> {
    /// The public origin.
    pub(crate) origin: &'a str,
    /// The path of the resource, or nothing for the root.
    pub(crate) path: &'a str,
    /// Scopes, separated by spaces.
    pub(crate) scopes: String,
}

/// The body. It says nothing of why the credentials are invalid.
#[derive(Serialize)]
struct Body<'a> {
    error: &'static str,
    error_description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_metadata: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
}

impl Challenge<'_> {
    /// 401, with one challenge for each authentication scheme (RFC 9110, section 11.6.1). A challenge has the address of the
    /// metadata (RFC 9728, section 5.1) and the scopes that clients request.
    pub(crate) fn unauthorized(&self, schemes: &[&str]) -> Response {
        let challenges = schemes.iter().map(|scheme| self.parameters(&format!("{scheme} ")));
        self.response(StatusCode::UNAUTHORIZED, challenges)
    }

    /// 403 with the scopes that are missing (RFC 6750, section 3.1).
    pub(crate) fn forbidden(&self) -> Response {
        let challenge = self.parameters("Bearer error=\"insufficient_scope\", ");
        self.response(StatusCode::FORBIDDEN, [challenge])
    }

    fn metadata(&self) -> String {
        format!("{}{METADATA}{}", self.origin, self.path)
    }

    fn parameters(&self, before: &str) -> String {
        let challenge = format!("{before}resource_metadata=\"{}\"", self.metadata());
        if self.scopes.is_empty() {
            return challenge;
        }
        format!("{challenge}, scope=\"{}\"", self.scopes)
    }

    fn response(
        &self,
        status: StatusCode,
        challenges: impl IntoIterator<Item = String>,
    ) -> Response {
        let challenges = challenges.into_iter().map(|challenge| {
            HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer"))
        });
        response(status, challenges, Some(&self.metadata()), &self.scopes)
    }
}

/// 401 of a route that has no [`crate::AuthenticationLayer`]: the resource is not known there.
pub(crate) fn unauthorized_anywhere() -> Response {
    response(StatusCode::UNAUTHORIZED, [HeaderValue::from_static("Bearer")], None, "")
}

/// A response that no cache may store.
fn response(
    status: StatusCode,
    challenges: impl IntoIterator<Item = HeaderValue>,
    resource_metadata: Option<&str>,
    scope: &str,
) -> Response {
    let (error, error_description) = match status {
        StatusCode::FORBIDDEN => (
            "insufficient_scope",
            "The caller lacks an app role or a scope that this operation requires.",
        ),
        _ => ("unauthorized", "The request lacks valid credentials."),
    };
    let body = Json(Body { error, error_description, resource_metadata, scope });
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.extend(challenges.into_iter().map(|challenge| (WWW_AUTHENTICATE, challenge)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
