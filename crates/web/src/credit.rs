//! Who stands behind a text, as far as a reader wants to know.

use restaurant_domain::{Author, AuthorKind};
use serde::Serialize;

/// The kind of the author, and their name. The name comes from outside; the kind never does, so nobody can name themselves into another kind.
#[derive(Serialize)]
pub(crate) struct Credit {
    kind: &'static str,
    name: String,
}

impl Credit {
    /// `None` for whoever has no name to show.
    pub(crate) fn of(author: &Author) -> Option<Self> {
        let name = author.name().filter(|name| !name.trim().is_empty())?.to_owned();
        match author.kind() {
            kind @ (AuthorKind::Person | AuthorKind::Agent) => {
                Some(Self { kind: kind.as_str(), name })
            }
            _ => None,
        }
    }
}
