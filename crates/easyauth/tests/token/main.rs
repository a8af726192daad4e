//! Entra access tokens through the crate's public door: signed here, judged by `EntraToken`.

mod bearer;
mod bytes;
mod discovery;
mod forge;
mod good;
mod refusals;
mod remembered;
mod rollover;
mod wycheproof;
