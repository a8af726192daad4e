//! The context of every page: the caller's rights and name.

use chrono::{DateTime, Utc};
use restaurant_domain::{Actor, Author, Clock, SystemClock};
use serde::Serialize;

use crate::{app_state::Site, byline::Byline};

/// The values that the layout shows; the default is those of an unauthenticated caller.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct PageContext {
    /// Whether the page offers the forms.
    pub(crate) may_write: bool,
    /// The signed-in caller; `None` without authentication.
    pub(crate) signed_in: Option<Byline>,
    /// What holds for all callers of this site: words that a narrow header leaves out, and those that stay.
    notice: Option<(&'static str, &'static str)>,
    /// The path of the sign-out.
    sign_out_path: Option<String>,
    /// Whether the page offers to hide and to restore.
    #[serde(skip)]
    pub(crate) may_moderate: bool,
    /// Whose posts the page offers to undo, and since when they are fresh.
    #[serde(skip)]
    undo: Option<(Author, DateTime<Utc>)>,
}

impl PageContext {
    pub(crate) fn of(actor: &Actor, site: &Site) -> Self {
        let signed_in = Byline::of(actor.author());
        let sign_out_path =
            site.sign_out_path.as_deref().map(str::to_owned).filter(|_| signed_in.is_some());
        let may_write = actor.may_write().is_ok();
        let notice = match (site.read_only, &signed_in) {
            (true, _) => Some(("", "Read only")),
            (false, None) if may_write => Some(("No authentication: ", "everyone may write")),
            _ => None,
        };
        let fresh_since = SystemClock.now().checked_sub_signed(site.undo_within);
        Self {
            may_write,
            signed_in,
            notice,
            sign_out_path,
            may_moderate: actor.may_moderate().is_ok(),
            undo: actor.may_write().ok().cloned().zip(fresh_since),
        }
    }

    /// Whether the caller may undo a post of this author and time.
    pub(crate) fn may_undo(&self, author: &Author, at: DateTime<Utc>) -> bool {
        self.undo.as_ref().is_some_and(|(caller, since)| caller.is_same_as(author) && at > *since)
    }

    /// The name of a signed-in person.
    pub(crate) fn person(&self) -> Option<&str> {
        self.signed_in.as_ref().and_then(Byline::person)
    }
}
