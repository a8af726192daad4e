//! The router as a browser meets it: requests in, responses out, over stores that obey, fail, hang or panic.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod access;
mod activity;
mod assets;
mod audit;
mod bodies;
mod cross_origin;
mod errors;
mod forms;
mod front_door;
mod headers;
mod health;
mod injections;
mod kept;
mod list;
mod markup;
mod reviews;
mod snapshots;
mod take_back;

mod log;
mod site;
mod stores;
