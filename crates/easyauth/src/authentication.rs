//! The layer that authenticates every request.

use std::{pin::Pin, sync::Arc};

use axum::{Router, body::Body, response::Response};
use http::Request;
use tower::Layer;
use tower_http::auth::{AsyncAuthorizeRequest, AsyncRequireAuthorization};

use crate::{
    authenticator::Authenticator, identity_headers, protected_resource::ProtectedResource,
};

/// Authenticates every request, and puts the caller's [`crate::Principal`] into the request's extensions.
///
/// An unauthenticated request gets a 401 that is the same to the byte for every reason; a transient error gets 503 with
/// `Retry-After`. The log has the reason (target `easyauth`, level info). The inner service receives no identity but the
/// principal: the layer does what [`crate::StripIdentityHeadersLayer`] does.
///
/// Apply it with [`Self::wrap`], so that unknown paths are 401 as well.
#[derive(Debug, Clone)]
#[must_use]
pub struct AuthenticationLayer {
    authenticator: Authenticator,
    resource: Arc<ProtectedResource>,
    keeps_authorization: bool,
}

impl AuthenticationLayer {
    /// Authenticates with these schemes, and challenges for this resource.
    pub fn new(authenticator: Authenticator, resource: Arc<ProtectedResource>) -> Self {
        Self { authenticator, resource, keeps_authorization: false }
    }

    /// Keeps `Authorization` in authenticated requests, for a service that exchanges the caller's token for one of its own (the
    /// on-behalf-of flow). Without this, the layer removes it, so that the service cannot pass the token on by mistake.
    /// Source: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>.
    pub fn keep_authorization(mut self) -> Self {
        self.keeps_authorization = true;
        self
    }

    /// Returns a router whose fallback is this layer around the given router. Merge routes without authentication into it.
    ///
    /// `Router::layer` reveals more: axum adds `Allow` to the 401 for a method that a route does not have, and so tells an
    /// unauthenticated client which paths and methods exist. Here all 401s of a path are the same.
    pub fn wrap(&self, router: Router) -> Router {
        Router::new().fallback_service(self.layer(router))
    }
}

impl<S> Layer<S> for AuthenticationLayer {
    type Service = AsyncRequireAuthorization<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        AsyncRequireAuthorization::new(inner, self.clone())
    }
}

impl<B: Send + 'static> AsyncAuthorizeRequest<B> for AuthenticationLayer {
    type RequestBody = B;
    type ResponseBody = Body;
    type Future = Pin<Box<dyn Future<Output = Result<Request<B>, Response>> + Send>>;

    fn authorize(&mut self, mut request: Request<B>) -> Self::Future {
        let Self { authenticator, resource, keeps_authorization } = self.clone();
        Box::pin(async move {
            let caller = authenticator.authenticate(request.headers()).await;
            if keeps_authorization {
                identity_headers::strip_all_but_authorization(&mut request);
            } else {
                identity_headers::strip(&mut request);
            }
            let reject = |error| resource.reject(&error, &authenticator.challenges(), &request);
            let principal = caller.map_err(reject)?;
            request.extensions_mut().insert(principal);
            Ok(request)
        })
    }
}
