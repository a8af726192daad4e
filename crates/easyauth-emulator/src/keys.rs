//! The issuer's signing keys: the one in use, the next, and those whose tokens are still good.

/// The issuer's keys.
#[derive(Debug, Default)]
pub(crate) struct SigningKeys {}
