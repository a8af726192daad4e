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

    /// Who calls. Where several schemes say so, the caller has the roles and scopes that all of them tell of.
    ///
    /// # Errors
    /// When a scheme finds nothing or refuses, or two name different callers.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Refusal> {
        let mut known: Option<Principal> = None;
        let mut missing = false;
        for scheme in &self.schemes {
            let found = match scheme.authenticate(headers).await {
                Outcome::Authenticated(principal) => principal,
                Outcome::Failed(refusal) => return Err(refusal),
                Outcome::NotRequested => {
                    missing = true;
                    continue;
                }
            };
            known = Some(match known {
                None => found,
                Some(known) if known.is_same_caller(&found) => known.limited_to(&found),
                Some(_) => return Err(Refusal::DifferentCallers),
            });
        }
        known.filter(|_| !missing).ok_or(Refusal::Missing)
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}
