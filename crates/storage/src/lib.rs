#![doc = include_str!("../README.md")]

mod database;
mod derived;
mod error;
mod keys;
mod postgres;
mod queries;
mod rows;
mod schema;
mod search;
mod shares;
mod sign_in;
mod sqlite;
mod statements;
mod url;

pub use self::{
    database::{Database, Limits, open, open_with},
    sign_in::{PasswordSource, PostgresOptions},
    url::{DatabaseUrl, DatabaseUrlError},
};
