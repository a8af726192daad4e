//! The commands against an emulated tenant and web app.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod adoption;
mod agents;
mod clients;
mod clouds;
mod deployed;
mod diagnosis;
mod faults;
mod from_nothing;
mod guarded;
mod kept;
mod listing;
mod meanwhile;
mod relay;
mod removal;
mod tenant;
mod token_rows;
mod why;
