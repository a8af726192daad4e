#![doc = include_str!("../README.md")]

mod access;
mod admin;
mod auth_settings;
mod cloud;
mod doctor;
mod endpoint;
mod error;
mod foreign;
mod identity;
mod preauthorize;
mod printable;
mod refusal;
mod registration;
mod remove;
mod setup;
mod step;
mod update;
mod web_app;

pub use self::{
    access::{Access, Lack},
    admin::Admin,
    cloud::AzureCloud,
    doctor::{Finding, Problem, Remedy},
    endpoint::Endpoint,
    error::AdminError,
    foreign::{Foreign, ForeignKind, TakeBack},
    identity::Identity,
    preauthorize::Preauthorized,
    remove::Removed,
    setup::{Proof, Setup, SetupDone},
    step::Step,
};
