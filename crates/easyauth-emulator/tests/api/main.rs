//! Microsoft Graph and Azure Resource Manager, asked over real sockets.

mod access;
mod applications;
mod assignments;
mod collections;
mod credentials;
mod replication;
mod service_principals;
mod set_up;
mod sites;
mod tenant;
