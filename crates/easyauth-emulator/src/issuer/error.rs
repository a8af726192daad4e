//! Errors as Entra ID answers them (RFC 6749, section 5.2, with its own codes).

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use serde_json::json;
use uuid::Uuid;

/// Why there is no token. Codes: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    #[error("Tenant not found. Check to make sure you have the correct tenant ID.")]
    Tenant,
    #[error("The request body must contain the following parameter: '{0}'.")]
    Missing(&'static str),
    #[error("The request is not properly formatted. A parameter is duplicated.")]
    Repeated,
    #[error("The provided grant type is not supported.")]
    GrantType,
    #[error("Application was not found in the directory.")]
    Client,
    #[error("Invalid client secret provided.")]
    Secret,
    #[error("The provided client secret keys are expired.")]
    ExpiredSecret,
    #[error("The application is disabled.")]
    Disabled,
    #[error(
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    )]
    NoCredential,
    #[error(
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
    )]
    PublicClient,
    #[error("Client assertion failed signature validation.")]
    Assertion,
    #[error("No matching federated identity record found for presented assertion.")]
    Federation,
    #[error(
        "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier."
    )]
    Scope,
    #[error("The provided value for the input parameter 'scope' is not valid.")]
    UnknownScope,
    #[error("The resource principal was not found in the tenant.")]
    Resource,
    #[error(
        "The resource parameter provided in the request doesn't match with the requested scopes."
    )]
    Target,
    #[error(
        "Application is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier."
    )]
    OwnScope,
    #[error(
        "The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource."
    )]
    NoConsent,
    #[error("A silent sign-in request was sent but no user is signed in.")]
    NoSession,
    #[error("The application needs to be assigned to a role for the resource.")]
    Unassigned,
    #[error("The service principal of the client was not found in the tenant.")]
    NoServicePrincipal,
    #[error("The authorization code or refresh token is invalid or has been used.")]
    Grant,
    #[error(
        "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE."
    )]
    Verifier,
    #[error("Authorization is pending. Continue polling.")]
    Pending,
    #[error(
        "The provided value for the input parameter 'device_code' is not valid. This device code has expired."
    )]
    DeviceCode,
    #[error("The user account does not exist in the directory.")]
    NoUser,
    #[error("Assertion failed signature validation. The assertion is no valid token of a user.")]
    UserAssertion,
    #[error(
        "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion must be the identifier of the client."
    )]
    UserAssertionAudience,
}

impl TokenError {
    /// The OAuth error, and Entra's words.
    pub(super) fn parameters(self) -> [(&'static str, String); 2] {
        let (code, error, _) = self.code();
        [("error", error.to_owned()), ("error_description", format!("AADSTS{code}: {self}"))]
    }

    /// The number after `AADSTS`, the OAuth error, and the status.
    fn code(self) -> (u32, &'static str, StatusCode) {
        match self {
            Self::Tenant => (90002, "invalid_request", StatusCode::BAD_REQUEST),
            Self::Missing(_) => (900_144, "invalid_request", StatusCode::BAD_REQUEST),
            Self::GrantType => (70003, "unsupported_grant_type", StatusCode::BAD_REQUEST),
            Self::Client => (700_016, "unauthorized_client", StatusCode::BAD_REQUEST),
            Self::Secret => (7_000_215, "invalid_client", StatusCode::UNAUTHORIZED),
            Self::NoCredential => (7_000_218, "invalid_client", StatusCode::UNAUTHORIZED),
            Self::PublicClient => (700_025, "invalid_client", StatusCode::UNAUTHORIZED),
            Self::Assertion => (700_027, "invalid_client", StatusCode::UNAUTHORIZED),
            Self::Federation => (700_213, "invalid_client", StatusCode::UNAUTHORIZED),
            Self::Scope => (1_002_012, "invalid_scope", StatusCode::BAD_REQUEST),
            Self::UnknownScope => (70011, "invalid_scope", StatusCode::BAD_REQUEST),
            Self::Resource => (500_011, "invalid_resource", StatusCode::BAD_REQUEST),
            Self::Target => (9_010_010, "invalid_target", StatusCode::BAD_REQUEST),
            Self::OwnScope => (90009, "invalid_request", StatusCode::BAD_REQUEST),
            Self::NoConsent => (65001, "consent_required", StatusCode::BAD_REQUEST),
            Self::NoSession => (50058, "login_required", StatusCode::BAD_REQUEST),
            Self::Unassigned => (501_051, "invalid_grant", StatusCode::BAD_REQUEST),
            Self::NoServicePrincipal => (7_000_229, "unauthorized_client", StatusCode::BAD_REQUEST),
            Self::Grant => (70008, "invalid_grant", StatusCode::BAD_REQUEST),
            Self::Verifier => (501_481, "invalid_grant", StatusCode::BAD_REQUEST),
            Self::Repeated => (9_000_411, "invalid_request", StatusCode::BAD_REQUEST),
            Self::ExpiredSecret => (7_000_222, "invalid_client", StatusCode::UNAUTHORIZED),
            Self::Disabled => (7_000_112, "unauthorized_client", StatusCode::BAD_REQUEST),
            Self::Pending => (70016, "authorization_pending", StatusCode::BAD_REQUEST),
            Self::DeviceCode => (70020, "expired_token", StatusCode::BAD_REQUEST),
            Self::NoUser => (50034, "invalid_grant", StatusCode::BAD_REQUEST),
            Self::UserAssertion => (50013, "invalid_grant", StatusCode::BAD_REQUEST),
            Self::UserAssertionAudience => (500_131, "invalid_grant", StatusCode::BAD_REQUEST),
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let (code, error, status) = self.code();
        let body = json!({
            "error": error,
            "error_description": format!("AADSTS{code}: {self}"),
            "error_codes": [code],
            "trace_id": Uuid::new_v4(),
            "correlation_id": Uuid::new_v4(),
        });
        let caching = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
        (status, [caching], Json(body)).into_response()
    }
}
