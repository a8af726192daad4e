#![doc = include_str!("../README.md")]

mod authentication;
mod authenticator;
mod client_principal_header;
mod extractor;
mod identity_headers;
mod principal;
mod protected_resource;
mod requirement;
mod response;
mod scheme;
mod token;

pub use self::{
    authentication::{Authentication, AuthenticationLayer},
    authenticator::Authenticator,
    client_principal_header::{ClientPrincipalError, ClientPrincipalHeader},
    extractor::NotAuthenticated,
    identity_headers::{StripIdentityHeaders, StripIdentityHeadersLayer},
    principal::{Principal, PrincipalKind},
    protected_resource::{ProtectedResource, ResourceError},
    requirement::{Required, Requirement, RequirementLayer},
    scheme::{AuthnError, Outcome, Scheme},
    token::{
        EntraTokenValidator, EntraTokenValidatorBuilder, Jwks, JwksError, JwksProvider, SigningKey,
        TokenConfigError, TokenError,
    },
};
