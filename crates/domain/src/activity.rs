//! The activity record: one entry for each successful write.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

use crate::{
    AuditOperation, AuditResource, Author, AuthorKind, PageLimit, RestaurantId, RestaurantName,
    ReviewId, ValidationError, validation::Problem,
};

/// A successful write.
///
/// The store writes the entry in the write's own transaction, and never changes it. It outlives what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id: given by the store, greater than that of any entry before it, as far as writes do not overlap.
    pub id: i64,
    /// When it was written, to the microsecond.
    pub at: DateTime<Utc>,
    /// What was done.
    pub operation: AuditOperation,
    /// What it was done to.
    pub target: Post,
    /// The author, with the interface and the request ([`Author::context`]).
    pub author: Author,
    /// The name of the restaurant now; `None` where readers do not see the restaurant any more.
    pub restaurant_name: Option<RestaurantName>,
}

/// Something that a caller posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Post {
    /// A restaurant.
    Restaurant(RestaurantId),
    /// A review of a restaurant.
    Review(RestaurantId, ReviewId),
}

impl Post {
    /// The restaurant, or that of the review.
    #[must_use]
    pub fn restaurant(self) -> RestaurantId {
        let (Self::Restaurant(id) | Self::Review(id, _)) = self;
        id
    }

    /// The review.
    #[must_use]
    pub fn review(self) -> Option<ReviewId> {
        match self {
            Self::Restaurant(_) => None,
            Self::Review(_, id) => Some(id),
        }
    }
}

impl From<Post> for AuditResource {
    fn from(post: Post) -> Self {
        Self { restaurant: Some(post.restaurant()), review: post.review() }
    }
}

impl fmt::Display for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        AuditResource::from(*self).fmt(f)
    }
}

/// A request for a page of the activity record, the newest entries first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ActivityQuery {
    /// The most entries.
    pub limit: PageLimit,
    /// The entry after which the page starts; `None` for the first page.
    pub after: Option<ActivityCursor>,
    /// The authors; `None` for all.
    pub by: Option<AuthorGroup>,
}

/// A group of authors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorGroup {
    /// People who write for themselves.
    People,
    /// Agents in their own name, and agents for a person.
    Agents,
}

impl AuthorGroup {
    /// Both groups.
    pub const ALL: [Self; 2] = [Self::People, Self::Agents];

    /// The group of a kind of author; `None` for the unauthenticated and the product itself.
    #[must_use]
    pub fn of(kind: AuthorKind) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.kinds().contains(&kind))
    }

    /// The kinds of authors in it.
    #[must_use]
    pub fn kinds(self) -> &'static [AuthorKind] {
        match self {
            Self::People => &[AuthorKind::Person],
            Self::Agents => &[AuthorKind::Agent, AuthorKind::AgentForPerson],
        }
    }
}

/// A position in the activity record: after the entry with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCursor(pub i64);

impl ActivityCursor {
    /// The field's name on the wire.
    pub const FIELD: &'static str = "cursor";
}

impl fmt::Display for ActivityCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("activity:{}", self.0)))
    }
}

impl FromStr for ActivityCursor {
    type Err = ValidationError;

    fn from_str(cursor: &str) -> Result<Self, ValidationError> {
        crate::cursor::decode(cursor)
            .and_then(|plain| plain.strip_prefix("activity:")?.parse().ok())
            .map(Self)
            .ok_or(ValidationError::new(Self::FIELD, Problem::InvalidCursor))
    }
}

/// A page of the activity record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityPage {
    /// The entries, the newest first, at most as many as the limit.
    pub entries: Vec<Activity>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<ActivityCursor>,
}

impl ActivityPage {
    /// Makes a page of one entry more than the limit: the one too many only tells that there is a next page.
    #[must_use]
    pub fn new(mut entries: Vec<Activity>, limit: PageLimit) -> Self {
        let more = crate::page::truncate(&mut entries, limit);
        let next = entries.last().filter(|_| more).map(|last| ActivityCursor(last.id));
        Self { entries, next }
    }
}
