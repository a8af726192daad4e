//! Who calls, as the identity provider vouches for them.

use std::collections::BTreeSet;

/// An authenticated caller. It knows no HTTP: a test or another transport may make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    kind: PrincipalKind,
    object_id: String,
    tenant_id: Option<String>,
    client_id: Option<String>,
    name: Option<String>,
    roles: BTreeSet<String>,
    scopes: BTreeSet<String>,
    is_session: bool,
}

/// Whether a text is a GUID in its usual form, in whatever case.
pub(crate) fn is_guid(text: &str) -> bool {
    let is_hex = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
}

/// What kind of caller it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrincipalKind {
    /// A program in its own name (app-only token): its rights are app roles.
    Application,
    /// A person, by themselves ([`Principal::is_session`]) or through a program (delegated token): that program's
    /// rights are scopes. A caller of an unclear kind is one too, and has neither a scope nor a session.
    User,
}

impl PrincipalKind {
    /// The kind as the claims tell it: `idtyp` where it is there (an optional claim); else scopes are a person's, and
    /// a subject that is the object id itself is a program's. In doubt it is a person, whose roles do not count.
    /// Source: <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.
    pub(crate) fn of(
        idtyp: Option<&str>,
        has_scopes: bool,
        subject: Option<&str>,
        object_id: &str,
    ) -> Self {
        match idtyp {
            Some("app") => Self::Application,
            None if !has_scopes && subject == Some(object_id) => Self::Application,
            _ => Self::User,
        }
    }
}

impl Principal {
    /// Invariant: a longer object id, in bytes, is refused by every scheme, and never cut: two callers would become one.
    /// Entra's are GUIDs, of 36 characters.
    pub const MAX_ID_BYTES: usize = 100;

    /// Whether a text can be an id: 1 to [`Self::MAX_ID_BYTES`] visible ASCII characters.
    pub(crate) fn is_id(text: &str) -> bool {
        (1..=Self::MAX_ID_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// A caller with this object id (the `oid` claim), without roles, scopes or a session.
    #[must_use]
    pub fn new(kind: PrincipalKind, object_id: impl Into<String>) -> Self {
        Self {
            kind,
            object_id: object_id.into(),
            tenant_id: None,
            client_id: None,
            name: None,
            roles: BTreeSet::new(),
            scopes: BTreeSet::new(),
            is_session: false,
        }
    }

    /// The same caller of this tenant (`tid`).
    #[must_use]
    pub fn with_tenant_id(mut self, tenant_id: impl Into<String>) -> Self {
        self.tenant_id = Some(tenant_id.into());
        self
    }

    /// The same caller through this client application (`appid` in version 1.0 tokens, `azp` in 2.0).
    #[must_use]
    pub fn with_client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The same caller with a name to show.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same caller with these app roles (`roles`).
    #[must_use]
    pub fn with_roles<T: Into<String>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// The same caller with these delegated scopes (`scp`).
    #[must_use]
    pub fn with_scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The same caller at a browser, signed in to the service itself.
    #[must_use]
    pub fn with_session(mut self) -> Self {
        self.is_session = true;
        self
    }

    /// What kind of caller it is.
    #[must_use]
    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// The immutable id of the person or service principal in the tenant.
    #[must_use]
    pub fn object_id(&self) -> &str {
        &self.object_id
    }

    /// The tenant.
    #[must_use]
    pub fn tenant_id(&self) -> Option<&str> {
        self.tenant_id.as_deref()
    }

    /// Whether the caller is of this tenant; GUIDs are compared whatever their case.
    #[must_use]
    pub fn is_of_tenant(&self, tenant_id: &str) -> bool {
        self.tenant_id().is_some_and(|id| id.eq_ignore_ascii_case(tenant_id))
    }

    /// Whether both are one caller: the same kind and object id, and the same tenant and client application
    /// wherever both name one.
    #[must_use]
    pub fn is_same_caller(&self, other: &Self) -> bool {
        let agree = |one: Option<&str>, two: Option<&str>| match (one, two) {
            (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
            _ => true,
        };
        self.kind == other.kind
            && self.object_id.eq_ignore_ascii_case(&other.object_id)
            && agree(self.tenant_id(), other.tenant_id())
            && agree(self.client_id(), other.client_id())
    }

    /// The same caller with no more roles and scopes than `other` has as well, and with a session if both have one.
    #[must_use]
    pub(crate) fn limited_to(mut self, other: &Self) -> Self {
        self.roles.retain(|role| other.roles.contains(role));
        self.scopes.retain(|scope| other.scopes.contains(scope));
        self.is_session &= other.is_session;
        self.tenant_id = self.tenant_id.or_else(|| other.tenant_id.clone());
        self.client_id = self.client_id.or_else(|| other.client_id.clone());
        self.name = self.name.or_else(|| other.name.clone());
        self
    }

    /// The client application that got the token.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The name to show. It comes from outside and proves nothing: escape it, and decide nothing by it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether the caller has exactly this app role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.contains(role)
    }

    /// Whether the caller has exactly this delegated scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// Whether a person calls by themselves: signed in to the service at a browser, with no program in between. A caller
    /// with an access token has no session, whatever the token's kind is.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.is_session && self.kind == PrincipalKind::User
    }

    /// All app roles, in order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(String::as_str)
    }

    /// All delegated scopes, in order.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }
}
