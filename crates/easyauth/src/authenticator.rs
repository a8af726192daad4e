//! Asks every scheme that a service trusts, and wants one answer.

use std::{fmt, sync::Arc};

use http::HeaderMap;

use crate::{AuthnError, Outcome, Principal, Scheme};

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

    /// Who calls. With several schemes the caller has only the roles and scopes that all of them name,
    /// and the name that the first of them shows.
    ///
    /// # Errors
    /// When a scheme refuses or finds nothing, or two name different callers: another object id or kind,
    /// or another tenant or client where both name one. A verdict on the caller comes before a refusal
    /// for the time being, and that before [`AuthnError::Missing`].
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, AuthnError> {
        let mut callers = Vec::with_capacity(self.schemes.len());
        let mut temporary = None;
        for scheme in &self.schemes {
            match scheme.authenticate(headers).await {
                Outcome::Authenticated(caller) => callers.push(caller),
                Outcome::Failed(refusal) if refusal.is_temporary() => temporary = Some(refusal),
                Outcome::Failed(refusal) => return Err(refusal),
                Outcome::NotRequested => {}
            }
        }
        match temporary {
            Some(refusal) => Err(refusal),
            None if callers.len() < self.schemes.len() => Err(AuthnError::Missing),
            None => one_caller(callers),
        }
    }
}

fn one_caller(callers: Vec<Principal>) -> Result<Principal, AuthnError> {
    let mut callers = callers.into_iter();
    let first = callers.next().ok_or(AuthnError::Missing)?;
    callers.try_fold(first, |known, next| {
        known
            .is_same_caller(&next)
            .then(|| known.limited_to(&next))
            .ok_or(AuthnError::DifferentCallers)
    })
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("schemes", &self.schemes.len()).finish()
    }
}
