#![doc = include_str!("../README.md")]

mod authentication;
mod authenticator;
mod challenge;
mod client_principal_header;
mod error;
mod extractor;
mod identity_headers;
mod json;
mod principal;
mod protected_resource;
mod requirement;
mod response;
mod scheme;
mod token;
mod token_claims;

pub use self::{
    authentication::AuthenticationLayer,
    authenticator::Authenticator,
    client_principal_header::{ClientPrincipalError, ClientPrincipalHeader},
    error::{AuthnError, AuthnErrorKind},
    extractor::NotAuthenticated,
    identity_headers::StripIdentityHeadersLayer,
    principal::{Principal, PrincipalKind},
    protected_resource::{ProtectedResource, ResourceError},
    requirement::{Requirement, RequirementLayer},
    scheme::{Outcome, Scheme},
    token::{
        EntraTokenValidator, EntraTokenValidatorBuilder, Jwks, JwksError, JwksProvider, SigningKey,
        TokenConfigError, TokenError,
    },
    token_claims::TokenClaimsError,
};
