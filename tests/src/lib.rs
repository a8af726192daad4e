#![doc = include_str!("../README.md")]

#[cfg(not(unix))]
compile_error!(
    "the tests need Unix: signals, file modes and PostgreSQL's servers. On Windows, use WSL."
);

pub mod agent;
pub mod app_service;
pub mod browser;
pub mod fault_proxy;
mod installation;
pub mod mcp;
pub mod node;
pub mod postgres;
mod process;
pub mod product;
pub mod program;
pub mod python;
pub mod reference;
pub mod server;
pub mod tls_proxy;
pub mod workspace;
