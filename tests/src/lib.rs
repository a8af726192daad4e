#![doc = include_str!("../README.md")]

pub mod app_service;
pub mod browser;
mod installation;
pub mod node;
pub mod postgres;
mod process;
pub mod product;
pub mod program;
pub mod python;
pub mod reference;
pub mod saboteur;
pub mod server;
pub mod tls_front;
pub mod workspace;
