//! Microsoft Graph and Azure Resource Manager, asked over real sockets.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod access;
mod applications;
mod assignments;
mod blueprints;
mod collections;
mod conditions;
mod credentials;
mod owners;
mod replication;
mod service_principals;
mod set_up;
mod sites;
mod tenant;
mod unimplemented;
