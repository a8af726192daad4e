//! The adapter over HTTP: by raw requests, and by the protocol library's own client.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod arguments;
mod broken_stores;
mod callers;
mod client;
mod endpoint;
mod schemas;
mod transport;
