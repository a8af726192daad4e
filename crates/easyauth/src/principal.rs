//! The authenticated caller.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// An authenticated caller. It is independent of HTTP: a test or another transport may create one.
///
/// Two are equal when all but their further claims ([`Self::claim`]) are: those differ from token to token.
#[derive(Debug, Clone)]
#[must_use]
pub struct Principal {
    kind: PrincipalKind,
    object_id: String,
    tenant_id: Option<String>,
    client_id: Option<String>,
    name: Option<String>,
    roles: BTreeSet<String>,
    scopes: BTreeSet<String>,
    is_session: bool,
    claims: Claims,
}

/// The claims of a caller, by name.
#[derive(Clone, Default)]
struct Claims(Arc<BTreeMap<String, Vec<String>>>);

/// The kind of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrincipalKind {
    /// An application in its own name (app-only token). Its permissions are app roles.
    Application,
    /// A user: signed in to the service itself ([`Principal::is_session`]), or through a client application (delegated
    /// token) whose permissions are scopes. A caller of an unclear kind is a user without scopes and session.
    User,
}

impl PrincipalKind {
    /// Reads the kind from `idtyp`, an optional claim. Without it, a token with scopes is a user's, and a token whose subject
    /// is the object id is an application's. An unclear kind is a user, whose roles do not count.
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
    /// Invariant: every scheme rejects a longer object id, in bytes. It is never truncated: two callers would become one.
    /// Entra's are GUIDs, of 36 characters.
    pub const MAX_ID_BYTES: usize = 100;

    /// Whether a text can be an id: 1 to [`Self::MAX_ID_BYTES`] visible ASCII characters.
    pub(crate) fn is_id(text: &str) -> bool {
        (1..=Self::MAX_ID_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// Creates a caller with this object id (`oid`), without roles, scopes or a session.
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
            claims: Claims::default(),
        }
    }

    /// Sets the tenant (`tid`).
    pub fn with_tenant_id(self, tenant_id: impl Into<String>) -> Self {
        Self { tenant_id: Some(tenant_id.into()), ..self }
    }

    /// Sets the client application (`appid` in version 1.0 tokens, `azp` in 2.0).
    pub fn with_client_id(self, client_id: impl Into<String>) -> Self {
        Self { client_id: Some(client_id.into()), ..self }
    }

    /// Sets the display name.
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Sets the app roles (`roles`).
    pub fn with_roles<T: Into<String>>(self, roles: impl IntoIterator<Item = T>) -> Self {
        Self { roles: roles.into_iter().map(Into::into).collect(), ..self }
    }

    /// Sets the delegated scopes (`scp`).
    pub fn with_scopes<T: Into<String>>(self, scopes: impl IntoIterator<Item = T>) -> Self {
        Self { scopes: scopes.into_iter().map(Into::into).collect(), ..self }
    }

    /// Marks the caller as signed in to the service itself at a browser.
    pub fn with_session(self) -> Self {
        Self { is_session: true, ..self }
    }

    /// Sets all claims ([`Self::claim`]), each with its values.
    pub fn with_claims(self, claims: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        Self { claims: Claims(Arc::new(claims.into_iter().collect())), ..self }
    }

    /// Sets the claims that a token may lack.
    pub(crate) fn with_optional(
        self,
        tenant_id: Option<&str>,
        client_id: Option<&str>,
        name: Option<&str>,
    ) -> Self {
        let [tenant_id, client_id, name] =
            [tenant_id, client_id, name].map(|claim| claim.map(str::to_owned));
        Self { tenant_id, client_id, name, ..self }
    }

    /// The kind of the caller.
    #[must_use]
    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// The immutable id of the user or service principal in the tenant.
    #[must_use]
    pub fn object_id(&self) -> &str {
        &self.object_id
    }

    /// The tenant.
    #[must_use]
    pub fn tenant_id(&self) -> Option<&str> {
        self.tenant_id.as_deref()
    }

    /// The client application that acquired the token.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The display name. It proves nothing: escape it, and base no decision on it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// All app roles, in order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(String::as_str)
    }

    /// All delegated scopes, in order.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
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

    /// The value of a claim that has exactly one: text as it is, anything else as JSON (`1800000000`, `true`). Claims have their
    /// names in access tokens, also those of a client principal header whose long names are known (`oid`, `tid`, `sub`, `scp`,
    /// `roles`). All other names are as the header has them.
    ///
    /// Base no decision on a claim that users can change, such as a name or an e-mail address. Source:
    /// <https://learn.microsoft.com/entra/identity-platform/claims-validation>.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&str> {
        let mut values = self.claim_values(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// All values of a claim, such as `amr`.
    pub fn claim_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.claims.0.get(name).into_iter().flatten().map(String::as_str)
    }

    /// The object ids of the user's groups (`groups`). A token of a user of more than 200 groups names none of them, and has the
    /// claim `hasgroups` or `_claim_names` instead.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.claim_values("groups")
    }

    /// The template ids of the user's directory roles (`wids`).
    pub fn directory_roles(&self) -> impl Iterator<Item = &str> {
        self.claim_values("wids")
    }

    /// Whether the caller is a user who is signed in to the service itself at a browser, without a client application in
    /// between. A caller with an access token never has a session.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.is_session && self.kind == PrincipalKind::User
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

    /// Everything that two equal callers have in common.
    fn identity(&self) -> impl PartialEq {
        let ids = (&self.object_id, &self.tenant_id, &self.client_id, &self.name);
        (self.kind, ids, &self.roles, &self.scopes, self.is_session)
    }

    /// The same caller with the roles, scopes, claims and session that `other` has too.
    pub(crate) fn limited_to(mut self, other: &Self) -> Self {
        self.roles.retain(|role| other.roles.contains(role));
        self.scopes.retain(|scope| other.scopes.contains(scope));
        self.is_session &= other.is_session;
        self.claims = self.claims.limited_to(&other.claims);
        self.tenant_id = self.tenant_id.or_else(|| other.tenant_id.clone());
        self.client_id = self.client_id.or_else(|| other.client_id.clone());
        self.name = self.name.or_else(|| other.name.clone());
        self
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Principal {}

impl Claims {
    /// The values that both have.
    fn limited_to(&self, other: &Self) -> Self {
        let common = self.0.iter().filter_map(|(name, values)| {
            let others = other.0.get(name)?;
            let values: Vec<_> = values.iter().filter(|it| others.contains(it)).cloned().collect();
            (!values.is_empty()).then(|| (name.clone(), values))
        });
        Self(Arc::new(common.collect()))
    }
}

/// The names alone: the values are personal data.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(any(feature = "app-service", feature = "entra"))]
/// Whether a text is a GUID in its usual form, in either case.
pub(crate) fn is_guid(text: &str) -> bool {
    let is_hex = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
}

/// The scopes of a list, which are separated by spaces (RFC 6749, section 3.3).
pub(crate) fn scopes_of(list: &str) -> impl Iterator<Item = &str> {
    list.split(' ').filter(|scope| !scope.is_empty())
}
