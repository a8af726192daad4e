#![doc = include_str!("../README.md")]

mod arm;
mod caller;
mod cloud;
mod directory;
mod emulator;
mod forge;
mod gateway;
mod graph;
mod host_check;
mod issuer;
mod keys;
mod listener;
mod options;
mod recorded;
pub mod sample;
mod site;
mod tenant_file;
mod tls;
mod token;

pub use self::{
    arm::{ArmOptions, FailingWrite},
    cloud::Cloud,
    directory::{
        ApiApplication, AppRole, AppRoleAssignment, Application, Directory, FederatedCredential,
        InheritablePermission, Inheritance, InheritanceKind, PermissionScope, ServicePrincipal,
        User,
    },
    emulator::Emulator,
    gateway::{Gateway, GatewayOptions, RoleForm},
    graph::GraphOptions,
    host_check::AccessOptions,
    listener::ListenerOptions,
    options::{IssuerOptions, Options},
    recorded::{Recorded, RecordedAnswer, RecordedError},
    site::{Site, SiteError},
    tenant_file::{TenantFile, TenantFileError},
    tls::Tls,
};
