#![doc = include_str!("../README.md")]

mod database;
mod error;
mod keys;
mod postgres;
mod queries;
mod rows;
mod schema;
mod sqlite;
mod url;

pub use self::{
    database::{Database, Limits, open},
    url::{DatabaseUrl, DatabaseUrlError},
};
