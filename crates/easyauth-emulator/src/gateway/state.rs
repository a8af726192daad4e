//! The state that the gateway's handlers share.

use axum::Router;

use super::{proxy::Upstream, session::Sessions};
use crate::{AccessOptions, Cloud};

/// The state that the gateway's handlers share.
#[derive(Debug)]
pub(super) struct GatewayState {
    pub(super) cloud: Cloud,
    pub(super) access: AccessOptions,
    /// The issuer, which the platform asks without a detour over the network.
    pub(super) issuer: Router,
    pub(super) site: String,
    pub(super) origin: String,
    pub(super) upstream: Upstream,
    pub(super) sessions: Sessions,
}
