#![doc = include_str!("../README.md")]

mod authentication;
mod authenticator;
mod extractor;
mod identity_headers;
mod platform_header;
mod principal;
mod protected_resource;
mod refusal_response;
mod requirement;
mod scheme;
mod token;

pub use self::{
    authentication::{Authentication, AuthenticationLayer},
    authenticator::Authenticator,
    extractor::NotAuthenticated,
    identity_headers::{ForgetIdentity, ForgetIdentityLayer},
    platform_header::{HeaderRefusal, PlatformHeader},
    principal::{Principal, PrincipalKind},
    protected_resource::{ProtectedResource, ResourceError},
    requirement::{Required, Requirement, RequirementLayer},
    scheme::{Outcome, Refusal, Scheme},
    token::{
        EntraToken, EntraTokenBuilder, IssuerKeys, KeySource, KeySourceError, SigningKey,
        TokenConfigError, TokenRefusal,
    },
};
