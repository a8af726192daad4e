//! The gateway, by bytes on both sides: what clients are answered, and what reaches the app.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod answers;
mod app;
mod callers;
mod connections;
mod foreign;
mod framing;
mod identity;
mod settings;
mod sign_in;
mod tls;
