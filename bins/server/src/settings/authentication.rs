//! The settings of authentication: who is asked who they are, and who may come in.

use clap::{ArgAction, Args, ValueEnum};

use super::{SettingsError, set, value};

/// Settings of authentication.
#[derive(Debug, Clone, Args)]
pub struct AuthenticationSettings {
    /// Who is asked who they are. `none`: nobody; every caller may do everything, so only loopback addresses are served. `easyauth`: Azure App Service in front of the server, whose headers are believed. `entra`: the server itself wants a Microsoft Entra access token. `easyauth+entra`: both, and they must name the same caller. Unless set, `easyauth` where WEBSITE_AUTH_ENABLED is true, else `none`.
    #[arg(long, env = "AUTH_MODE", global = true, value_enum)]
    auth_mode: Option<AuthMode>,

    /// Set by Azure App Service where its authentication is in front of the server. Without it `easyauth` does not start: whoever reaches the port could write the headers.
    #[arg(long, env = "WEBSITE_AUTH_ENABLED", global = true, action = ArgAction::Set, num_args = 0..=1,
        default_value_t = false, default_missing_value = "true", value_parser = value::flag)]
    website_auth_enabled: bool,

    /// Set by Azure App Service: the app registration that people sign in to at the browser. In mode `easyauth` only a sign-in to it, or to `ENTRA_CLIENT_ID`, is a person's own session; all other callers need the role or scope to write. Unless one of the two is set, the audience of the platform's header stands for it.
    #[arg(long, env = "WEBSITE_AUTH_CLIENT_ID", global = true)]
    website_auth_client_id: Option<String>,

    /// The scopes that App Service names to clients, separated by commas, for example `api://<client id>/user_impersonation`. In mode `easyauth` the server's own challenges name them too.
    #[arg(
        long,
        env = "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES",
        global = true,
        value_delimiter = ','
    )]
    website_auth_prm_default_with_scopes: Vec<String>,

    /// The Entra tenant (a GUID) whose tokens are taken. Needed by `entra`; in mode `easyauth`, if set, callers of other tenants are refused.
    #[arg(long, env = "ENTRA_TENANT_ID", global = true, value_parser = value::guid)]
    entra_tenant_id: Option<String>,

    /// The app registration (its application id, a GUID) that tokens are for. Needed by `entra`.
    #[arg(long, env = "ENTRA_CLIENT_ID", global = true, value_parser = value::guid)]
    entra_client_id: Option<String>,

    /// Where tokens come from, without the tenant, for example `https://login.partner.microsoftonline.cn` in China (21Vianet), `https://login.microsoftonline.us` for US Government, or `https://<name>.ciamlogin.com` for External ID. It also says which cloud the tokens of `DATABASE_AUTH` are for. Plain http only on loopback.
    #[arg(
        long,
        env = "ENTRA_AUTHORITY",
        global = true,
        default_value = "https://login.microsoftonline.com",
        value_parser = value::authority
    )]
    pub entra_authority: String,

    /// The issuer of version 1.0 tokens: `https://host/<tenant>/`, as `iss` in a token has it. Unless set, that of the cloud of `ENTRA_AUTHORITY`: the public one, China (21Vianet) or US Government.
    #[arg(long, env = "ENTRA_V1_ISSUER", global = true, value_parser = value::authority)]
    entra_v1_issuer: Option<String>,

    /// Further audiences that tokens may be for, separated by commas, besides the client id and `api://<client id>`.
    #[arg(long, env = "ENTRA_AUDIENCES", global = true, value_delimiter = ',')]
    entra_audiences: Vec<String>,

    /// The client applications (GUIDs, separated by commas) that may call. Needed by `entra`; an empty list lets nobody in.
    #[arg(long, env = "ENTRA_ALLOWED_CLIENTS", global = true, value_parser = value::guids)]
    entra_allowed_clients: Option<value::Guids>,

    /// The origin under which clients reach the server, for example `https://reviews.example.com`: for what it tells clients that have no token yet. Unless set, that of WEBSITE_HOSTNAME, or of a loopback address in BIND.
    #[arg(long, env = "PUBLIC_URL", global = true, value_parser = value::origin)]
    public_url: Option<String>,

    /// The app role that a program needs for MCP.
    #[arg(long, env = "MCP_ROLE", global = true, default_value = "MCP.Access", value_parser = value::scope)]
    pub mcp_role: String,

    /// The scope that a program which acts for a person needs for MCP.
    #[arg(long, env = "MCP_SCOPE", global = true, default_value = "user_impersonation", value_parser = value::scope)]
    pub mcp_scope: String,

    /// An app role without which nobody may read, neither on the pages nor over MCP. Unless set, whoever comes in may.
    #[arg(long, env = "MCP_READ_ROLE", global = true)]
    mcp_read_role: Option<String>,

    /// An app role without which nobody may write, neither on the pages nor over MCP. Unless set, whoever comes in may.
    #[arg(long, env = "MCP_WRITE_ROLE", global = true)]
    mcp_write_role: Option<String>,
}

/// Who is asked who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuthMode {
    /// Nobody: for development.
    None,
    /// App Service, in front of the server.
    #[value(name = "easyauth")]
    EasyAuth,
    /// The server itself, by the caller's access token.
    Entra,
    /// Both.
    #[value(name = "easyauth+entra")]
    EasyAuthAndEntra,
}

impl AuthMode {
    /// The mode as the setting has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::EasyAuth => "easyauth",
            Self::Entra => "entra",
            Self::EasyAuthAndEntra => "easyauth+entra",
        }
    }

    /// Whether the platform's headers are believed.
    pub fn is_behind_platform(self) -> bool {
        matches!(self, Self::EasyAuth | Self::EasyAuthAndEntra)
    }

    /// Whether access tokens are looked at.
    pub fn reads_tokens(self) -> bool {
        matches!(self, Self::Entra | Self::EasyAuthAndEntra)
    }
}

impl AuthenticationSettings {
    /// Who is asked.
    ///
    /// # Errors
    /// When the platform is to be believed, and is not there.
    pub fn mode(&self) -> Result<AuthMode, SettingsError> {
        let by_default =
            if self.website_auth_enabled { AuthMode::EasyAuth } else { AuthMode::None };
        let mode = self.auth_mode.unwrap_or(by_default);
        if mode.is_behind_platform() && !self.website_auth_enabled {
            return Err(SettingsError::NoPlatform(mode.as_str()));
        }
        Ok(mode)
    }

    /// The tenant, where it is set.
    pub fn tenant(&self) -> Option<&str> {
        set(self.entra_tenant_id.as_ref())
    }

    /// The tenant of access tokens.
    ///
    /// # Errors
    /// When it is not set.
    pub fn entra_tenant(&self) -> Result<&str, SettingsError> {
        self.tenant().ok_or(SettingsError::NotForEntra("ENTRA_TENANT_ID"))
    }

    /// The app registration that access tokens are for.
    ///
    /// # Errors
    /// When it is not set.
    pub fn entra_client(&self) -> Result<&str, SettingsError> {
        set(self.entra_client_id.as_ref()).ok_or(SettingsError::NotForEntra("ENTRA_CLIENT_ID"))
    }

    /// The app registrations that people sign in to at the browser.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        [&self.website_auth_client_id, &self.entra_client_id]
            .into_iter()
            .filter_map(|id| set(id.as_ref()))
    }

    /// The client applications that may call.
    ///
    /// # Errors
    /// When nothing is set, not even an empty list.
    pub fn allowed_clients(&self) -> Result<&[String], SettingsError> {
        let clients = self.entra_allowed_clients.as_ref();
        clients
            .map(value::Guids::as_slice)
            .ok_or(SettingsError::NotForEntra("ENTRA_ALLOWED_CLIENTS"))
    }

    /// The issuer of version 1.0 tokens, where it is set.
    pub fn v1_issuer(&self) -> Option<&str> {
        set(self.entra_v1_issuer.as_ref())
    }

    /// Further audiences.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.entra_audiences
            .iter()
            .map(|audience| audience.trim())
            .filter(|audience| !audience.is_empty())
    }

    /// The scopes to tell clients of that have none.
    pub fn scopes(&self, mode: AuthMode) -> Vec<String> {
        let platform = self.website_auth_prm_default_with_scopes.iter();
        let platform: Vec<_> = platform
            .map(|scope| scope.trim().to_owned())
            .filter(|scope| !scope.is_empty())
            .collect();
        match set(self.entra_client_id.as_ref()) {
            Some(client) if !mode.is_behind_platform() || platform.is_empty() => {
                vec![format!("api://{client}/{}", self.mcp_scope)]
            }
            _ => platform,
        }
    }

    /// The origin under which clients reach the server, where it is set.
    pub fn public_url(&self) -> Option<&str> {
        set(self.public_url.as_ref())
    }

    /// The role without which nobody may read.
    pub fn read_role(&self) -> Option<String> {
        set(self.mcp_read_role.as_ref()).map(str::to_owned)
    }

    /// The role without which nobody may write.
    pub fn write_role(&self) -> Option<String> {
        set(self.mcp_write_role.as_ref()).map(str::to_owned)
    }
}
