//! What a request says of its caller, and the layer that takes it away.

use std::task::{Context, Poll};

use http::{HeaderName, Request, header::AUTHORIZATION};
use tower::{Layer, Service};

use crate::Principal;

/// Invariant: no header whose name starts like this reaches the service, and none that only looks like it (see [`as_read`]).
/// The platform writes `X-MS-CLIENT-PRINCIPAL`, `-ID`, `-NAME`, `-IDP`, and the `X-MS-TOKEN-…` of its token store.
const IDENTITY_PREFIXES: [&str; 2] = ["x-ms-client-principal", "x-ms-token-"];

/// For routes where nobody is known: the same requests without identities. [`crate::AuthenticationLayer`] does so by itself.
///
/// Gone are a [`Principal`] in the extensions, `Authorization`, and the headers in which the platform says who calls, also
/// with `_` or `.` for `-`, which some servers take for the same. On routes that it excludes the platform may let them through.
#[derive(Debug, Clone, Copy, Default)]
pub struct StripIdentityHeadersLayer;

impl<S> Layer<S> for StripIdentityHeadersLayer {
    type Service = StripIdentityHeaders<S>;

    fn layer(&self, inner: S) -> Self::Service {
        StripIdentityHeaders { inner }
    }
}

/// The service of [`StripIdentityHeadersLayer`].
#[derive(Debug, Clone)]
pub struct StripIdentityHeaders<S> {
    inner: S,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for StripIdentityHeaders<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        forget(&mut request);
        self.inner.call(request)
    }
}

/// `Authorization` goes too: a service that knows its caller has no use for the token, and one that
/// passed it on to another service would lend its caller's rights away.
pub(crate) fn forget<B>(request: &mut Request<B>) {
    request.extensions_mut().remove::<Principal>();
    let headers = request.headers_mut();
    let names: Vec<HeaderName> = headers.keys().filter(|name| is_identity(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

fn is_identity(name: &HeaderName) -> bool {
    let name_read = as_read(name);
    *name == AUTHORIZATION || IDENTITY_PREFIXES.iter().any(|prefix| name_read.starts_with(prefix))
}

/// A header's name (lower case already) as the most lenient reader takes it.
fn as_read(name: &HeaderName) -> String {
    name.as_str().replace(['_', '.'], "-")
}
