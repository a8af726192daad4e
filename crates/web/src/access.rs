//! What a page asks of its caller before anything else happens.

use axum::extract::FromRequestParts;
use http::request::Parts;
use restaurant_domain::{Actor, Author};

use crate::{error_page::PageError, frame::Frame, router::Site};

/// A caller who may read.
pub(crate) struct Reader(pub(crate) Frame);

impl FromRequestParts<Site> for Reader {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, PageError> {
        let actor = actor(parts)?;
        actor.may_read()?;
        Ok(Self(Frame::of(actor, site)))
    }
}

/// A caller who may write, and read too: every form leads to a page that shows what was written.
pub(crate) struct Writer {
    /// In whose name.
    pub(crate) author: Author,
    /// What stands around the page that they see.
    pub(crate) frame: Frame,
}

impl FromRequestParts<Site> for Writer {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, PageError> {
        let actor = actor(parts)?;
        actor.may_read()?;
        Ok(Self { author: actor.may_write()?.clone(), frame: Frame::of(actor, site) })
    }
}

/// Invariant: a request that nobody vouched for is refused, not taken for an anonymous one.
fn actor(parts: &Parts) -> Result<&Actor, PageError> {
    parts.extensions.get().ok_or(PageError::NoActor)
}
