//! The stores through their public doors, on real databases.

mod constraints;
mod group;
mod keys;
mod pgbouncer;
mod postgres;
mod snapshots;
mod sqlite;
mod tls;
mod upgrade;
mod url;
