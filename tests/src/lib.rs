#![doc = include_str!("../README.md")]

pub mod agent;
pub mod app_service;
pub mod azure_cli;
pub mod browser;
pub mod fault_proxy;
pub mod image;
pub mod infrastructure;
mod installation;
pub mod mcp;
pub mod node;
pub mod postgres;
pub mod process;
pub mod product;
pub mod program;
pub mod python;
pub mod reference;
pub mod server;
pub mod tls_proxy;
pub mod workspace;
