#![doc = include_str!("../README.md")]

mod arm;
mod cloud;
mod directory;
mod emulator;
mod gateway;
mod graph;
mod issuer;
mod keys;
mod options;
pub mod sample;
mod site;
mod token;

pub use self::{
    cloud::Cloud,
    directory::{
        AppRole, AppRoleAssignment, Application, Directory, FederatedCredential, PermissionScope,
        ServicePrincipal, User,
    },
    emulator::Emulator,
    gateway::Gateway,
    options::{IssuerOptions, Options},
    site::Site,
};
