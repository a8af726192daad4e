#![doc = include_str!("../README.md")]

mod adapter;
mod argument;
mod handler;
mod media_type;
mod output;
mod schema;
mod service;
mod tool_error;
mod tools;
mod transport;

pub use tokio_util::sync::CancellationToken;

pub use self::{
    adapter::McpAdapter,
    service::{CalledTool, McpService},
    transport::{Transport, TransportLayer},
};
