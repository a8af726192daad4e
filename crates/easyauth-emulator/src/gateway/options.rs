//! What is not known for certain of App Service Authentication.

/// Of the gateway.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a point of its own, known of by nobody")]
pub struct GatewayOptions {
    /// Whether identity headers from outside are dropped on `excludedPaths` too. Default: yes.
    pub strips_on_excluded_paths: bool,
    /// Whether they are dropped while authentication is off. Default: no.
    pub strips_when_off: bool,
    /// Whether tokens of the version 1.0 issuer are taken where the settings name the version 2.0 one of the same tenant. Default: yes.
    pub takes_v1_issuer: bool,
    /// Whether tokens of agent identities are taken; where they are not, they are answered 403. It was documented for the
    /// managed identity of a Foundry project alone. Default: yes.
    pub takes_agent_identities: bool,
    /// Whether any client of the tenant may call where no list names any. Default: yes.
    pub without_lists_lets_in: bool,
    /// Whether the principal's base64 is padded. Default: yes.
    pub pads: bool,
    /// Under which type roles arrive. Default: [`RoleForm::Long`].
    pub roles: RoleForm,
    /// Whether claims have the long names that the platform maps them to, or those of the token. Default: long.
    pub maps_claims: bool,
    /// Whether headers with underscores in place of the hyphens of the platform's names are dropped as well. Default: no.
    pub strips_look_alikes: bool,
    /// Whether requests from pages of foreign origins are passed on to the app, which then has to refuse them itself, as on
    /// App Service; the platform's own addresses refuse them always. Default: no, since a browser of this machine may show
    /// any page.
    pub passes_foreign_origins: bool,
    /// Whether the lists of clients also apply to users who signed in at the browser; their client is the app's own
    /// registration. Default: yes.
    pub checks_client_of_sessions: bool,
}

/// Under which type roles arrive in the principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoleForm {
    /// `roles`.
    Short,
    /// `http://schemas.microsoft.com/ws/2008/06/identity/claims/role`.
    Long,
    /// A type that nothing but `role_typ` tells of.
    ByRoleType,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            strips_on_excluded_paths: true,
            strips_when_off: false,
            takes_v1_issuer: true,
            takes_agent_identities: true,
            without_lists_lets_in: true,
            pads: true,
            roles: RoleForm::Long,
            maps_claims: true,
            strips_look_alikes: false,
            passes_foreign_origins: false,
            checks_client_of_sessions: true,
        }
    }
}
