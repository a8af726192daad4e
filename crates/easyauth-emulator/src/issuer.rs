//! The issuer: discovery, keys, and tokens.

use axum::Router;

use crate::Cloud;

/// Its routes.
pub(crate) fn router(_cloud: Cloud) -> Router {
    Router::new()
}
