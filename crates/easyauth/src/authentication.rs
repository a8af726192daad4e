//! The layer that lets nobody in uninvited.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, extract::OriginalUri, response::Response};
use http::{
    HeaderValue, Request, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
};
use tower::{Layer, Service};

use crate::{Authenticator, ProtectedResource, Refusal, identity_headers};

/// After how many seconds a caller may try again whose token could not be judged.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// The most characters of a path that are logged.
const PATH_CHARS: usize = 100;

/// Authenticates every request: a known caller's [`crate::Principal`] goes into the request's extensions, everybody else gets 401.
///
/// All refusals are one to the caller: status 401, the challenge (RFC 6750, RFC 9728), no body. The reason is logged. Where
/// the issuer's keys cannot be had there is nothing to judge by, and the answer is 503.
///
/// The inner service gets a request of which all is gone that a client could have said of itself: the headers that schemes
/// read, look-alikes of them, and `Authorization`.
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
}

impl<S> Layer<S> for AuthenticationLayer {
    type Service = Authentication<S>;

    fn layer(&self, inner: S) -> Authentication<S> {
        Authentication { inner, gate: self.clone() }
    }
}

/// The service that [`AuthenticationLayer`] makes.
#[derive(Debug, Clone)]
pub struct Authentication<S> {
    inner: S,
    gate: AuthenticationLayer,
}

/// What the layers' services answer by.
pub(crate) type Answer<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;

impl<S> Service<Request<Body>> for Authentication<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let gate = self.gate.clone();
        // The one that was polled ready answers; its clone waits for the next request.
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        Box::pin(async move {
            let headers = request.headers().clone();
            identity_headers::forget(&mut request);
            match gate.authenticator.authenticate(&headers).await {
                Ok(principal) => {
                    request.extensions_mut().insert(principal);
                    inner.call(request).await
                }
                Err(refusal) => Ok(refuse(&refusal, &gate.resource, path(&request))),
            }
        })
    }
}

/// The path as the client asked for it, whatever router the layer stands in.
pub(crate) fn path<B>(request: &Request<B>) -> &str {
    match request.extensions().get::<OriginalUri>() {
        Some(uri) => uri.path(),
        None => request.uri().path(),
    }
}

fn refuse(refusal: &Refusal, resource: &ProtectedResource, path: &str) -> Response {
    let shown: String = path.chars().take(PATH_CHARS).collect();
    tracing::info!(reason = %refusal, path = shown, "nobody was let in");
    if refusal.is_temporary() {
        let mut response = empty(StatusCode::SERVICE_UNAVAILABLE);
        response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        return response;
    }
    unauthorized(resource, path)
}

/// The 401 that everybody gets.
pub(crate) fn unauthorized(resource: &ProtectedResource, path: &str) -> Response {
    let mut response = empty(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(WWW_AUTHENTICATE, resource.challenge(path));
    response
}

/// An answer of the gate's own: without a body, and not to be kept.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
