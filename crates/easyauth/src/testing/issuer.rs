//! An issuer in this process: the callers of a test tenant, and tokens for one API.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use async_trait::async_trait;
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, PublicKeyComponents},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::{
    principal::{Principal, PrincipalKind},
    token::{
        EntraTokenValidator, EntraTokenValidatorBuilder, Jwks, JwksError, JwksProvider, SigningKey,
        system_time, unix_seconds,
    },
};

/// The id of both keys.
const KID: &str = "test";

/// The issuer's key. All issuers of a process share it, because its generation takes time.
static KEY: LazyLock<Option<KeyPair>> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).ok());

/// Another key with the same id.
static FORGED: LazyLock<Option<KeyPair>> =
    LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).ok());

/// An Entra-like issuer of one tenant, in this process.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use easyauth::testing::TestIssuer;
///
/// let issuer = TestIssuer;
/// let validator = issuer.validator().allow_client(TestIssuer::CLIENT).build().unwrap();
/// let token = issuer.token(&issuer.application(&["Reports.Read"]));
/// assert!(validator.validate(&token).await.unwrap().has_role("Reports.Read"));
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TestIssuer;

impl TestIssuer {
    /// The tenant.
    pub const TENANT: &str = "7e000000-0000-4000-8000-000000000001";
    /// A tenant whose callers are not allowed.
    pub const FOREIGN_TENANT: &str = "7e000000-0000-4000-8000-000000000002";
    /// The app registration of the service.
    pub const API: &str = "a0000000-0000-4000-8000-000000000001";
    /// The app registration of another service.
    pub const OTHER_API: &str = "a0000000-0000-4000-8000-000000000002";
    /// The client application that is allowed.
    pub const CLIENT: &str = "c0000000-0000-4000-8000-000000000001";
    /// A client application that is not allowed.
    pub const UNLISTED_CLIENT: &str = "c0000000-0000-4000-8000-000000000002";
    /// The object id of the caller.
    pub const OBJECT_ID: &str = "0b000000-0000-4000-8000-000000000001";

    /// A validator for tokens of this issuer. It allows no client application yet, as in production.
    pub fn validator(self) -> EntraTokenValidatorBuilder {
        EntraTokenValidator::builder(Self::TENANT, Self::API).jwks_provider(Arc::new(self))
    }

    /// A principal for a test without HTTP: an application with these app roles.
    pub fn application_principal(self, roles: &[&str]) -> Principal {
        principal(PrincipalKind::Application).with_roles(roles.iter().copied())
    }

    /// A principal for a test without HTTP: a user with these scopes, through a client application.
    pub fn user_principal(self, scopes: &[&str]) -> Principal {
        principal(PrincipalKind::User).with_scopes(scopes.iter().copied())
    }

    /// The claims of an application's version 2.0 token with these app roles, valid for an hour.
    #[must_use]
    pub fn application(self, roles: &[&str]) -> Value {
        claims(&json!({ "idtyp": "app", "sub": Self::OBJECT_ID, "roles": roles }))
    }

    /// The claims of a user's version 2.0 token with these scopes, valid for an hour.
    #[must_use]
    pub fn user(self, scopes: &[&str]) -> Value {
        claims(&json!({ "sub": "pairwise", "scp": scopes.join(" "), "name": "Ada Sample" }))
    }

    /// The token with these claims. Without a random number generator it is empty, and so invalid.
    #[must_use]
    pub fn token(self, claims: &Value) -> String {
        sign(KEY.as_ref(), claims)
    }

    /// The token with these claims, signed with a key that the issuer does not publish.
    #[must_use]
    pub fn forged_token(self, claims: &Value) -> String {
        sign(FORGED.as_ref(), claims)
    }

    /// The client principal header that the platform writes for a token with these claims.
    #[must_use]
    pub fn client_principal(self, claims: &Value) -> String {
        let members = claims.as_object().into_iter().flatten();
        let claims: Vec<Value> = members
            .flat_map(|(typ, value)| texts(value).into_iter().map(move |val| (typ, val)))
            .map(|(typ, val)| json!({ "typ": typ, "val": val }))
            .collect();
        let document = json!({
            "auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles",
        });
        STANDARD.encode(document.to_string())
    }
}

/// The issuer's keys are for all tenants, so that a validator alone decides about the tenant.
#[async_trait]
impl JwksProvider for TestIssuer {
    async fn fetch(&self) -> Result<Jwks, JwksError> {
        let key = KEY.as_ref().ok_or_else(|| JwksError::new("no random numbers"))?;
        let public = PublicKeyComponents::<Vec<u8>>::from(key.public_key());
        let [n, e] = [public.n, public.e].map(|number| URL_SAFE_NO_PAD.encode(number));
        Ok(Jwks::new(issuer("{tenantid}"), vec![SigningKey::new(KID, &n, &e)?]))
    }
}

fn issuer(tenant: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant}/v2.0")
}

fn principal(kind: PrincipalKind) -> Principal {
    Principal::new(kind, TestIssuer::OBJECT_ID)
        .with_tenant_id(TestIssuer::TENANT)
        .with_client_id(TestIssuer::CLIENT)
}

fn claims(of_kind: &Value) -> Value {
    let now = unix_seconds(system_time());
    let common = json!({
        "iss": issuer(TestIssuer::TENANT), "ver": "2.0", "aud": TestIssuer::API,
        "tid": TestIssuer::TENANT, "azp": TestIssuer::CLIENT, "oid": TestIssuer::OBJECT_ID,
        "iat": now - 60, "nbf": now - 60, "exp": now + 3600,
    });
    with(&common, of_kind)
}

/// The claims with these changes.
pub(super) fn with(claims: &Value, changes: &Value) -> Value {
    let [claims, changes] = [claims, changes].map(|it| it.as_object().into_iter().flatten());
    let members: BTreeMap<_, _> = claims.chain(changes).collect();
    json!(members)
}

/// The claims of the same caller in another tenant.
pub(super) fn of_foreign_tenant(claims: &Value) -> Value {
    let tenant = TestIssuer::FOREIGN_TENANT;
    with(claims, &json!({ "tid": tenant, "iss": issuer(tenant) }))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}

fn sign(key: Option<&KeyPair>, claims: &Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": KID });
    let message = unsigned(&header, claims);
    let signature = key.and_then(|key| {
        let mut signature = vec![0; key.public_modulus_len()];
        let random = SystemRandom::new();
        key.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).ok()?;
        Some(URL_SAFE_NO_PAD.encode(signature))
    });
    signature.map(|signature| format!("{message}.{signature}")).unwrap_or_default()
}

/// Header and claims without a signature.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}")
}
