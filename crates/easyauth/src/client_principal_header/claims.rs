//! The caller from the header's claims, under every name that a claim may have.

use std::collections::BTreeMap;

use super::{document::Document, error::ClientPrincipalError};
use crate::principal::{Principal, PrincipalKind, is_guid, scopes_of};

/// The names of a claim: the short one, and the one that the platform or the token's version may replace it with.
type Names = [&'static str; 2];

const OBJECT_ID: Names = ["oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"];
const TENANT_ID: Names = ["tid", "http://schemas.microsoft.com/identity/claims/tenantid"];
/// `appid` in version 1.0 tokens, `azp` in 2.0.
const CLIENT_ID: Names = ["appid", "azp"];
const SUBJECT: Names =
    ["sub", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"];
const KIND: Names = ["idtyp"; 2];
const AUDIENCE: Names = ["aud"; 2];
const SCOPES: Names = ["scp", "http://schemas.microsoft.com/identity/claims/scope"];
const ROLES: Names = ["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"];

/// The claims for which the platform has another name than an access token.
const LONG_NAMES: [Names; 5] = [OBJECT_ID, TENANT_ID, SUBJECT, SCOPES, ROLES];

/// Display names, in order of preference. The claim that `name_typ` names comes after the first.
const NAMES: [&str; 5] = [
    "name",
    "preferred_username",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "app_displayname",
];

/// The claims of one header.
pub(super) struct Claims<'a> {
    document: &'a Document,
    role_type: Option<&'a str>,
}

impl<'a> Claims<'a> {
    /// Rejects a `role_typ` that is a claim with another meaning. Otherwise the platform decides which claim is a role.
    pub(super) fn of(document: &'a Document) -> Result<Self, ClientPrincipalError> {
        let role_type = document.role_typ.as_deref().filter(|typ| !typ.is_empty());
        let read = [OBJECT_ID, TENANT_ID, CLIENT_ID, SUBJECT, KIND, AUDIENCE, SCOPES];
        let read = read.as_flattened().iter().copied();
        let mut others = read.chain(NAMES).chain(document.name_typ.as_deref());
        if role_type.is_some_and(|role| others.any(|other| other.eq_ignore_ascii_case(role))) {
            return Err(ClientPrincipalError::RoleType);
        }
        Ok(Self { document, role_type })
    }

    /// The caller; `apps` are the app registrations that users sign in to at the browser.
    pub(super) fn principal(&self, apps: &[String]) -> Result<Principal, ClientPrincipalError> {
        let object_id = self.id(OBJECT_ID)?.ok_or(ClientPrincipalError::MissingObjectId)?;
        let scopes = self.texts(SCOPES)?;
        let kind = self.kind(object_id, !scopes.is_empty())?;
        let (tenant_id, client_id) = (self.id(TENANT_ID)?, self.id(CLIENT_ID)?);
        let principal = Principal::new(kind, object_id)
            .with_roles(self.roles()?)
            .with_scopes(scopes.iter().copied().flat_map(scopes_of))
            .with_optional(tenant_id, client_id, self.name())
            .with_claims(self.all());
        let is_session = scopes.is_empty() && self.is_for_client_itself(client_id, apps);
        Ok(if is_session { principal.with_session() } else { principal })
    }

    /// Of the values of `idtyp` only the two that Entra documents are accepted. Without it the other claims decide.
    fn kind(
        &self,
        object_id: &str,
        has_scopes: bool,
    ) -> Result<PrincipalKind, ClientPrincipalError> {
        match self.id(KIND)? {
            idtyp @ (None | Some("app" | "user")) => {
                let subjects = self.texts(SUBJECT)?;
                let is_own = subjects.iter().all(|subject| *subject == object_id);
                let subject = subjects.first().copied().filter(|_| is_own);
                Ok(PrincipalKind::of(idtyp, has_scopes, subject, object_id))
            }
            Some(_) => Err(ClientPrincipalError::InvalidClaim(KIND[0])),
        }
    }

    /// Whether the claims come from a sign-in to the app itself, and not from an access token of a client application.
    ///
    /// The platform's session has the claims of an ID token: it is for the app (`aud`), and names no client application,
    /// as every access token of Entra does, or the app as its own. Source:
    /// <https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>.
    fn is_for_client_itself(&self, client_id: Option<&str>, apps: &[String]) -> bool {
        let mut audiences = self.document.values(is_any_of(AUDIENCE));
        let audience = audiences.next().flatten().filter(|_| audiences.next().is_none());
        // Without an app, the audience stands for it: the platform has validated it.
        let apps: Vec<_> = match apps {
            [] => audience.into_iter().filter(|id| is_guid(id)).collect(),
            apps => apps.iter().map(String::as_str).collect(),
        };
        let client = client_id.or(audience);
        client.is_some_and(|client| apps.iter().any(|app| app.eq_ignore_ascii_case(client)))
    }

    /// All claims with text, under their names in access tokens.
    fn all(&self) -> BTreeMap<String, Vec<String>> {
        let mut all = BTreeMap::<String, Vec<String>>::new();
        for (typ, value) in self.document.texts() {
            let long = LONG_NAMES.iter().find(|[_, long]| *long == typ);
            let name = long.map_or(typ, |[short, _]| short);
            all.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        all
    }

    /// The roles, under the platform's two names and under the header's role type.
    fn roles(&self) -> Result<Vec<&'a str>, ClientPrincipalError> {
        let is_role = |typ: &str| ROLES.contains(&typ) || self.role_type == Some(typ);
        let mut roles = self.texts_where(ROLES[0], is_role)?;
        roles.retain(|role| !role.is_empty());
        Ok(roles)
    }

    fn name(&self) -> Option<&'a str> {
        let [first, rest @ ..] = NAMES;
        let types = [Some(first), self.document.name_typ.as_deref()];
        types.into_iter().flatten().chain(rest).find_map(|wanted| {
            let mut names = self.document.values(move |typ| typ == wanted).flatten().map(str::trim);
            names.find(|name| !name.is_empty())
        })
    }

    /// The one value of a claim, if it is present: visible ASCII, as in every id.
    fn id(&self, claim: Names) -> Result<Option<&'a str>, ClientPrincipalError> {
        let values = self.texts(claim)?;
        let Some(first) = values.first() else { return Ok(None) };
        if values.iter().any(|value| !value.eq_ignore_ascii_case(first)) {
            return Err(ClientPrincipalError::AmbiguousClaim(claim[0]));
        }
        if !Principal::is_id(first) {
            return Err(ClientPrincipalError::InvalidClaim(claim[0]));
        }
        Ok(Some(first))
    }

    fn texts(&self, claim: Names) -> Result<Vec<&'a str>, ClientPrincipalError> {
        self.texts_where(claim[0], is_any_of(claim))
    }

    fn texts_where(
        &self,
        claim: &'static str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<&'a str>, ClientPrincipalError> {
        let values = self.document.values(is_wanted);
        values.map(|value| value.ok_or(ClientPrincipalError::InvalidClaim(claim))).collect()
    }
}

fn is_any_of(claim: Names) -> impl Fn(&str) -> bool {
    move |typ| claim.contains(&typ)
}
