//! The caller and its permissions.

use crate::{AuditChannel, Author, WriteContext};

/// A caller: its identity and its permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    author: Author,
    permissions: Permissions,
    is_moderator: bool,
}

impl Actor {
    /// A caller with these permissions.
    #[must_use]
    pub fn new(author: Author, permissions: Permissions) -> Self {
        Self { author, permissions, is_moderator: false }
    }

    /// The caller without authentication (development): anonymous, with all permissions.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Author::anonymous(), Permissions::ALL)
    }

    /// The same caller, with the permission to hide and restore the posts of all authors.
    ///
    /// An anonymous caller is told apart from no other, so make one a moderator only where every caller may do everything.
    #[must_use]
    pub fn moderator(self) -> Self {
        Self { is_moderator: true, ..self }
    }

    /// The same caller, with the circumstances of its request.
    #[must_use]
    pub fn with_context(self, context: WriteContext) -> Self {
        Self { author: self.author.with_context(context), ..self }
    }

    /// The same caller, through a channel, and a tool of that name. An adapter sets both for each write.
    #[must_use]
    pub fn through(self, channel: AuditChannel, tool: Option<&str>) -> Self {
        Self { author: self.author.through(channel, tool), ..self }
    }

    /// The identity of the caller. For writes, use [`Self::may_write`].
    #[must_use]
    pub fn author(&self) -> &Author {
        &self.author
    }

    /// The permissions of the caller.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// Checks the permission to read.
    ///
    /// # Errors
    /// The caller lacks it.
    pub fn may_read(&self) -> Result<(), Forbidden> {
        self.permissions.read.then_some(()).ok_or(Forbidden(Permission::Read))
    }

    /// Checks the permission to write, and returns the author to write as.
    ///
    /// Invariant: an author with an invalid id ([`Author::is_id`]) may not write, whatever was granted.
    ///
    /// # Errors
    /// The caller lacks it.
    pub fn may_write(&self) -> Result<&Author, Forbidden> {
        let fits = self.author.id().is_none_or(Author::is_id);
        let may_write = self.permissions.write && fits;
        may_write.then_some(&self.author).ok_or(Forbidden(Permission::Write))
    }
}

impl Actor {
    /// Checks the permission to hide and restore what others wrote, and returns the author to do it as.
    ///
    /// Invariant: a caller that may not write may not moderate.
    ///
    /// # Errors
    /// The caller lacks it.
    pub fn may_moderate(&self) -> Result<&Author, Forbidden> {
        let author = self.may_write().ok().filter(|_| self.is_moderator);
        author.ok_or(Forbidden(Permission::Moderate))
    }
}

/// The permissions of a caller. Default: none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions {
    /// List restaurants and read reviews.
    pub read: bool,
    /// Add restaurants and reviews.
    pub write: bool,
}

impl Permissions {
    /// Everything.
    pub const ALL: Self = Self { read: true, write: true };
    /// Only reading.
    pub const READ: Self = Self { read: true, write: false };
}

/// A single permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permission {
    /// List restaurants and read reviews.
    Read,
    /// Add restaurants and reviews.
    Write,
    /// Hide and restore what others wrote.
    Moderate,
}

impl Permission {
    /// The permission as a word: `read`, `write` or `moderate`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Moderate => "moderate",
        }
    }
}

/// The caller lacks a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller may not {}", .0.as_str())]
pub struct Forbidden(
    /// The missing permission.
    pub Permission,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_right_there_is_no_author_to_write_as() {
        let reader = Actor::new(Author::person("1", None), Permissions::READ);
        assert_eq!(reader.may_read(), Ok(()));
        assert_eq!(reader.may_write(), Err(Forbidden(Permission::Write)));
        let nobody = Actor::new(Author::anonymous(), Permissions::default());
        assert_eq!(nobody.may_read().unwrap_err().to_string(), "the caller may not read");
    }

    #[test]
    fn an_id_that_does_not_fit_is_kept_whole_and_writes_nothing() {
        let all = |id: &str| Actor::new(Author::agent(id, None), Permissions::ALL);
        let longest = "🍜".repeat(Author::MAX_CHARS);
        for id in ["1", &longest] {
            assert_eq!(all(id).may_write().unwrap().id(), Some(id));
        }
        let long = format!("{longest}1");
        for id in ["", &long, "a\0b", "a\nb", "a\u{85}b"] {
            assert_eq!(all(id).may_write(), Err(Forbidden(Permission::Write)), "{id:?}");
            assert_eq!(all(id).author().id(), Some(id), "two callers stay two");
            assert_eq!(all(id).may_read(), Ok(()));
        }
    }

    #[test]
    fn a_moderator_may_also_write() {
        let author = || Author::person("1", None);
        assert_eq!(
            Actor::new(author(), Permissions::ALL).may_moderate(),
            Err(Forbidden(Permission::Moderate))
        );
        let moderator = Actor::new(author(), Permissions::ALL).moderator();
        assert_eq!(moderator.may_moderate(), Ok(&author()));
        let reader = Actor::new(author(), Permissions::READ).moderator();
        assert_eq!(reader.may_moderate().unwrap_err().to_string(), "the caller may not moderate");
    }
    #[test]
    fn the_circumstances_of_a_request_are_the_authors_and_change_no_permission() {
        let context = WriteContext { request_id: Some("7".to_owned()), ..WriteContext::default() };
        let reader = Actor::new(Author::person("1", None), Permissions::READ).moderator();
        let actor = reader.with_context(context.clone()).through(AuditChannel::Mcp, Some("tool"));
        let expected = Author::person("1", None).with_context(context);
        assert_eq!(*actor.author(), expected.through(AuditChannel::Mcp, Some("tool")));
        assert_ne!(*actor.author(), Author::person("1", None));
        assert_eq!(actor.permissions(), Permissions::READ);
        let writer = Actor { permissions: Permissions::ALL, ..actor };
        assert!(writer.may_moderate().is_ok());
    }
}
