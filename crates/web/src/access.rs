//! What a page asks of its caller before anything else happens.

use axum::extract::FromRequestParts;
use http::request::Parts;
use restaurant_domain::{Actor, Author};

use crate::error_page::PageError;

/// A caller who may read.
pub(crate) struct Reader {
    /// Whether to offer them the forms as well.
    pub(crate) may_write: bool,
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let actor = actor(parts)?;
        actor.may_read()?;
        Ok(Self { may_write: actor.may_write().is_ok() })
    }
}

/// A caller who may write, and read too: every form leads to a page that shows what was written.
pub(crate) struct Writer(pub(crate) Author);

impl<S: Sync> FromRequestParts<S> for Writer {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let actor = actor(parts)?;
        actor.may_read()?;
        Ok(Self(actor.may_write()?.clone()))
    }
}

/// Invariant: a request that nobody vouched for is refused, not taken for an anonymous one.
fn actor(parts: &Parts) -> Result<&Actor, PageError> {
    parts.extensions.get().ok_or(PageError::NoActor)
}
