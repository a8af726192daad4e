#![doc = include_str!("../README.md")]

mod access;
mod admin;
mod auth_settings;
mod blueprint;
mod call;
mod change_set;
mod cloud;
mod doctor;
mod endpoint;
mod error;
mod exposure;
mod identity;
mod interactive_client;
mod preauthorize;
mod printable;
mod refusal;
mod registration;
mod remove;
mod resource_id;
mod resource_metadata;
mod retry;
mod setup;
mod step;
mod token_cache;
mod update;
mod web_app;
mod why;

pub use self::{
    access::{Access, MissingGrant},
    admin::Admin,
    cloud::AzureCloud,
    doctor::{Finding, Problem, Remedy},
    endpoint::Endpoint,
    error::AdminError,
    exposure::{Exposure, ExposureKind, Revocation},
    identity::{AgentRole, Identity},
    interactive_client::InteractiveClient,
    preauthorize::Preauthorized,
    remove::Removed,
    resource_metadata::ResourceMetadata,
    setup::{ClientCredential, ClientSetUp, Setup, SetupDone},
    step::Step,
    web_app::{WebApp, WebAppSettings},
    why::{Examination, Refusal, TokenCheck, TokenExaminer, TokenIssuer, Verdict},
};
