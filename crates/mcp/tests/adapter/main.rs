//! The adapter as its clients meet it: a server on a free port, spoken to over HTTP.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod actors;
mod arguments;
mod audit;
mod bounds;
mod card;
mod client;
mod confirmation;
mod failures;
mod idempotency;
mod injections;
mod joined;
mod kept;
mod log;
mod prompts;
mod protocol;
mod resources;
mod server;
mod stdio;
mod stores;
mod tools;
mod transport;
