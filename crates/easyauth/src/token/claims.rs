//! A token's claims, the rules for them, and the caller that they name.

use std::{fmt, sync::Arc};

use serde::Deserialize;

use super::{cloud, error::TokenError, jwks_cache::IssuerKey};
use crate::{
    json,
    principal::{Principal, is_guid},
};

/// Seconds by which the issuer's clock and this one may differ: a token is valid this long before `nbf` and after `exp`
/// (RFC 7519, section 4.1.4: "no more than a few minutes").
const LEEWAY_SECONDS: i64 = 60;

/// The claims of a token.
pub(super) struct Claims {
    pub(super) validity: Validity,
    caller: Principal,
    json: String,
}

/// The claims that decide whether a token is valid. A duplicate or one of another type is invalid. Source:
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.
#[derive(Deserialize)]
pub(super) struct Validity {
    /// One text: a token with a list of audiences would be for other services too.
    aud: String,
    iss: String,
    pub(super) exp: i64,
    nbf: Option<i64>,
    ver: Option<String>,
}

/// The configured values that the claims must have.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) tenants: Tenants,
    pub(super) v1_hosts: Vec<String>,
    pub(super) audiences: Vec<String>,
    /// In lower case; `None` allows all client applications.
    pub(super) allowed_clients: Option<Vec<String>>,
}

/// The allowed tenants.
pub(super) struct Tenants {
    /// In lower case.
    pub(super) listed: Vec<String>,
    pub(super) check: Option<Arc<TenantCheck>>,
}

/// Decides about a tenant that is not listed.
pub(super) type TenantCheck = dyn Fn(&str) -> bool + Send + Sync;

impl Tenants {
    /// The one tenant, if there cannot be another.
    pub(super) fn only(&self) -> Option<&str> {
        match &*self.listed {
            [tenant] if self.check.is_none() => Some(tenant),
            _ => None,
        }
    }

    /// Whether callers of this tenant (in lower case) are allowed.
    fn allow(&self, tenant_id: &str) -> bool {
        let is_checked = |check: &Arc<TenantCheck>| is_guid(tenant_id) && check(tenant_id);
        self.listed.iter().any(|it| it == tenant_id) || self.check.as_ref().is_some_and(is_checked)
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.listed).finish_non_exhaustive()
    }
}

impl Claims {
    pub(super) fn read(json: String) -> Result<Self, TokenError> {
        let validity = json::object(&json).ok_or(TokenError::Claims)?;
        let caller = Principal::of_token_claims(&json)?;
        Ok(Self { validity, caller, json })
    }

    /// In lower case; empty if there is none.
    fn tenant(&self) -> String {
        self.caller.tenant_id().unwrap_or_default().to_ascii_lowercase()
    }

    /// The caller with all claims. Call it only for claims that were checked.
    pub(super) fn principal(self) -> Result<Principal, TokenError> {
        Ok(self.caller.with_token_claims(&self.json)?)
    }
}

impl Rules {
    /// Checks everything that does not depend on the issuer's documents.
    pub(super) fn check(&self, claims: &Claims, now: i64) -> Result<(), TokenError> {
        if !self.tenants.allow(&claims.tenant()) {
            return Err(TokenError::Tenant);
        }
        let Validity { aud, exp, nbf, .. } = &claims.validity;
        if !self.audiences.contains(aud) {
            return Err(TokenError::Audience);
        }
        if now >= exp.saturating_add(LEEWAY_SECONDS) {
            return Err(TokenError::Expired);
        }
        if nbf.is_some_and(|nbf| nbf > now.saturating_add(LEEWAY_SECONDS)) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }

    /// Checks the issuer, that the token's version is the issuer's, that the key is for this issuer, and the client
    /// application.
    pub(super) fn check_issuer(
        &self,
        claims: &Claims,
        found: &IssuerKey,
    ) -> Result<(), TokenError> {
        let tenant = claims.tenant();
        let of_tenant = |issuer: &str| issuer.replace(cloud::TENANT, &tenant);
        let v2_issuer = of_tenant(&found.issuer);
        let Validity { iss, ver, .. } = &claims.validity;
        let version = if self.v1_hosts.iter().any(|host| *iss == cloud::v1_issuer(host, &tenant)) {
            "1.0"
        } else if *iss == v2_issuer {
            "2.0"
        } else {
            return Err(TokenError::Issuer);
        };
        if ver.as_deref() != Some(version) {
            return Err(TokenError::Version);
        }
        let is_others = found.key.issuer().is_some_and(|issuer| of_tenant(issuer) != v2_issuer);
        if is_others && self.tenants.only().is_none() {
            return Err(TokenError::Issuer);
        }
        let client = claims.caller.client_id().ok_or(TokenError::MissingClient)?;
        let client = client.to_ascii_lowercase();
        match &self.allowed_clients {
            Some(allowed) if !allowed.contains(&client) => Err(TokenError::ClientNotAllowed),
            _ => Ok(()),
        }
    }
}
