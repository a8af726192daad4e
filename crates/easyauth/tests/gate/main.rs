//! The gate from outside: what a caller sends, what comes back, and what the service behind it gets to see.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod authenticator;
mod decoder;
mod forms;
mod hostile;
mod layers;
mod log;
mod platform;
mod requirement;
mod resource;
mod service;
