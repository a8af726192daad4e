//! The caller and its permissions.

use crate::text::is_hidden;

/// A caller: its identity and its permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    author: Author,
    permissions: Permissions,
}

impl Actor {
    /// A caller with these permissions.
    #[must_use]
    pub fn new(author: Author, permissions: Permissions) -> Self {
        Self { author, permissions }
    }

    /// The caller without authentication (development): anonymous, with all permissions.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Author::anonymous(), Permissions::ALL)
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
}

impl Permission {
    /// The permission as a word: `read` or `write`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
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

/// The author of a restaurant or a review, stored with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    kind: AuthorKind,
    id: Option<String>,
    name: Option<String>,
}

impl Author {
    /// The greatest length of an id or a name, in characters. A longer name is cut; a longer id is kept as it is, and
    /// its author may not write (see [`Self::is_id`]).
    pub const MAX_CHARS: usize = 100;

    /// An author without authentication.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::from_parts(AuthorKind::Anonymous, None, None)
    }

    /// The product itself, for sample data.
    #[must_use]
    pub fn system() -> Self {
        Self::from_parts(AuthorKind::System, None, None)
    }

    /// A signed-in person: the identity provider's id for them, and the name to show.
    #[must_use]
    pub fn person(id: &str, name: Option<&str>) -> Self {
        Self::from_parts(AuthorKind::Person, Some(id), name)
    }

    /// A program that calls in its own name: the identity provider's id for it, and the name to show.
    #[must_use]
    pub fn agent(id: &str, name: Option<&str>) -> Self {
        Self::from_parts(AuthorKind::Agent, Some(id), name)
    }

    /// An author from a store.
    ///
    /// Invariant: the id is never changed. A cut id would make two callers one, who share their idempotency keys.
    #[must_use]
    pub fn from_parts(kind: AuthorKind, id: Option<&str>, name: Option<&str>) -> Self {
        Self { kind, id: id.map(str::to_owned), name: name.map(printable) }
    }

    /// Whether a text can be kept as an id: 1 to [`Self::MAX_CHARS`] characters, no control character among them.
    #[must_use]
    pub fn is_id(text: &str) -> bool {
        // One more is enough to know: the text may be of any length.
        (1..=Self::MAX_CHARS).contains(&text.chars().take(Self::MAX_CHARS + 1).count())
            && !text.chars().any(char::is_control)
    }

    /// The kind of caller.
    #[must_use]
    pub fn kind(&self) -> AuthorKind {
        self.kind
    }

    /// The identity provider's id.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The name to show. It comes from outside: escape it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Drops characters that hide something or turn what stands around a name, control characters among them, and cuts to
/// [`Author::MAX_CHARS`].
fn printable(name: &str) -> String {
    name.chars().filter(|c| !is_hidden(*c)).take(Author::MAX_CHARS).collect()
}

/// The kinds of authors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorKind {
    /// Not authenticated.
    Anonymous,
    /// A signed-in person.
    Person,
    /// A program with an identity of its own.
    Agent,
    /// The product itself.
    System,
}

impl AuthorKind {
    /// The kind as stores keep it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Person => "person",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }

    /// The kind from its stored form; `None` for an unknown word.
    #[must_use]
    pub fn from_stored(word: &str) -> Option<Self> {
        [Self::Anonymous, Self::Person, Self::Agent, Self::System]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

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
    fn a_name_from_outside_is_cut_and_cleaned() {
        let author = Author::person("x", Some(&format!("a\r\n\0{}", "b".repeat(300))));
        assert_eq!(author.name().unwrap().chars().count(), Author::MAX_CHARS);
        assert!(author.name().unwrap().starts_with("abb"));
        let author = Author::person("x", Some("Ann\u{202E}\u{2028}\u{E0041}\u{3164} 👩\u{200D}🍳"));
        assert_eq!(author.name(), Some("Ann 👩\u{200D}🍳"));
    }
}
