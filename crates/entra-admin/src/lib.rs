#![doc = include_str!("../README.md")]

mod access;
mod admin;
mod auth_settings;
mod doctor;
mod endpoint;
mod error;
mod identity;
mod preauthorize;
mod printable;
mod refusal;
mod registration;
mod remove;
mod setup;
mod step;
mod web_app;

pub use self::{
    access::{Access, Lack},
    admin::Admin,
    doctor::{Finding, Problem, Remedy},
    endpoint::Endpoint,
    error::AdminError,
    identity::Identity,
    preauthorize::Preauthorized,
    remove::Removed,
    setup::{Proof, Setup, SetupDone},
    step::Step,
};
