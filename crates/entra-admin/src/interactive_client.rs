//! The interactive clients that people use, and what each registers.

use std::fmt;

use uuid::{Uuid, uuid};

/// A client that people sign in with. Each but Visual Studio Code needs a registration of its own: Entra ID registers no
/// clients by itself, and refuses one that is the API too (AADSTS90009).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InteractiveClient {
    /// Visual Studio Code, which is an application of Microsoft's.
    VsCode,
    /// Claude: connectors of claude.ai, Desktop and mobile, and Claude Code.
    Claude,
    /// `ChatGPT`: connectors and apps.
    ChatGpt,
    /// Copilot Studio: a connection with manual OAuth 2.0, which has a redirect address of its own each.
    CopilotStudio,
    /// A client that is registered already, by its client id.
    Registered(Uuid),
}

/// The application of Visual Studio Code. Source:
/// <https://learn.microsoft.com/azure/app-service/configure-authentication-mcp-server-vscode>.
const VS_CODE: Uuid = uuid!("aebc6443-996d-45c2-90f0-388ff96faa56");

impl InteractiveClient {
    /// The clients that have a name.
    pub const NAMED: [Self; 4] = [Self::VsCode, Self::Claude, Self::ChatGpt, Self::CopilotStudio];

    /// The client of a name, or of a client id.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let named = Self::NAMED.into_iter().find(|client| client.to_string() == name);
        named.or_else(|| name.parse().ok().map(Self::Registered))
    }

    /// Its client id, if it is known without the tenant.
    #[must_use]
    pub fn known_client_id(&self) -> Option<Uuid> {
        match self {
            Self::VsCode => Some(VS_CODE),
            Self::Registered(client_id) => Some(*client_id),
            _ => None,
        }
    }

    /// Whether Microsoft registers it, in each tenant.
    pub(crate) fn is_microsofts(&self) -> bool {
        *self == Self::VsCode
    }

    /// Its name, for people.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::VsCode => "Visual Studio Code",
            Self::Claude => "Claude",
            Self::ChatGpt => "ChatGPT",
            Self::CopilotStudio => "Copilot Studio",
            Self::Registered(_) => "a client",
        }
    }

    /// The redirect addresses that are known. Sources: <https://claude.com/docs/connectors/building/authentication> and
    /// <https://code.claude.com/docs/en/mcp>; <https://developers.openai.com/apps-sdk/build/auth>;
    /// <https://learn.microsoft.com/microsoft-copilot-studio/mcp-add-existing-server-to-agent>.
    pub(crate) fn redirect_uris(&self) -> &'static [&'static str] {
        match self {
            Self::VsCode | Self::Registered(_) => &[],
            Self::Claude => &[
                "https://claude.ai/api/mcp/auth_callback",
                "https://claude.com/api/mcp/auth_callback",
                "http://localhost/callback",
            ],
            Self::ChatGpt => &["https://chatgpt.com/connector_platform_oauth_redirect"],
            Self::CopilotStudio => &["https://global.consent.azure-apim.net/redirect"],
        }
    }

    /// Whether it proves itself by a secret; the others are public clients, with PKCE.
    #[must_use]
    pub fn needs_secret(&self) -> bool {
        *self == Self::CopilotStudio
    }

    /// The way to its redirect addresses in a registration.
    pub(crate) fn platform(&self) -> &'static str {
        if self.needs_secret() { "web/redirectUris" } else { "publicClient/redirectUris" }
    }
}

impl fmt::Display for InteractiveClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VsCode => f.write_str("vscode"),
            Self::Claude => f.write_str("claude"),
            Self::ChatGpt => f.write_str("chatgpt"),
            Self::CopilotStudio => f.write_str("copilot-studio"),
            Self::Registered(client_id) => client_id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InteractiveClient;

    #[test]
    fn a_client_is_found_by_its_name_or_its_id() {
        for client in InteractiveClient::NAMED {
            assert_eq!(InteractiveClient::by_name(&client.to_string()), Some(client));
        }
        let id = "11111111-1111-4111-8111-111111111111";
        let registered = InteractiveClient::Registered(id.parse().unwrap());
        assert_eq!(InteractiveClient::by_name(id), Some(registered));
        assert_eq!(InteractiveClient::by_name("gemini"), None);
    }
}
