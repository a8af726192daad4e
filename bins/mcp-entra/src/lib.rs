#![doc = include_str!("../README.md")]

mod app_service_switch;
mod commands;
mod token_source_credential;

pub use self::{
    app_service_switch::AppServiceSwitch, commands::Commands,
    token_source_credential::TokenSourceCredential,
};
