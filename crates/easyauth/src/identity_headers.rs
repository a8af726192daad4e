//! The layer that removes every identity from a request.

use axum::{body::Body, response::Response};
use http::{HeaderName, Request, header::AUTHORIZATION};
use tower::Layer;
use tower_http::validate_request::{
    ValidateRequest, ValidateRequestHeader, ValidateRequestHeaderLayer,
};

use crate::principal::Principal;

/// Invariant: no header whose name starts with one of these reaches the service, nor a spelling with `_` or `.` for `-`,
/// which some servers read as the same name. The platform writes `X-MS-CLIENT-PRINCIPAL`, `-ID`, `-NAME`, `-IDP`, and the
/// `X-MS-TOKEN-…` of its token store.
const IDENTITY_PREFIXES: [&str; 2] = ["x-ms-client-principal", "x-ms-token-"];

/// Removes identities from requests to routes without authentication. [`crate::AuthenticationLayer`] includes this.
///
/// It removes a [`Principal`] in the extensions, `Authorization`, and the platform's identity headers in every spelling. The
/// platform may pass on such headers of a client on the paths that it excludes from authentication.
#[derive(Debug, Clone, Copy, Default)]
pub struct StripIdentityHeadersLayer;

impl<S> Layer<S> for StripIdentityHeadersLayer {
    type Service = ValidateRequestHeader<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        ValidateRequestHeaderLayer::custom(*self).layer(inner)
    }
}

impl<B> ValidateRequest<B> for StripIdentityHeadersLayer {
    type ResponseBody = Body;

    fn validate(&mut self, request: &mut Request<B>) -> Result<(), Response> {
        strip(request);
        Ok(())
    }
}

/// Removes all identities, and `Authorization` too: a service that passed the token on to another service would delegate its
/// caller's rights.
pub(crate) fn strip<B>(request: &mut Request<B>) {
    strip_all_but_authorization(request);
    request.headers_mut().remove(AUTHORIZATION);
}

/// Removes all identities but the token that the caller sent.
pub(crate) fn strip_all_but_authorization<B>(request: &mut Request<B>) {
    request.extensions_mut().remove::<Principal>();
    let headers = request.headers_mut();
    let names: Vec<HeaderName> = headers.keys().filter(|name| is_identity(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

fn is_identity(name: &HeaderName) -> bool {
    let dashed =
        name.as_str().bytes().map(|byte| if matches!(byte, b'_' | b'.') { b'-' } else { byte });
    IDENTITY_PREFIXES.iter().any(|prefix| dashed.clone().take(prefix.len()).eq(prefix.bytes()))
}
