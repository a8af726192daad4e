//! The context of every page: the caller's rights and name.

use std::hash::{Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};
use restaurant_domain::{Actor, Author, AuthorKind, Clock, SystemClock};
use serde::Serialize;

use crate::{app_state::Site, byline::Byline};

/// The values that the layout shows; the default is those of an unauthenticated caller. Two are equal when a page
/// shows the same for both, apart from what it shows to the author of a post.
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
    /// The caller, if it may write.
    #[serde(skip)]
    writer: Option<Author>,
    /// For how long authors may undo what they posted.
    #[serde(skip)]
    undo_within: TimeDelta,
}

impl PageContext {
    /// What a page shows of it, or depends on.
    fn shown(&self) -> impl Eq + Hash + '_ {
        (self.may_write, self.may_moderate, &self.signed_in, &self.notice, &self.sign_out_path)
    }
}

impl PartialEq for PageContext {
    fn eq(&self, other: &Self) -> bool {
        self.shown() == other.shown()
    }
}

impl Eq for PageContext {}

impl Hash for PageContext {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.shown().hash(state);
    }
}

/// For how long a page confirms what its reader posted.
const CONFIRMED_FOR: TimeDelta = TimeDelta::minutes(10);

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
        Self {
            may_write,
            signed_in,
            notice,
            sign_out_path,
            may_moderate: actor.may_moderate().is_ok(),
            writer: actor.may_write().ok().cloned(),
            undo_within: site.undo_within,
        }
    }

    /// Whether the caller may undo a post of this author and time.
    pub(crate) fn may_undo(&self, author: &Author, at: DateTime<Utc>) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.is_same_as(author))
            && is_younger(at, self.undo_within)
    }

    /// Whether the caller has just posted this, as far as it can be told: without authentication, everyone is one author.
    pub(crate) fn has_just_posted(&self, author: &Author, at: DateTime<Utc>) -> bool {
        let is_anonymous = |author: &Author| author.kind() == AuthorKind::Anonymous;
        let is_own = |writer: &Author| {
            writer.is_same_as(author) || (is_anonymous(writer) && is_anonymous(author))
        };
        self.writer.as_ref().is_some_and(is_own) && is_younger(at, CONFIRMED_FOR)
    }

    /// The id of a caller who may write, if it has one.
    pub(crate) fn writer_id(&self) -> Option<&str> {
        self.writer.as_ref().and_then(Author::id)
    }

    /// The name of a signed-in person.
    pub(crate) fn person(&self) -> Option<&str> {
        self.signed_in.as_ref().and_then(Byline::person)
    }
}

fn is_younger(at: DateTime<Utc>, age: TimeDelta) -> bool {
    SystemClock.now().checked_sub_signed(age).is_some_and(|since| at > since)
}
