//! Entra access tokens: signed here, validated by `EntraTokenValidator`.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's own fixtures: a panic is how they fail"
)]

mod accepted;
mod bearer;
mod bytes;
mod discovery;
mod issuer;
mod rejected;
mod rollover;
mod tenants;
mod token_cache;
mod wycheproof;
