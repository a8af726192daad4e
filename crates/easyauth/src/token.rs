//! Microsoft Entra access tokens (RFC 7519) in the `Authorization` header (RFC 6750).

pub(crate) mod validator;

mod builder;
mod claims;
mod cloud;
mod discovery;
mod error;
mod header;
mod jwks;
mod jwks_cache;
mod token_cache;

#[cfg(feature = "testing")]
pub(crate) use self::{builder::system_time, validator::unix_seconds};
pub use self::{
    builder::{EntraTokenValidatorBuilder, TokenConfigError},
    error::TokenError,
    jwks::{Jwks, JwksError, JwksProvider, SigningKey},
    validator::EntraTokenValidator,
};
