#![doc = include_str!("../README.md")]

mod access;
mod assets;
mod audit;
mod config;
mod credit;
mod error_page;
mod fields;
mod form;
mod frame;
mod health;
mod pages;
mod router;
mod security_headers;
mod stars;
mod templates;
mod time_limit;
mod trailing_slash;
mod wording;

pub use self::{
    config::WebConfig,
    router::{RouterError, health_router, router},
};
