//! The author of a text, as readers see it.

use restaurant_domain::{Author, AuthorGroup, AuthorKind, ClientApplication};
use serde::Serialize;

/// The kind and the name of an author. The authentication sets the kind; a name never changes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Byline {
    kind: &'static str,
    /// `person`, or `agent` for both kinds of agents: how its chip looks.
    group: &'static str,
    /// `None` where the identity provider gives none.
    name: Option<String>,
    /// The name of the client application that acted for a person.
    client: Option<String>,
}

impl Byline {
    /// The byline of an author; `None` for an unauthenticated one and the product itself.
    pub(crate) fn of(author: &Author) -> Option<Self> {
        let shown = |name: &&str| !name.trim().is_empty();
        let name = author.name().filter(shown).map(str::to_owned);
        let client = author.client().and_then(ClientApplication::name);
        let client = client.filter(|_| author.kind() == AuthorKind::AgentForPerson);
        match author.kind() {
            kind @ (AuthorKind::Person | AuthorKind::Agent | AuthorKind::AgentForPerson) => {
                let client = client.filter(shown).map(str::to_owned);
                Some(Self { kind: kind.as_str(), group: Self::group_of(kind)?, name, client })
            }
            _ => None,
        }
    }

    /// The group of a kind of author; `None` for the unauthenticated and the product itself.
    pub(crate) fn group_of(kind: AuthorKind) -> Option<&'static str> {
        Some(match AuthorGroup::of(kind)? {
            AuthorGroup::People => "person",
            AuthorGroup::Agents => "agent",
        })
    }

    /// The name, where it is known.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The name, if it is a person's.
    pub(crate) fn person(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| self.kind == AuthorKind::Person.as_str())
    }
}
