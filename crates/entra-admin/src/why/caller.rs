//! The caller that a token names, and what allows it.

use uuid::Uuid;

use super::{TokenCheck, token::Token};
use crate::{InteractiveClient, Remedy};

/// The longest id that a server takes, in characters.
const LONGEST_ID: usize = 100;

/// The facet of an agent identity. Source: <https://learn.microsoft.com/entra/agent-id/agent-token-claims>.
const AGENT_IDENTITY: &str = "11";

/// The caller of a token.
pub(super) struct Caller {
    /// Whether it acts for a user; else it is an application in its own name.
    pub(super) is_user: bool,
    /// Whether its client is an agent identity, for which no application can be registered.
    is_agent: bool,
    /// Its client application; `None` if the token names none by a UUID.
    client: Option<Uuid>,
    object_id: Option<Uuid>,
}

impl Caller {
    /// The kind is `idtyp`, an optional claim. Without it, a token with scopes is a user's, and one whose subject is the
    /// object id is an application's. Source: <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.
    pub(super) fn of(token: &Token<'_>) -> Self {
        let is_app = match &token.texts("idtyp")[..] {
            [] => {
                let subjects = token.texts("sub");
                let is_own = |subject: &String| subject == token.text("oid");
                token.texts("scp").is_empty() && !subjects.is_empty() && subjects.iter().all(is_own)
            }
            [kind, ..] => kind == "app",
        };
        let id = |text: &str| text.parse().ok();
        let mut facets = token.text("xms_act_fct").split(' ');
        Self {
            is_user: !is_app,
            is_agent: facets.any(|facet| facet == AGENT_IDENTITY),
            client: id(token.client()),
            object_id: id(token.text("oid")),
        }
    }

    /// What allows this caller where a check refuses it.
    pub(super) fn admission(&self, check: TokenCheck) -> Remedy {
        let by_hand = Remedy::NameCaller;
        match (check, self.is_user) {
            (TokenCheck::AllowedPrincipals, true) => {
                self.object_id.map_or(by_hand, Remedy::AllowIdentity)
            }
            (_, true) if self.is_agent => self.client.map_or(by_hand, Remedy::Preauthorize),
            (_, true) => {
                let client = self.client.map(InteractiveClient::Registered);
                client.map_or(by_hand, Remedy::SetUpClient)
            }
            (_, false) => self.object_id.or(self.client).map_or(by_hand, Remedy::Preauthorize),
        }
    }
}

/// Why a server cannot identify the caller.
pub(super) fn fault(token: &Token<'_>) -> Option<String> {
    let kinds = token.texts("idtyp");
    if kinds.iter().any(|kind| !matches!(kind.as_str(), "app" | "user")) {
        return Some("its idtyp is neither app nor user".to_owned());
    }
    if token.texts("oid").is_empty() {
        return Some("it has no oid".to_owned());
    }
    let ids = [&["oid"][..], &["tid"], &["appid", "azp"], &["idtyp"]];
    let is_id = |text: &String| {
        (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
    };
    let fault = ids.into_iter().find(|names| {
        let values: Vec<_> = names.iter().flat_map(|name| token.texts(name)).collect();
        let is_one = values.iter().all(|it| it.eq_ignore_ascii_case(&values[0]));
        !(is_one && values.iter().take(1).all(is_id))
    });
    fault.map(|names| format!("its {} is no id, or has two values", names.join(" or ")))
}
