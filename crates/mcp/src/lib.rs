#![doc = include_str!("../README.md")]

mod access;
mod adapter;
mod argument;
mod call_context;
mod completion;
mod handler;
mod idempotency;
mod mount;
mod names;
mod operation;
mod output;
mod prompt;
mod prompts;
mod request_error;
mod resources;
mod service;
mod tool;
mod tool_output;
mod tools;

pub use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    adapter::McpAdapter,
    call_context::{CalledTool, MissingPermission},
    operation::Operation,
    service::McpService,
    tools::TOOL_NAMES,
};
