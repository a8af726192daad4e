#![doc = include_str!("../README.md")]

mod authentication;
mod authenticator;
mod platform_header;
mod principal;
mod protected_resource;
mod requirement;
mod scheme;
mod token;

pub use self::{
    authentication::AuthenticationLayer,
    authenticator::Authenticator,
    platform_header::{HeaderRefusal, PlatformHeader},
    principal::{Principal, PrincipalKind},
    protected_resource::ProtectedResource,
    requirement::{Requirement, RequirementLayer},
    scheme::{Outcome, Refusal, Scheme},
    token::{EntraToken, EntraTokenBuilder, TokenConfigError, TokenRefusal},
};
