#![doc = include_str!("../README.md")]

mod adapter;
mod arguments;
mod handler;
mod output;
mod schema;
mod tool;
mod tool_error;
mod tools;
mod transport;

pub use self::{
    adapter::{McpAdapter, McpService},
    tool::CalledTool,
};
