//! The state that the gateway's handlers share.

use super::{proxy::Upstream, session::Sessions};
use crate::Cloud;

/// The state that the gateway's handlers share.
#[derive(Debug)]
pub(super) struct GatewayState {
    pub(super) cloud: Cloud,
    pub(super) site: String,
    pub(super) origin: String,
    pub(super) upstream: Upstream,
    pub(super) sessions: Sessions,
}
