#![doc = include_str!("../README.md")]

mod access;
mod adapter;
mod answer;
mod argument;
mod completion;
mod handler;
mod idempotency;
mod media_type;
mod mount;
mod names;
mod operation;
mod output;
mod prompts;
mod request_error;
mod resources;
mod schema;
mod service;
mod stdio;
mod tools;
mod transport;

pub use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    adapter::McpAdapter,
    operation::Operation,
    service::{CalledTool, McpService},
    transport::{Transport, TransportLayer},
};
