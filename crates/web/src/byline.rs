//! The author of a text, as readers see it.

use restaurant_domain::{Author, AuthorKind};
use serde::Serialize;

/// The kind and the name of an author. The authentication sets the kind; a name never changes it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Byline {
    kind: &'static str,
    /// `None` where the identity provider gives none.
    name: Option<String>,
}

impl Byline {
    /// The byline of an author; `None` for an unauthenticated one.
    pub(crate) fn of(author: &Author) -> Option<Self> {
        let name = author.name().filter(|name| !name.trim().is_empty()).map(str::to_owned);
        match author.kind() {
            kind @ (AuthorKind::Person | AuthorKind::Agent) => {
                Some(Self { kind: kind.as_str(), name })
            }
            _ => None,
        }
    }

    /// The name, if it is a person's.
    pub(crate) fn person(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| self.kind == AuthorKind::Person.as_str())
    }
}
