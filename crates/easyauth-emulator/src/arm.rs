//! The part of Azure Resource Manager that configures a web app and its authentication.

use axum::Router;

use crate::Cloud;

/// Its routes.
pub(crate) fn router(_cloud: Cloud) -> Router {
    Router::new()
}
