//! What a page asks of its caller before anything else happens.

use axum::extract::FromRequestParts;
use http::request::Parts;
use restaurant_domain::{Actor, AuditChannel, Author};

use crate::{app_state::AppState, error_page::PageError, page_context::PageContext};

/// A caller with permission to read.
pub(crate) struct Reader(pub(crate) PageContext);

impl FromRequestParts<AppState> for Reader {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let actor = actor(parts)?;
        actor.may_read()?;
        Ok(Self(PageContext::of(actor, &state.site)))
    }
}

/// A caller with permission to write and to read: every form leads to a page that shows what was written.
pub(crate) struct Writer {
    /// In whose name.
    pub(crate) author: Author,
    /// What stands around the page that they see.
    pub(crate) context: PageContext,
}

impl FromRequestParts<AppState> for Writer {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let actor = actor(parts)?;
        actor.may_read()?;
        let author = actor.may_write()?.clone().through(AuditChannel::Page, None);
        Ok(Self { author, context: PageContext::of(actor, &state.site) })
    }
}

/// A caller with permission to hide and restore what others wrote, and to read.
pub(crate) struct Moderator(
    /// In whose name.
    pub(crate) Author,
);

impl FromRequestParts<AppState> for Moderator {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, PageError> {
        let actor = actor(parts)?;
        actor.may_read()?;
        Ok(Self(actor.may_moderate()?.clone().through(AuditChannel::Page, None)))
    }
}

/// Invariant: a request without an actor is rejected, not treated as anonymous.
fn actor(parts: &Parts) -> Result<&Actor, PageError> {
    parts.extensions.get().ok_or(PageError::NoActor)
}
