//! How a path names an object: by its object id, or by its application id.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::error::GraphError;

/// What a path says of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// `/applications/<object id>`
    Id(Uuid),
    /// `/applications(appId='<application id>')`
    AppId(Uuid),
}

/// How `canonical` writes an application id.
const APP_ID: &str = "appId=";

/// A path with `(appId='…')` as a segment of its own, which a router can match.
///
/// # Errors
/// The path is not UTF-8.
pub(crate) fn canonical(path: &str) -> Result<String, GraphError> {
    let path = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| GraphError::bad_request("The path is not UTF-8."))?;
    Ok(path.replace("(appId='", "/appId=").replace("')", ""))
}

impl Key {
    fn parse(segment: &str) -> Option<Self> {
        match segment.strip_prefix(APP_ID) {
            Some(app_id) => app_id.parse().ok().map(Self::AppId),
            None => segment.parse().ok().map(Self::Id),
        }
    }

    /// Whether an object with these ids is meant.
    pub(crate) fn names(self, id: Uuid, app_id: Uuid) -> bool {
        match self {
            Self::Id(key) => key == id,
            Self::AppId(key) => key == app_id,
        }
    }

    /// The answer when there is no such object.
    pub(crate) fn not_found(self) -> GraphError {
        let (Self::Id(id) | Self::AppId(id)) = self;
        GraphError::not_found(id)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = GraphError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, GraphError> {
        let path: Path<Vec<(String, String)>> = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| GraphError::not_found(parts.uri.path()))?;
        let segment = path.first().map(|(_, value)| value.as_str()).unwrap_or_default();
        Self::parse(segment).ok_or_else(|| GraphError::not_found(segment))
    }
}
