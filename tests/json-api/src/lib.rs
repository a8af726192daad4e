#![doc = include_str!("../README.md")]

mod service;

pub use self::service::{Layer, READ, WRITE, service};
