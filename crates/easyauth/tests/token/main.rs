//! Entra access tokens through the crate's public door: signed here, judged by `EntraToken`.

#![expect(clippy::unwrap_used, reason = "a test's own fixtures: a panic is how they fail")]

mod bearer;
mod bytes;
mod discovery;
mod forge;
mod good;
mod refusals;
mod remembered;
mod rollover;
mod wycheproof;
