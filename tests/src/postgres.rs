//! PostgreSQL clusters of our own, to use, to stop and to crash.

mod cluster;
mod database;
mod shared;

pub use self::{
    cluster::{Cluster, ClusterBuilder, binaries},
    database::TestDatabase,
    shared::{Shared, shared},
};
