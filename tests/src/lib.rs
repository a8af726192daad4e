#![doc = include_str!("../README.md")]

pub mod browser;
mod installation;
pub mod node;
pub mod postgres;
mod process;
pub mod product;
pub mod python;
pub mod server;
pub mod workspace;
