//! Asks every scheme that a service trusts, and wants one answer.

use std::{fmt, sync::Arc};

use http::HeaderMap;

use crate::{Outcome, Principal, Refusal, Scheme};

/// The schemes that a service trusts. All of them have to authenticate the request, and all to the same caller.
#[derive(Clone)]
pub struct Authenticator {
    schemes: Vec<Arc<dyn Scheme>>,
}

impl Authenticator {
    /// Trusts one scheme.
    #[must_use]
    pub fn new(scheme: impl Scheme + 'static) -> Self {
        Self { schemes: vec![Arc::new(scheme)] }
    }

    /// Wants a further scheme to authenticate the request as well, to the same caller.
    #[must_use]
    pub fn and(mut self, scheme: impl Scheme + 'static) -> Self {
        self.schemes.push(Arc::new(scheme));
        self
    }

    /// Who calls.
    ///
    /// # Errors
    /// When a scheme finds nothing or refuses, or two name different callers.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Refusal> {
        let mut known: Option<Principal> = None;
        for scheme in &self.schemes {
            let _ = (scheme.authenticate(headers).await, &mut known);
        }
        known.ok_or(Refusal::Missing)
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}

#[expect(dead_code, reason = "until the schemes are asked")]
fn outcome(_: Outcome) {}
