//! Who stands behind a text, as far as a reader wants to know.

use restaurant_domain::{Author, AuthorKind};
use serde::Serialize;

/// The kind of the author, and their name. The name comes from outside; the kind never does, so nobody can name themselves into another kind.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Credit {
    kind: &'static str,
    /// `None` where the identity provider gave none.
    name: Option<String>,
}

impl Credit {
    /// `None` where nobody was asked who they are.
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
