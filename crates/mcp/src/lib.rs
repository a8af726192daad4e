#![doc = include_str!("../README.md")]

mod access;
mod adapter;
mod argument;
mod attribution;
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
mod tool;
mod tool_output;
mod tools;

pub use rmcp_guard::{
    CalledTool, CancellationToken, Guarded, GuardedService as McpService, NameClash, TaskTracker,
};

pub use self::{
    access::MissingPermission,
    adapter::McpAdapter,
    operation::Operation,
    tools::{TOOL_NAMES, tool_summaries},
};
