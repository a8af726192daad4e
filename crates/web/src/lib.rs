#![doc = include_str!("../README.md")]

mod access;
mod app_state;
mod assets;
mod audit;
mod byline;
mod config;
mod error_page;
mod fields;
mod form;
mod health;
mod kept_pages;
mod page_context;
mod pages;
mod rendered_page;
mod router;
mod security_headers;
mod sign_in;
mod stars;
mod static_files;
mod templates;
mod time_limit;
mod trailing_slash;
mod wording;

pub use self::{
    config::{Connection, RoleNames, WebConfig},
    health::alive,
    router::{RouterError, public_router, router},
    sign_in::with_sign_in_page,
};
