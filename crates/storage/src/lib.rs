#![doc = include_str!("../README.md")]

mod activity;
mod budget;
mod concurrency;
mod database;
mod derived;
mod error;
mod hidden;
mod idempotency;
mod limits;
mod migration_state;
mod open;
mod postgres;
mod postgres_options;
mod queries;
mod review_filter;
mod rows;
mod schema;
mod search;
mod sqlite;
mod statement_spans;
mod url;

pub use self::{
    database::{Database, DatabaseRole, FORGET_BATCH},
    limits::Limits,
    open::{open, open_with},
    postgres_options::{PasswordSource, PostgresOptions},
    url::{DatabaseUrl, DatabaseUrlError},
};
