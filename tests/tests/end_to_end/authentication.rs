//! The real server, by itself and behind the platform's gateway: it accepts allowed callers only.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod agents;
mod attack;
mod attribution;
mod clouds;
mod forge;
mod headers;
mod keys;
mod misbehaving;
mod modes;
mod people;
mod protected_server;
mod raw;
mod step_up;
mod tokens;
mod writers;
