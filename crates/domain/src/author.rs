//! The author of a restaurant or a review.

use crate::{AuditChannel, WriteContext, text::is_hidden};

/// The author of a restaurant or a review, stored with it.
///
/// All of it is attribution: no permission depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    kind: AuthorKind,
    id: Option<String>,
    name: Option<String>,
    client: Option<ClientApplication>,
    blueprint: Option<String>,
    context: WriteContext,
}

/// The client application through which an author wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientApplication {
    id: String,
    name: Option<String>,
}

impl ClientApplication {
    /// An application by its id, and the name to show; `None` when the id cannot be kept ([`Author::is_id`]).
    #[must_use]
    pub fn new(id: &str, name: Option<&str>) -> Option<Self> {
        let name = name.map(printable).filter(|name| !name.is_empty());
        Author::is_id(id).then(|| Self { id: id.to_owned(), name })
    }

    /// The application's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name to show. It comes from outside: escape it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
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

    /// A client application that acts for a signed-in person: the identity provider's id for the person, and the name to
    /// show. [`Self::with_client`] names the application.
    #[must_use]
    pub fn agent_for_person(id: &str, name: Option<&str>) -> Self {
        Self::from_parts(AuthorKind::AgentForPerson, Some(id), name)
    }

    /// An author from a store.
    ///
    /// Invariant: the id is never changed. With a cut id, two callers would share their idempotency keys.
    #[must_use]
    pub fn from_parts(kind: AuthorKind, id: Option<&str>, name: Option<&str>) -> Self {
        Self {
            kind,
            id: id.map(str::to_owned),
            name: name.map(printable),
            client: None,
            blueprint: None,
            context: WriteContext::default(),
        }
    }

    /// Sets the client application that called. A person's call through one becomes that of an agent for that person.
    #[must_use]
    pub fn with_client(self, client: Option<ClientApplication>) -> Self {
        let kind = match self.kind {
            AuthorKind::Person if client.is_some() => AuthorKind::AgentForPerson,
            kind => kind,
        };
        Self { kind, client, ..self }
    }

    /// Sets the id of the blueprint that the agent was made from; one that cannot be kept ([`Self::is_id`]) is dropped.
    #[must_use]
    pub fn with_blueprint(self, blueprint: Option<&str>) -> Self {
        let blueprint = blueprint.filter(|id| Self::is_id(id)).map(str::to_owned);
        Self { blueprint, ..self }
    }

    /// Sets the circumstances of a write.
    #[must_use]
    pub fn with_context(self, context: WriteContext) -> Self {
        Self { context, ..self }
    }

    /// Sets the channel of a write, and the name of the tool.
    #[must_use]
    pub fn through(mut self, channel: AuditChannel, tool: Option<&str>) -> Self {
        self.context.via = Some(crate::Via { channel, tool: tool.map(printable) });
        self
    }

    /// The author as a store keeps it: without the circumstances of a write.
    #[must_use]
    pub fn without_context(self) -> Self {
        Self { context: WriteContext::default(), ..self }
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

    /// The client application that called, where it is known.
    #[must_use]
    pub fn client(&self) -> Option<&ClientApplication> {
        self.client.as_ref()
    }

    /// The id of the blueprint that the agent was made from, where it is known.
    #[must_use]
    pub fn blueprint(&self) -> Option<&str> {
        self.blueprint.as_deref()
    }

    /// The circumstances of a write.
    #[must_use]
    pub fn context(&self) -> &WriteContext {
        &self.context
    }

    /// Whether both are the same person or agent, whatever client applications they used. Anonymous callers never are.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.id.is_some() && self.id == other.id && self.kind.identity() == other.kind.identity()
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
    /// A client application that acts for a signed-in person.
    AgentForPerson,
    /// The product itself.
    System,
}

impl AuthorKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Anonymous, Self::Person, Self::Agent, Self::AgentForPerson, Self::System];

    /// The kind as stores keep it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Person => "person",
            Self::Agent => "agent",
            Self::AgentForPerson => "agent_for_person",
            Self::System => "system",
        }
    }

    /// The kind from its stored form; `None` for an unknown word.
    #[must_use]
    pub fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The kind of the identity that the id names: an agent for a person has the person's.
    #[must_use]
    pub fn identity(self) -> Self {
        if self == Self::AgentForPerson { Self::Person } else { self }
    }

    /// Whether a program wrote, in its own name or for a person.
    #[must_use]
    pub fn is_agent(self) -> bool {
        matches!(self, Self::Agent | Self::AgentForPerson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_outside_is_cut_and_cleaned() {
        let author = Author::person("x", Some(&format!("a\r\n\0{}", "b".repeat(300))));
        assert_eq!(author.name().unwrap().chars().count(), Author::MAX_CHARS);
        assert!(author.name().unwrap().starts_with("abb"));
        let author = Author::person("x", Some("Ann\u{202E}\u{2028}\u{E0041}\u{3164} 👩\u{200D}🍳"));
        assert_eq!(author.name(), Some("Ann 👩\u{200D}🍳"));
    }

    #[test]
    fn an_agent_for_a_person_has_the_identity_of_the_person() {
        let ada = Author::person("1", Some("Ada"));
        let client = ClientApplication::new("vs-code", Some("VS\u{202E} Code"));
        let through_code = Author::agent_for_person("1", None).with_client(client);
        assert!(ada.is_same_as(&through_code));
        assert_eq!(through_code.client().and_then(ClientApplication::name), Some("VS Code"));
        assert!(!ada.is_same_as(&Author::agent("1", None)));
        assert!(!Author::anonymous().is_same_as(&Author::anonymous()));
    }

    #[test]
    fn an_id_of_a_client_or_a_blueprint_that_does_not_fit_is_dropped() {
        for id in ["", "a\nb", &"x".repeat(Author::MAX_CHARS + 1)] {
            assert_eq!(ClientApplication::new(id, None), None);
            assert_eq!(Author::agent("1", None).with_blueprint(Some(id)).blueprint(), None);
        }
    }
}
