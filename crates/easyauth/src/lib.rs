#![doc = include_str!("../README.md")]

#[cfg(feature = "axum")]
mod authentication;
mod authenticator;
#[cfg(feature = "axum")]
mod challenge;
#[cfg(feature = "app-service")]
mod client_principal_header;
mod error;
#[cfg(feature = "axum")]
mod extractor;
#[cfg(feature = "axum")]
mod identity_headers;
mod json;
mod principal;
#[cfg(feature = "axum")]
mod protected_resource;
mod requirement;
#[cfg(feature = "axum")]
mod requirement_layer;
#[cfg(feature = "axum")]
mod response;
mod scheme;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "entra")]
mod token;
mod token_claims;

#[cfg(feature = "app-service")]
pub use self::client_principal_header::{ClientPrincipalError, ClientPrincipalHeader};
#[cfg(feature = "entra")]
pub use self::token::{
    EntraTokenValidator, EntraTokenValidatorBuilder, Jwks, JwksError, JwksProvider, SigningKey,
    TokenConfigError, TokenError,
};
#[cfg(feature = "axum")]
pub use self::{
    authentication::AuthenticationLayer,
    extractor::NotAuthenticated,
    identity_headers::StripIdentityHeadersLayer,
    protected_resource::{ProtectedResource, ResourceError},
    requirement_layer::RequirementLayer,
};
pub use self::{
    authenticator::Authenticator,
    error::{AuthnError, AuthnErrorKind},
    principal::{Principal, PrincipalKind},
    requirement::Requirement,
    scheme::{Outcome, Scheme},
    token_claims::TokenClaimsError,
};
