//! From the platform's claims to a caller: which claim means what, under all of its names.

use super::{ClientPrincipalError, document::Document};
use crate::{Principal, PrincipalKind, principal::is_guid};

/// A claim that is read: its short name, and the one that it may get on the way through the platform.
struct ClaimType {
    name: &'static str,
    also: Option<&'static str>,
}

const OBJECT_ID: ClaimType = ClaimType {
    name: "oid",
    also: Some("http://schemas.microsoft.com/identity/claims/objectidentifier"),
};
const TENANT_ID: ClaimType =
    ClaimType { name: "tid", also: Some("http://schemas.microsoft.com/identity/claims/tenantid") };
/// `appid` in version 1.0 tokens, `azp` in 2.0.
const CLIENT_ID: ClaimType = ClaimType { name: "appid", also: Some("azp") };
const SUBJECT: ClaimType = ClaimType {
    name: "sub",
    also: Some("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"),
};
const KIND: ClaimType = ClaimType { name: "idtyp", also: None };
const AUDIENCE: ClaimType = ClaimType { name: "aud", also: None };
const SCOPES: ClaimType =
    ClaimType { name: "scp", also: Some("http://schemas.microsoft.com/identity/claims/scope") };
const ROLES: ClaimType = ClaimType {
    name: "roles",
    also: Some("http://schemas.microsoft.com/ws/2008/06/identity/claims/role"),
};

/// Names to show, the best first; the type that `name_typ` names comes after the first.
const NAMES: [&str; 5] = [
    "name",
    "preferred_username",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "app_displayname",
];

impl ClaimType {
    fn is(&self, typ: &str) -> bool {
        self.name == typ || self.also == Some(typ)
    }
}

/// The claims of one header.
pub(super) struct Claims<'a> {
    document: &'a Document,
    role_type: Option<&'a str>,
}

impl<'a> Claims<'a> {
    /// Refuses a `role_typ` that is a claim with another meaning. Else the platform decides what a role is.
    pub(super) fn of(document: &'a Document) -> Result<Self, ClientPrincipalError> {
        let role_type = document.role_typ.as_deref().filter(|typ| !typ.is_empty());
        let read = [OBJECT_ID, TENANT_ID, CLIENT_ID, SUBJECT, KIND, AUDIENCE, SCOPES];
        let others = read.iter().flat_map(|claim| [Some(claim.name), claim.also]).flatten();
        let mut others = others.chain(NAMES).chain(document.name_typ.as_deref());
        match role_type {
            Some(role) if others.any(|other| other.eq_ignore_ascii_case(role)) => {
                Err(ClientPrincipalError::RoleType)
            }
            role_type => Ok(Self { document, role_type }),
        }
    }

    /// The caller; `apps` are the app registrations that people sign in to at the browser.
    pub(super) fn principal(&self, apps: &[String]) -> Result<Principal, ClientPrincipalError> {
        let object_id = self.id(&OBJECT_ID)?.ok_or(ClientPrincipalError::MissingObjectId)?;
        let scopes = self.texts(SCOPES.name, |typ| SCOPES.is(typ))?;
        let has_scopes = !scopes.is_empty();
        let kind = self.kind(object_id, has_scopes)?;
        let mut principal = Principal::new(kind, object_id)
            .with_roles(self.roles()?)
            .with_scopes(scopes.into_iter().flat_map(scopes_of));
        if let Some(tenant_id) = self.id(&TENANT_ID)? {
            principal = principal.with_tenant_id(tenant_id);
        }
        let client_id = self.id(&CLIENT_ID)?;
        if let Some(client_id) = client_id {
            principal = principal.with_client_id(client_id);
        }
        if !has_scopes && self.is_for_client_itself(client_id, apps) {
            principal = principal.with_session();
        }
        if let Some(name) = self.name() {
            principal = principal.with_name(name);
        }
        Ok(principal)
    }

    /// Of the values of `idtyp` only the two that Entra documents are taken; without it the other claims tell.
    fn kind(
        &self,
        object_id: &str,
        has_scopes: bool,
    ) -> Result<PrincipalKind, ClientPrincipalError> {
        match self.id(&KIND)? {
            idtyp @ (None | Some("app" | "user")) => {
                let subject = self.is_own_subject(object_id)?.then_some(object_id);
                Ok(PrincipalKind::of(idtyp, has_scopes, subject, object_id))
            }
            Some(_) => Err(ClientPrincipalError::InvalidClaim(KIND.name)),
        }
    }

    /// Whether the claims come from a sign-in to the app itself, and not from an access token that a program got.
    ///
    /// The platform's session has the claims of an ID token: it is for the app (`aud`), and names no client application,
    /// as every access token of Entra does, or the app as its own. Source:
    /// <https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>.
    fn is_for_client_itself(&self, client_id: Option<&str>, apps: &[String]) -> bool {
        let audience = self.audience();
        let is_one_of =
            |id: &str, apps: &[&str]| apps.iter().any(|app| app.eq_ignore_ascii_case(id));
        // Where no app is named, the audience stands for it: the platform has looked at it.
        let apps: Vec<_> = match apps {
            [] => audience.into_iter().filter(|id| is_guid(id)).collect(),
            apps => apps.iter().map(String::as_str).collect(),
        };
        client_id.or(audience).is_some_and(|client| is_one_of(client, &apps))
    }

    /// Whom the token is for, if it says so once.
    fn audience(&self) -> Option<&'a str> {
        let mut claims = self.document.claims().filter(|claim| AUDIENCE.is(&claim.typ));
        claims.next().filter(|_| claims.next().is_none())?.val.as_str()
    }

    fn is_own_subject(&self, object_id: &str) -> Result<bool, ClientPrincipalError> {
        let subjects = self.texts(SUBJECT.name, |typ| SUBJECT.is(typ))?;
        Ok(!subjects.is_empty() && subjects.iter().all(|subject| *subject == object_id))
    }

    /// Roles arrive in three ways: all count.
    fn roles(&self) -> Result<Vec<&'a str>, ClientPrincipalError> {
        let roles = self.texts(ROLES.name, |typ| ROLES.is(typ) || self.role_type == Some(typ))?;
        Ok(roles.into_iter().filter(|role| !role.is_empty()).collect())
    }

    fn name(&self) -> Option<&'a str> {
        let [first, rest @ ..] = NAMES;
        let types = [Some(first), self.document.name_typ.as_deref()];
        types.into_iter().flatten().chain(rest).find_map(|wanted| {
            let mut claims = self.document.claims().filter(|claim| claim.typ == wanted);
            claims
                .find_map(|claim| claim.val.as_str().map(str::trim).filter(|name| !name.is_empty()))
        })
    }

    /// The one value of a claim, if it is there at all: visible ASCII, as ids are.
    fn id(&self, claim: &ClaimType) -> Result<Option<&'a str>, ClientPrincipalError> {
        let values = self.texts(claim.name, |typ| claim.is(typ))?;
        let Some(first) = values.first() else { return Ok(None) };
        if values.iter().any(|value| !value.eq_ignore_ascii_case(first)) {
            return Err(ClientPrincipalError::AmbiguousClaim(claim.name));
        }
        Principal::is_id(first)
            .then_some(Some(*first))
            .ok_or(ClientPrincipalError::InvalidClaim(claim.name))
    }

    fn texts(
        &self,
        name: &'static str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<&'a str>, ClientPrincipalError> {
        let claims = self.document.claims().filter(|claim| is_wanted(&claim.typ));
        claims
            .map(|claim| claim.val.as_str().ok_or(ClientPrincipalError::InvalidClaim(name)))
            .collect()
    }
}

/// A list of scopes has spaces between them (RFC 6749, section 3.3).
fn scopes_of(list: &str) -> impl Iterator<Item = &str> {
    list.split(' ').filter(|scope| !scope.is_empty())
}
