//! The JSON in the platform's header, and the principal that its claims make.

use std::borrow::Cow;

use serde::Deserialize;

use super::HeaderRefusal;
use crate::{Principal, PrincipalKind};

/// The types under which a claim may arrive: its name in the token, and the one that the platform maps it to.
/// Source: <https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities>.
type Types = &'static [&'static str];

const OBJECT_ID: Types = &["oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"];
const TENANT_ID: Types = &["tid", "http://schemas.microsoft.com/identity/claims/tenantid"];
const SCOPES: Types = &["scp", "http://schemas.microsoft.com/identity/claims/scope"];
const ROLES: Types = &["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"];
const SUBJECT: Types =
    &["sub", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"];
const CLIENT_ID: Types = &["appid", "azp"];
const KIND: Types = &["idtyp"];
const NAMES: [Types; 4] = [
    &["name"],
    &["preferred_username"],
    &["upn", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"],
    &["app_displayname"],
];

/// What the header says. Members that are not named here are ignored; one that is there twice is refused.
#[derive(Deserialize)]
pub(super) struct Claims<'a> {
    #[serde(borrow)]
    auth_typ: Cow<'a, str>,
    #[serde(borrow)]
    #[serde(rename = "claims")]
    list: Vec<Claim<'a>>,
    #[serde(default)]
    name_typ: Option<String>,
    #[serde(default)]
    role_typ: Option<String>,
}

#[derive(Deserialize)]
struct Claim<'a> {
    #[serde(borrow)]
    typ: Cow<'a, str>,
    #[serde(borrow)]
    val: Cow<'a, str>,
}

impl Claims<'_> {
    pub(super) fn identity_provider(&self) -> &str {
        &self.auth_typ
    }

    pub(super) fn principal(&self) -> Result<Principal, HeaderRefusal> {
        if self.list.len() > HeaderRefusal::MAX_CLAIMS {
            return Err(HeaderRefusal::TooManyClaims);
        }
        let object_id = self.single("oid", OBJECT_ID)?.ok_or(HeaderRefusal::NoObjectId)?;
        let mut principal = Principal::new(self.kind(object_id)?, object_id)
            .with_roles(self.roles()?)
            .with_scopes(self.values(SCOPES).flat_map(str::split_whitespace));
        if let Some(tenant) = self.single("tid", TENANT_ID)? {
            principal = principal.with_tenant_id(tenant);
        }
        if let Some(client) = self.single("appid", CLIENT_ID)? {
            principal = principal.with_client_id(client);
        }
        if let Some(name) = self.name() {
            principal = principal.with_name(name);
        }
        Ok(principal)
    }

    /// What the token says of itself (`idtyp`); else a token with scopes is a person's, and one whose subject is its
    /// own object id is a program's. What remains is a person who signed in at the platform.
    fn kind(&self, object_id: &str) -> Result<PrincipalKind, HeaderRefusal> {
        let kind = self.single("idtyp", KIND)?;
        let subject = self.single("sub", SUBJECT)?;
        Ok(PrincipalKind::of(kind, self.values(SCOPES).next().is_some(), subject, object_id))
    }

    /// Roles arrive as `roles`, as the type that `role_typ` names, or under the long name.
    fn roles(&self) -> Result<impl Iterator<Item = &str>, HeaderRefusal> {
        let named = self.role_typ.as_deref();
        let taken = [OBJECT_ID, TENANT_ID, SCOPES, SUBJECT, CLIENT_ID, KIND];
        let other = |named| taken.iter().chain(&NAMES).any(|types| types.contains(&named));
        if named.is_some_and(other) {
            return Err(HeaderRefusal::RoleType);
        }
        let is_role = move |typ: &str| ROLES.contains(&typ) || named == Some(typ);
        Ok(self.list.iter().filter(move |claim| is_role(&claim.typ)).map(|claim| &*claim.val))
    }

    fn name(&self) -> Option<&str> {
        let of_type = |typ: &str| self.list.iter().find(|claim| claim.typ == typ);
        let types = NAMES[0].iter().copied().chain(self.name_typ.as_deref());
        let types = types.chain(NAMES[1..].iter().flat_map(|types| types.iter().copied()));
        let mut values = types.filter_map(of_type).map(|claim| claim.val.trim());
        values.find(|name| !name.is_empty())
    }

    fn values(&self, types: Types) -> impl Iterator<Item = &str> {
        let of_type = move |claim: &&Claim<'_>| types.contains(&&*claim.typ);
        self.list.iter().filter(of_type).map(|claim| &*claim.val)
    }

    /// The one value of a claim, under whichever type; an empty one is none.
    fn single(&self, name: &'static str, types: Types) -> Result<Option<&str>, HeaderRefusal> {
        let mut values = self.values(types);
        let Some(first) = values.next() else { return Ok(None) };
        if values.any(|value| value != first) {
            return Err(HeaderRefusal::Ambiguous(name));
        }
        Ok((!first.is_empty()).then_some(first))
    }
}
