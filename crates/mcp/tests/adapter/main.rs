//! The adapter as its clients meet it: a server on a free port, spoken to over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod actors;
mod arguments;
mod client;
mod failures;
mod log;
mod protocol;
mod server;
mod stores;
mod tools;
mod transport;
