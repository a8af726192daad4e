#![doc = include_str!("../README.md")]

mod access;
mod admin;
mod auth_settings;
mod call;
mod change_set;
mod cloud;
mod doctor;
mod endpoint;
mod error;
mod exposure;
mod identity;
mod preauthorize;
mod printable;
mod refusal;
mod registration;
mod remove;
mod resource_id;
mod retry;
mod setup;
mod step;
mod token_cache;
mod update;
mod web_app;

pub use self::{
    access::{Access, MissingGrant},
    admin::Admin,
    cloud::AzureCloud,
    doctor::{Finding, Problem, Remedy},
    endpoint::Endpoint,
    error::AdminError,
    exposure::{Exposure, ExposureKind, Revocation},
    identity::Identity,
    preauthorize::Preauthorized,
    remove::Removed,
    setup::{ClientCredential, Setup, SetupDone},
    step::Step,
    web_app::{WebApp, WebAppSettings},
};
