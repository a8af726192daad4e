#![doc = include_str!("../README.md")]

mod access;
mod adapter;
mod answer;
mod argument;
mod completion;
mod handler;
mod idempotency;
mod mount;
mod names;
mod operation;
mod output;
mod prompts;
mod request_error;
mod resources;
mod service;
mod tools;

pub use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    adapter::McpAdapter,
    operation::Operation,
    service::{CalledTool, McpService},
};
