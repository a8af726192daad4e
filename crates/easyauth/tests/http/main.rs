//! The gate from outside: what a caller sends, what comes back, and what the service behind it gets to see.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod authenticator;
mod claims;
mod client_principal;
mod decoder;
mod layers;
mod log;
mod malformed;
mod requirement;
mod resource;
mod service;
