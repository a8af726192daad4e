//! The layer that lets nobody in uninvited.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, response::Response};
use http::Request;
use tower::{Layer, Service};

use crate::{Authenticator, ProtectedResource, identity_headers, response};

/// Authenticates every request: a known caller's [`crate::Principal`] goes into the request's extensions, everybody else gets 401.
///
/// Every 401 is the same to the byte, whatever the reason: the log has it (target `easyauth`, level info). Keys that cannot be had are
/// no verdict: 503 with `Retry-After`. What the service gets has no identity but the principal, as with [`crate::StripIdentityHeadersLayer`].
///
/// Put it [around](Self::around) a router with all of its routes, so that unknown paths are 401 as well.
#[derive(Debug, Clone)]
pub struct AuthenticationLayer {
    authenticator: Authenticator,
    resource: Arc<ProtectedResource>,
}

impl AuthenticationLayer {
    /// Lets in whom the authenticator knows; challenges are the resource's.
    #[must_use]
    pub fn new(authenticator: Authenticator, resource: Arc<ProtectedResource>) -> Self {
        Self { authenticator, resource }
    }

    /// The router behind the layer, as the fallback of a new one, into which open routes may be merged.
    ///
    /// It tells strangers less than `Router::layer` does: there the router adds `Allow` to the 401 for a method that a
    /// route does not have, so they learn which paths and methods there are. Here all 401s of a path are the same.
    pub fn around(&self, router: Router) -> Router {
        Router::new().fallback_service(self.layer(router))
    }
}

impl<S> Layer<S> for AuthenticationLayer {
    type Service = Authentication<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authentication { inner, layer: self.clone() }
    }
}

/// The service of [`AuthenticationLayer`].
#[derive(Debug, Clone)]
pub struct Authentication<S> {
    inner: S,
    layer: AuthenticationLayer,
}

impl<S, B> Service<Request<B>> for Authentication<S>
where
    S: Service<Request<B>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The service that was asked whether it is ready is the one to call: its clone need not be.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let AuthenticationLayer { authenticator, resource } = self.layer.clone();
        Box::pin(async move {
            let caller = authenticator.authenticate(request.headers()).await;
            identity_headers::forget(&mut request);
            match caller {
                Ok(principal) => {
                    request.extensions_mut().insert(principal);
                    inner.call(request).await
                }
                Err(refusal) => Ok(response::unauthenticated(&refusal, &request, &resource)),
            }
        })
    }
}
