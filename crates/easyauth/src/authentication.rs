//! The layer that lets nobody in uninvited.

use std::sync::Arc;

use crate::{Authenticator, ProtectedResource};

/// Authenticates every request: a known caller's [`crate::Principal`] goes into the request's extensions, everybody else gets 401.
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
