//! What the service says of itself to clients that have no token yet: protected resource metadata (RFC 9728) and challenges (RFC 6750).

mod advertisement;
mod builder;

use std::collections::BTreeMap;

use axum::{Router, extract::OriginalUri, routing::get};
use http::{
    HeaderValue, Request,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};

use self::advertisement::Advertisement;
pub use self::builder::{ProtectedResourceBuilder, ResourceError};

/// Where metadata stands: before a resource's path (RFC 9728 §3.1).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// Five minutes: the documents are the same for everybody and change with a deployment only, but a client with an old one cannot sign in.
const METADATA_CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The service as OAuth clients see it: the whole of it, and the paths that are resources of their own.
#[derive(Debug, Clone)]
pub struct ProtectedResource {
    root: Advertisement,
    paths: BTreeMap<String, Advertisement>,
}

impl ProtectedResource {
    /// A service at this public origin, such as `https://reviews.example`: scheme, host, maybe a port; no path, no slash at the end.
    #[must_use]
    pub fn builder(origin: impl Into<String>) -> ProtectedResourceBuilder {
        ProtectedResourceBuilder::new(origin.into())
    }

    /// The metadata documents: `/.well-known/oauth-protected-resource` for the origin, and the same with `<path>` after it for each
    /// named path (RFC 9728 §3.1). They answer GET and HEAD, and are for everybody: mount them outside of the authentication layer.
    ///
    /// Where the platform serves them, do not mount them: the challenges lead to the same addresses.
    pub fn router(&self) -> Router {
        let root = std::iter::once(("", &self.root));
        let paths = self.paths.iter().map(|(path, resource)| (path.as_str(), resource));
        root.chain(paths).fold(Router::new(), |router, (path, resource)| {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (CACHE_CONTROL, METADATA_CACHING),
            ];
            let document = (headers, resource.metadata.clone());
            router.route(&format!("{WELL_KNOWN}{path}"), get(async || document))
        })
    }

    /// `WWW-Authenticate` of a 401. It has no `error`, even for a token that is wrong (RFC 6750 §3.1 says SHOULD):
    /// all 401s are the same, so that nobody learns from them what was wrong.
    pub(crate) fn challenge<B>(&self, request: &Request<B>) -> HeaderValue {
        self.advertisement(request).challenge.clone()
    }

    /// `WWW-Authenticate` of a 403.
    pub(crate) fn insufficient_scope<B>(&self, request: &Request<B>) -> HeaderValue {
        self.advertisement(request).insufficient_scope.clone()
    }

    fn advertisement<B>(&self, request: &Request<B>) -> &Advertisement {
        self.paths.get(original_path(request)).unwrap_or(&self.root)
    }
}

/// The path that the client asked for, which a nested router no longer sees in the request's URI.
pub(crate) fn original_path<B>(request: &Request<B>) -> &str {
    let original = request.extensions().get::<OriginalUri>();
    original.map_or(request.uri(), |OriginalUri(uri)| uri).path()
}
