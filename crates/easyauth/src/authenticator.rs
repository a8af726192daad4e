//! The schemes that a service trusts, and the one caller that they agree on.

use std::{fmt, sync::Arc};

use http::HeaderMap;

use crate::{
    error::AuthnError,
    principal::Principal,
    scheme::{Outcome, Scheme},
};

/// The schemes that a service trusts. Every one of them must authenticate the request, and all to the same caller.
#[derive(Clone)]
#[must_use]
pub struct Authenticator {
    schemes: Vec<Arc<dyn Scheme>>,
}

impl Authenticator {
    /// Trusts one scheme.
    pub fn new(scheme: impl Scheme + 'static) -> Self {
        Self { schemes: vec![Arc::new(scheme)] }
    }

    /// Requires a further scheme to authenticate the request to the same caller.
    pub fn and(mut self, scheme: impl Scheme + 'static) -> Self {
        self.schemes.push(Arc::new(scheme));
        self
    }

    /// Authenticates the caller. With several schemes the caller has only the roles and scopes that all of them name,
    /// and the first name that one of them shows.
    ///
    /// # Errors
    /// When a scheme fails or is not requested, or two schemes name different callers: another object id or kind,
    /// or another tenant or client where both name one. A rejection takes precedence over a transient error, and that
    /// over missing credentials.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, AuthnError> {
        let mut callers = Vec::with_capacity(self.schemes.len());
        let mut transient = None;
        for scheme in &self.schemes {
            match scheme.authenticate(headers).await {
                Outcome::Authenticated(caller) => callers.push(caller),
                Outcome::Failed(error) if error.is_transient() => {
                    transient = Some(error.of_scheme(scheme.name()));
                }
                Outcome::Failed(error) => return Err(error.of_scheme(scheme.name())),
                Outcome::NotRequested => {}
            }
        }
        match transient {
            Some(error) => Err(error),
            None if callers.len() < self.schemes.len() => Err(AuthnError::missing()),
            None => one_caller(callers),
        }
    }

    #[cfg(feature = "axum")]
    /// The authentication schemes of the challenges, each once. `Bearer` if there is none.
    pub(crate) fn challenges(&self) -> Vec<&'static str> {
        let mut challenges = Vec::new();
        for challenge in self.schemes.iter().map(Scheme::challenge) {
            if is_token(challenge) && !challenges.contains(&challenge) {
                challenges.push(challenge);
            }
        }
        if challenges.is_empty() { vec!["Bearer"] } else { challenges }
    }
}

#[cfg(feature = "axum")]
/// Whether a text is a token (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

fn one_caller(callers: Vec<Principal>) -> Result<Principal, AuthnError> {
    let mut callers = callers.into_iter();
    let first = callers.next().ok_or_else(AuthnError::missing)?;
    callers.try_fold(first, |caller, next| {
        let is_same = caller.is_same_caller(&next);
        is_same.then(|| caller.limited_to(&next)).ok_or_else(AuthnError::caller_mismatch)
    })
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.schemes.iter().map(Scheme::name).collect();
        f.debug_struct("Authenticator").field("schemes", &names).finish()
    }
}
