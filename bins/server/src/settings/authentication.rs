//! The settings of authentication and of the permissions of callers.

use clap::{ArgAction, Args, ValueEnum};

use super::{SettingsError, set, value};

/// Settings of authentication.
#[derive(Debug, Clone, Args)]
pub struct AuthenticationSettings {
    /// How callers are authenticated. `none`: not at all; every caller may do everything, so the server binds only loopback addresses. `easyauth`: by the client principal header of Azure App Service Authentication in front of the server. `entra`: by a Microsoft Entra access token, which the server validates. `easyauth+entra`: by both, which must name the same caller. The default is `easyauth` if WEBSITE_AUTH_ENABLED is true, otherwise `none`.
    #[arg(long, env = "AUTH_MODE", global = true, value_enum)]
    auth_mode: Option<AuthMode>,

    /// Set by Azure App Service if its authentication is in front of the server. Without it the server does not start in mode `easyauth`, because every client that reaches the port could write the header.
    #[arg(long, env = "WEBSITE_AUTH_ENABLED", global = true, action = ArgAction::Set, num_args = 0..=1,
        default_value_t = false, default_missing_value = "true", value_parser = value::flag)]
    website_auth_enabled: bool,

    /// Set by Azure App Service: the app registration that users sign in to at the browser. In mode `easyauth` only a sign-in to it, or to `ENTRA_CLIENT_ID`, is a browser session; all other callers need the role or scope to write. If neither is set, the audience of the client principal header is used.
    #[arg(long, env = "WEBSITE_AUTH_CLIENT_ID", global = true)]
    website_auth_client_id: Option<String>,

    /// The scopes that App Service advertises to clients, separated by commas, for example `api://<client id>/user_impersonation`. In mode `easyauth` the server's own challenges contain them too.
    #[arg(
        long,
        env = "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES",
        global = true,
        value_delimiter = ','
    )]
    website_auth_prm_default_with_scopes: Vec<String>,

    /// The Entra tenant (a GUID) whose tokens are accepted. Required by `entra`. In mode `easyauth`, if set, callers of other tenants are rejected.
    #[arg(long, env = "ENTRA_TENANT_ID", global = true, value_parser = value::guid)]
    entra_tenant_id: Option<String>,

    /// The app registration (its application id, a GUID) that tokens are for. Required by `entra`.
    #[arg(long, env = "ENTRA_CLIENT_ID", global = true, value_parser = value::guid)]
    entra_client_id: Option<String>,

    /// The authority that issues tokens, without the tenant, for example `https://login.partner.microsoftonline.cn` in China (21Vianet), `https://login.microsoftonline.us` for US Government, or `https://<name>.ciamlogin.com` for External ID. It also selects the cloud of the tokens of `DATABASE_AUTH`. Plain http is allowed only on loopback.
    #[arg(
        long,
        env = "ENTRA_AUTHORITY",
        global = true,
        default_value = "https://login.microsoftonline.com",
        value_parser = value::authority
    )]
    pub entra_authority: String,

    /// The issuer of version 1.0 tokens: `https://host/<tenant>/`, as in the `iss` of a token. The default is that of the cloud of `ENTRA_AUTHORITY`: the public one, China (21Vianet) or US Government.
    #[arg(long, env = "ENTRA_V1_ISSUER", global = true, value_parser = value::authority)]
    entra_v1_issuer: Option<String>,

    /// Additional audiences of tokens, separated by commas, besides the client id and `api://<client id>`.
    #[arg(long, env = "ENTRA_AUDIENCES", global = true, value_delimiter = ',')]
    entra_audiences: Vec<String>,

    /// The client applications (GUIDs, separated by commas) whose tokens are accepted. Required by `entra`; with an empty list every token is rejected.
    #[arg(long, env = "ENTRA_ALLOWED_CLIENTS", global = true, value_parser = value::guids)]
    entra_allowed_clients: Option<value::Guids>,

    /// The public origin of the server, for example `https://reviews.example.com`, for challenges and protected resource metadata. The default is that of WEBSITE_HOSTNAME, or of a loopback address in BIND.
    #[arg(long, env = "PUBLIC_URL", global = true, value_parser = value::origin)]
    public_url: Option<String>,

    /// The app role that an application needs for MCP.
    #[arg(long, env = "MCP_ROLE", global = true, default_value = "MCP.Access", value_parser = value::scope)]
    pub mcp_role: String,

    /// The scope that a client application needs for MCP when it acts for a user.
    #[arg(long, env = "MCP_SCOPE", global = true, default_value = "user_impersonation", value_parser = value::scope)]
    pub mcp_scope: String,

    /// The app role that every caller needs to read, on the pages and over MCP. If not set, every authenticated caller may read.
    #[arg(long, env = "MCP_READ_ROLE", global = true)]
    mcp_read_role: Option<String>,

    /// The app role that every caller needs to write, on the pages and over MCP, in addition to the role or scope. If not set, none is needed.
    #[arg(long, env = "MCP_WRITE_ROLE", global = true)]
    mcp_write_role: Option<String>,

    /// The scope that a client application needs to read when it acts for a user, in addition to `MCP_SCOPE`. A client without it gets a challenge that names it. If not set, none is needed.
    #[arg(long, env = "MCP_READ_SCOPE", global = true)]
    mcp_read_scope: Option<String>,

    /// The scope that a client application needs to write when it acts for a user, in addition to `MCP_SCOPE`. A client without it gets a challenge that names it. If not set, none is needed.
    #[arg(long, env = "MCP_WRITE_SCOPE", global = true)]
    mcp_write_scope: Option<String>,

    /// The app role that a person needs, besides the permission to write, to hide and restore what others wrote. Programs never moderate.
    #[arg(long, env = "MODERATE_ROLE", global = true, default_value = "Reviews.Moderate", value_parser = value::scope)]
    pub moderate_role: String,
}

/// How callers are authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuthMode {
    /// Not at all: for development.
    None,
    /// By App Service Authentication in front of the server.
    #[value(name = "easyauth")]
    EasyAuth,
    /// By the caller's access token, which the server validates.
    Entra,
    /// By both.
    #[value(name = "easyauth+entra")]
    EasyAuthAndEntra,
}

impl AuthMode {
    /// The value of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::EasyAuth => "easyauth",
            Self::Entra => "entra",
            Self::EasyAuthAndEntra => "easyauth+entra",
        }
    }

    /// Whether the mode trusts the platform's client principal header.
    pub fn is_behind_platform(self) -> bool {
        matches!(self, Self::EasyAuth | Self::EasyAuthAndEntra)
    }

    /// Whether the server validates access tokens.
    pub fn validates_tokens(self) -> bool {
        matches!(self, Self::Entra | Self::EasyAuthAndEntra)
    }
}

impl AuthenticationSettings {
    /// The mode.
    ///
    /// # Errors
    /// When the mode trusts the platform, and the platform is not in front of the server.
    pub fn mode(&self) -> Result<AuthMode, SettingsError> {
        let by_default =
            if self.website_auth_enabled { AuthMode::EasyAuth } else { AuthMode::None };
        let mode = self.auth_mode.unwrap_or(by_default);
        if mode.is_behind_platform() && !self.website_auth_enabled {
            return Err(SettingsError::NoPlatform(mode.as_str()));
        }
        Ok(mode)
    }

    /// The tenant, if it is set.
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

    /// The app registrations that users sign in to at the browser.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        [&self.website_auth_client_id, &self.entra_client_id]
            .into_iter()
            .filter_map(|id| set(id.as_ref()))
    }

    /// The allowed client applications.
    ///
    /// # Errors
    /// When the setting is missing. An empty list is allowed.
    pub fn allowed_clients(&self) -> Result<&[String], SettingsError> {
        let clients = self.entra_allowed_clients.as_ref();
        clients
            .map(value::Guids::as_slice)
            .ok_or(SettingsError::NotForEntra("ENTRA_ALLOWED_CLIENTS"))
    }

    /// The issuer of version 1.0 tokens, if it is set.
    pub fn v1_issuer(&self) -> Option<&str> {
        set(self.entra_v1_issuer.as_ref())
    }

    /// The additional audiences.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.entra_audiences
            .iter()
            .map(|audience| audience.trim())
            .filter(|audience| !audience.is_empty())
    }

    /// The scopes in challenges and metadata.
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

    /// The public origin, if it is set.
    pub fn public_url(&self) -> Option<&str> {
        set(self.public_url.as_ref())
    }

    /// The role that reading requires, if any.
    pub fn read_role(&self) -> Option<String> {
        set(self.mcp_read_role.as_ref()).map(str::to_owned)
    }

    /// The role that writing requires, if any.
    pub fn write_role(&self) -> Option<String> {
        set(self.mcp_write_role.as_ref()).map(str::to_owned)
    }

    /// The scope that reading requires of a client application that acts for a user, if any.
    pub fn read_scope(&self) -> Option<&str> {
        set(self.mcp_read_scope.as_ref())
    }

    /// The scope that writing requires of a client application that acts for a user, if any.
    pub fn write_scope(&self) -> Option<&str> {
        set(self.mcp_write_scope.as_ref())
    }
}
