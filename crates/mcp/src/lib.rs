#![doc = include_str!("../README.md")]

mod access;
mod adapter;
mod argument;
mod attribution;
mod card;
mod completion;
mod confirmation;
mod handler;
mod idempotency;
mod identity;
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
mod untrusted;

pub use rmcp_guard::{
    CalledTool, CancellationToken, Guarded, GuardedService as McpService, NameClash, TaskTracker,
    discard_unread_body,
};

pub use self::{
    access::MissingPermission,
    adapter::McpAdapter,
    confirmation::ConfirmWrites,
    operation::Operation,
    tools::{TOOL_NAMES, tool_summaries},
};
