//! The tokens that the issuer signs, version 1.0 and 2.0.

mod agent;

use std::io;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{Application, Cloud, Directory, ServicePrincipal};

/// Seconds for which an access token is good. Entra's are good for 60 to 90 minutes.
pub(crate) const LIFETIME_SECONDS: i64 = 3600;

impl Cloud {
    /// Signs any header and claims with the key in use: for tests of what must be refused.
    #[must_use]
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_raw(&format!("{}.{}", part(header), part(claims)))
    }

    /// Signs a token's first two parts as they are.
    ///
    /// # Panics
    /// When the machine has no randomness.
    #[must_use]
    pub fn sign_raw(&self, message: &str) -> String {
        let signature = self.keys().sign(message).expect("RSA signs whatever it is given");
        format!("{message}.{signature}")
    }

    /// The header of a token that is signed now.
    #[must_use]
    pub fn token_header(&self) -> Value {
        let kid = self.keys().current_kid().to_owned();
        json!({"typ": "JWT", "alg": "RS256", "x5t": kid, "kid": kid})
    }

    /// The claims of the token that a client gets now in its own name for an application; `None` when one of the two is
    /// not in the tenant, or the client is disabled.
    #[must_use]
    pub fn app_claims(&self, client_id: Uuid, resource_app_id: Uuid) -> Option<Value> {
        let directory = self.directory();
        let resource = directory.application(resource_app_id)?;
        let client = directory.service_principal(client_id).filter(|it| !it.is_disabled())?;
        Some(self.claims(&directory, resource).of_client(client))
    }

    /// The claims of the token that a client gets now for a person; `None` when one of the three is not in the tenant. The
    /// client is an application or an agent identity. The user account of an agent is for that agent identity alone.
    #[must_use]
    pub fn user_claims(
        &self,
        user_id: Uuid,
        client_id: Uuid,
        resource_app_id: Uuid,
        scopes: &[&str],
    ) -> Option<Value> {
        let directory = self.directory();
        let resource = directory.application(resource_app_id)?;
        let principal = directory.service_principal(client_id);
        let agent = principal.filter(|it| it.is_agent_identity() && !it.is_disabled());
        let client = directory.application(client_id).map(|it| it.app_id);
        let client = client.or(agent.map(|it| it.app_id))?;
        self.claims(&directory, resource).of_user(user_id, client, scopes)
    }

    /// The public half of the key in use, in PEM.
    ///
    /// # Panics
    /// Never: the key is there.
    #[must_use]
    pub fn public_key_pem(&self) -> String {
        self.keys().public_key_pem().expect("a public key has an encoding")
    }

    /// The next key comes into use; it was published before, and the former one still is.
    ///
    /// # Errors
    /// When the machine makes no new key.
    pub fn roll_keys(&self) -> io::Result<()> {
        self.keys().roll()
    }

    /// A new key comes into use.
    ///
    /// # Errors
    /// When the machine makes no new key.
    pub fn roll_keys_unannounced(&self) -> io::Result<()> {
        self.keys().roll_unannounced()
    }

    /// Keys that are out of use are published no more.
    pub fn withdraw_former_keys(&self) {
        self.keys().withdraw_former();
    }

    /// The issuer of version 2.0 tokens.
    #[must_use]
    pub fn v2_issuer(&self) -> String {
        format!("{}/{}/v2.0", self.origin(), self.tenant_id())
    }

    /// The issuer of version 1.0 tokens.
    #[must_use]
    pub fn v1_issuer(&self) -> String {
        format!("{}/{}/", self.options().issuer.v1_issuer.trim_end_matches('/'), self.tenant_id())
    }

    /// The claims of a token that this issuer signed and that is valid now.
    pub(crate) fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        let claims = self.signed_claims(token)?;
        let now = self.now().timestamp();
        let exp = claims.get("exp")?.as_i64()?;
        let nbf = claims.get("nbf").and_then(Value::as_i64).unwrap_or(now);
        let issuer = claims.get("iss")?.as_str()?;
        let ours = issuer == self.v1_issuer() || issuer == self.v2_issuer();
        (ours && nbf <= now && now < exp).then_some(claims)
    }

    /// The claims of a token that this issuer signed at some time.
    pub(crate) fn signed_claims(&self, token: &str) -> Option<Map<String, Value>> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if header["alg"] != "RS256" {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let signed = self.keys().has_signed(header["kid"].as_str()?, message, &signature);
        signed.then(|| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok())?
    }

    /// The claims that every token for an application has.
    pub(crate) fn claims<'a>(
        &self,
        directory: &'a Directory,
        resource: &'a Application,
    ) -> TokenClaims<'a> {
        let is_v2 = resource.api.requested_access_token_version == Some(2);
        let now = self.now().timestamp();
        let tenant = directory.tenant_id;
        let issuer =
            if is_v2 { format!("{}/{tenant}/v2.0", self.origin()) } else { self.v1_issuer() };
        let audience = match resource.identifier_uris.first() {
            Some(uri) if !is_v2 => uri.clone(),
            _ => resource.app_id.to_string(),
        };
        let shared = json!({
            "aud": audience, "iss": issuer, "iat": now, "nbf": now, "exp": now + LIFETIME_SECONDS,
            "tid": tenant, "ver": if is_v2 { "2.0" } else { "1.0" },
            "rh": "1.AAAA", "uti": URL_SAFE_NO_PAD.encode(Uuid::new_v4()),
        });
        let has_idtyp = self.options().issuer.idtyp;
        TokenClaims { directory, resource, is_v2, has_idtyp, shared }
    }
}

/// The claims of a token in the making.
pub(crate) struct TokenClaims<'a> {
    directory: &'a Directory,
    resource: &'a Application,
    is_v2: bool,
    has_idtyp: bool,
    shared: Value,
}

impl TokenClaims<'_> {
    /// The token of a client in its own name: its rights are app roles.
    pub(crate) fn of_client(self, client: &ServicePrincipal) -> Value {
        let roles = self.directory.roles(client.id, self.resource);
        let mut own = json!({"oid": client.id, "sub": client.id});
        if self.has_idtyp {
            own["idtyp"] = json!("app");
        }
        if !roles.is_empty() {
            own["roles"] = json!(roles);
        }
        let idp = json!({ "idp": self.shared["iss"], "app_displayname": client.display_name });
        // An agent identity proves itself by its blueprint's token.
        let proof = if client.is_agent_identity() { "2" } else { "1" };
        let version = if self.is_v2 {
            json!({"azp": client.app_id, "azpacr": proof})
        } else {
            json!({"appid": client.app_id, "appidacr": proof})
        };
        let agent = agent::of_client(client);
        merge([self.shared, own, version, if self.is_v2 { json!({}) } else { idp }, agent])
    }

    /// The token of a client for a person: its rights are scopes.
    pub(crate) fn of_user(self, user_id: Uuid, client_id: Uuid, scopes: &[&str]) -> Option<Value> {
        let user = self.directory.users.iter().find(|user| user.id == user_id)?;
        let agent = self.directory.service_principal(client_id);
        let agent = agent.filter(|it| it.is_agent_identity());
        if user.identity_parent_id.is_some_and(|parent| agent.is_none_or(|it| it.id != parent)) {
            return None;
        }
        let roles = self.directory.roles(user_id, self.resource);
        // Pairwise: another one for each application (OpenID Connect Core 1.0, section 8).
        let subject = Uuid::from_u128(user_id.as_u128() ^ self.resource.app_id.as_u128());
        let mut own = json!({
            "oid": user_id, "sub": subject, "name": user.display_name, "scp": scopes.join(" "),
        });
        if self.has_idtyp {
            own["idtyp"] = json!("user");
        }
        if !user.groups.is_empty() {
            own["groups"] = json!(user.groups);
        }
        if !roles.is_empty() {
            own["roles"] = json!(roles);
        }
        let version = if self.is_v2 {
            json!({"azp": client_id, "azpacr": "0", "preferred_username": user.user_principal_name})
        } else {
            let name = &user.user_principal_name;
            json!({"appid": client_id, "appidacr": "0", "upn": name, "unique_name": name})
        };
        let agent = agent::of_user(user, agent);
        Some(merge([self.shared, own, version, json!({}), agent]))
    }
}

fn merge(parts: [Value; 5]) -> Value {
    let members = parts.into_iter().filter_map(|part| match part {
        Value::Object(members) => Some(members),
        _ => None,
    });
    Value::Object(members.flatten().collect())
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
