//! What a request's headers say of its caller, and who takes it away.

use std::task::{Context, Poll};

use http::{HeaderName, Request, header::AUTHORIZATION};
use tower::{Layer, Service};

use crate::{PlatformHeader, Principal};

/// Under these names, and names that begin with them, the platform tells the app of the caller and their tokens.
const PREFIXES: [&str; 2] = [PlatformHeader::NAME, "x-ms-token-"];

/// Takes away whatever says who calls: headers of the platform's names, in any spelling, and `Authorization`.
///
/// Invariant: behind the layers of this crate the identity is in the extensions, or there is none. The caller's token goes
/// with the rest, so that it cannot be handed on, logged or shown.
pub(crate) fn forget<B>(request: &mut Request<B>) {
    request.extensions_mut().remove::<Principal>();
    let headers = request.headers_mut();
    let names: Vec<HeaderName> = headers.keys().filter(|name| is_identity(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// Underscores are read as dashes, since a framework further on may do so as well.
fn is_identity(name: &HeaderName) -> bool {
    let name_with_dashes = name.as_str().replace('_', "-");
    name == AUTHORIZATION || PREFIXES.iter().any(|prefix| name_with_dashes.starts_with(prefix))
}

/// Trusts nobody: takes away whatever a request says of its caller, and lets everybody pass. For routes that are open to
/// all, and for services without authentication.
#[derive(Debug, Clone, Copy, Default)]
pub struct ForgetIdentityLayer;

impl<S> Layer<S> for ForgetIdentityLayer {
    type Service = ForgetIdentity<S>;

    fn layer(&self, inner: S) -> ForgetIdentity<S> {
        ForgetIdentity { inner }
    }
}

/// The service that [`ForgetIdentityLayer`] makes.
#[derive(Debug, Clone)]
pub struct ForgetIdentity<S> {
    inner: S,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for ForgetIdentity<S> {
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
