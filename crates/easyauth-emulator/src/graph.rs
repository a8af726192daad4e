//! The part of Microsoft Graph that registers applications and assigns their roles.

use axum::Router;

use crate::Cloud;

/// Its routes.
pub(crate) fn router(_cloud: Cloud) -> Router {
    Router::new()
}
