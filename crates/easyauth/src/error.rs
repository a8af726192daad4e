//! The reason why a request is not authenticated.

use std::{borrow::Cow, error::Error, time::Duration};

/// The reason why a request is not authenticated. It is for the log: no response shows it.
///
/// A scheme of another crate reports its own failures with [`Self::rejected`] and [`Self::transient`]. The displayed text
/// is the description and the source: "access token: it has expired".
#[derive(Debug, thiserror::Error)]
#[error("{description}{}", suffix(.source.as_deref()))]
#[must_use]
pub struct AuthnError {
    kind: AuthnErrorKind,
    scheme: Option<&'static str>,
    description: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of an [`AuthnError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthnErrorKind {
    /// The request lacks the credentials of at least one scheme.
    Missing,
    /// A scheme rejected the request's credentials.
    Rejected,
    /// Two schemes authenticated different callers.
    CallerMismatch,
    /// A scheme could not check the credentials. The caller may retry after this time.
    Transient {
        /// The value of `Retry-After`, in whole seconds.
        retry_after: Duration,
    },
}

impl AuthnError {
    /// Credentials that a scheme rejects: the response is 401. The description names the credentials and their fault,
    /// without anything that the caller sent.
    pub fn rejected(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(AuthnErrorKind::Rejected, description)
    }

    /// Credentials that a scheme cannot check now: the response is 503 with `Retry-After`.
    pub fn transient(description: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::new(AuthnErrorKind::Transient { retry_after }, description)
    }

    pub(crate) fn missing() -> Self {
        Self::new(AuthnErrorKind::Missing, "the request names no caller")
    }

    pub(crate) fn caller_mismatch() -> Self {
        let description = "the schemes authenticate different callers";
        Self::new(AuthnErrorKind::CallerMismatch, description)
    }

    fn new(kind: AuthnErrorKind, description: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, scheme: None, description: description.into(), source: None }
    }

    /// The same error with its cause.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error of this scheme.
    pub(crate) fn of_scheme(mut self, name: &'static str) -> Self {
        self.scheme = Some(name);
        self
    }

    /// The name of the scheme that failed, if an [`crate::Authenticator`] has asked it.
    #[must_use]
    pub fn scheme(&self) -> Option<&'static str> {
        self.scheme
    }

    /// The error's kind.
    #[must_use]
    pub fn kind(&self) -> AuthnErrorKind {
        self.kind
    }

    /// Whether the credentials were not checked, so that the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, AuthnErrorKind::Transient { .. })
    }
}

fn suffix(source: Option<&(dyn Error + Send + Sync)>) -> String {
    source.map(|source| format!(": {source}")).unwrap_or_default()
}
