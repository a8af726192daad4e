//! The layers and the client principal header over HTTP: requests, responses, and the requests that the service receives.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod authenticator;
mod claims;
mod client_principal;
mod decoder;
mod foreign_scheme;
mod layers;
mod log;
mod malformed;
mod requirement;
mod resource;
mod service;
