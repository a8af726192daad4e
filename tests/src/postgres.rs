//! PostgreSQL clusters of our own, to use, to stop and to crash.

mod cluster;
mod database;
mod pgbouncer;
mod shared;
mod token_gate;

pub use self::{
    cluster::{Cluster, ClusterBuilder, binaries},
    database::TestDatabase,
    pgbouncer::{PgBouncer, pgbouncer},
    shared::{Shared, shared},
    token_gate::TokenGate,
};
