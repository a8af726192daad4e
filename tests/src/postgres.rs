//! PostgreSQL clusters of our own, to use, to stop and to crash.

mod cluster;
mod database;
mod pgbouncer;
mod shared;
mod token_auth_proxy;

pub use self::{
    cluster::{Cluster, ClusterBuilder, binaries},
    database::TestDatabase,
    pgbouncer::{PgBouncer, pgbouncer},
    shared::{SharedCluster, shared},
    token_auth_proxy::TokenAuthProxy,
};
