//! The adapter over HTTP: by raw requests, and by the protocol library's own client.

mod arguments;
mod broken_stores;
mod callers;
mod client;
mod endpoint;
mod schemas;
mod transport;
