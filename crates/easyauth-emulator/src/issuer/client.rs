//! Which client asks for a token, and how it proves it: a secret, a signed assertion, or another issuer's word.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{agent_exchange, error::TokenError, form::Parameters};
use crate::{Application, Cloud};

/// The only type of assertion (RFC 7523).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Seconds by which the clock of a client may be off.
const LEEWAY: i64 = 60;

/// The client, and whether it proved to be it.
pub(super) struct Client {
    pub(super) id: Uuid,
    /// Its registration; of an agent identity that of its blueprint.
    pub(super) application: Application,
    /// The object id of an agent identity.
    pub(super) agent_id: Option<Uuid>,
    pub(super) is_confidential: bool,
}

/// Finds the client and checks its proof, if it brings one.
pub(super) fn authenticate(
    cloud: &Cloud,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<Client, TokenError> {
    let owned = |name: &str| form.get(name).map(str::to_owned);
    let (id, secret) = match basic(headers) {
        Some((id, secret)) => (Some(id), Some(secret).filter(|secret| !secret.is_empty())),
        None => (owned("client_id"), owned("client_secret")),
    };
    let assertion = form.get("client_assertion");
    if assertion.is_some() && form.get("client_assertion_type") != Some(JWT_BEARER) {
        return Err(TokenError::Missing("client_assertion_type"));
    }
    let id = id.or_else(|| subject(assertion?)).ok_or(TokenError::Missing("client_id"))?;
    let id = id.parse::<Uuid>().map_err(|_| TokenError::Client)?;
    let registered = cloud.directory().application(id).cloned();
    let Some(application) = registered else {
        return agent(cloud, id, secret.is_some(), assertion);
    };
    let is_public = application.other.get("isFallbackPublicClient") == Some(&Value::Bool(true));
    if is_public && (secret.is_some() || assertion.is_some()) {
        return Err(TokenError::PublicClient);
    }
    let is_confidential = match (secret, assertion) {
        (None, None) => false,
        (Some(secret), _) => {
            check_secret(cloud, &application, &secret)?;
            true
        }
        (None, Some(assertion)) => {
            check_assertion(cloud, &application, assertion)?;
            true
        }
    };
    Ok(Client { id, application, agent_id: None, is_confidential })
}

/// An agent identity: its assertion is a token of its blueprint's, and it has no secrets.
fn agent(
    cloud: &Cloud,
    id: Uuid,
    has_secret: bool,
    assertion: Option<&str>,
) -> Result<Client, TokenError> {
    let (agent, blueprint) = {
        let directory = cloud.directory();
        let agent = directory.service_principal(id).filter(|it| it.is_agent_identity());
        let blueprint = agent.and_then(|it| directory.blueprint(it));
        agent.cloned().zip(blueprint.cloned()).ok_or(TokenError::Client)?
    };
    if has_secret {
        return Err(TokenError::Secret);
    }
    let assertion = assertion.ok_or(TokenError::NoCredential)?;
    agent_exchange::check_assertion(cloud, id, blueprint.app_id, assertion)?;
    if agent.is_disabled() {
        return Err(TokenError::Disabled);
    }
    let agent_id = Some(agent.id);
    Ok(Client { id, application: blueprint, agent_id, is_confidential: true })
}

fn check_secret(cloud: &Cloud, application: &Application, secret: &str) -> Result<(), TokenError> {
    if !application.secrets.iter().any(|known| known == secret) {
        return Err(TokenError::Secret);
    }
    if application.secret_expired(secret, cloud.now()) {
        return Err(TokenError::ExpiredSecret);
    }
    Ok(())
}

/// `client_secret_basic` (RFC 6749, section 2.3.1): both halves are form-encoded.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let pair = String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ")?).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decode = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    Some((decode(id)?, decode(secret)?))
}

/// An assertion signed by one of the client's own keys (RFC 7523), or a federated one.
fn check_assertion(
    cloud: &Cloud,
    application: &Application,
    assertion: &str,
) -> Result<(), TokenError> {
    let issuer = unverified(assertion).and_then(|claims| text(&claims, "iss").map(str::to_owned));
    let issuer = issuer.ok_or(TokenError::Assertion)?;
    if issuer == application.app_id.to_string() {
        return check_own(cloud, application, assertion);
    }
    let claims = federated_claims(cloud, &issuer, assertion).ok_or(TokenError::Assertion)?;
    let matches = application.federated_credentials.iter().any(|credential| {
        Some(credential.issuer.as_str()) == text(&claims, "iss")
            && Some(credential.subject.as_str()) == text(&claims, "sub")
            && credential
                .audiences
                .iter()
                .any(|audience| Some(audience.as_str()) == text(&claims, "aud"))
    });
    matches.then_some(()).ok_or(TokenError::Federation)
}

/// An assertion of the client's own. MSAL.NET's header has an `x5c` that is a string, so that no library reads it.
fn check_own(cloud: &Cloud, application: &Application, assertion: &str) -> Result<(), TokenError> {
    let base = format!("{}/{}", cloud.origin(), cloud.tenant_id());
    let audiences = [
        format!("{base}/oauth2/v2.0/token"),
        format!("{base}/oauth2/token"),
        format!("{base}/v2.0"),
    ];
    let claims = unverified(assertion).ok_or(TokenError::Assertion)?;
    let is_for_us = text(&claims, "aud").is_some_and(|it| audiences.iter().any(|own| own == it));
    let subject = text(&claims, "sub").and_then(|it| it.parse().ok());
    let is_its_own = subject == Some(application.app_id);
    let certificates = application.valid_certificates(cloud.now());
    let mut keys = application.certificates.iter().cloned().chain(certificates);
    let is_good = is_for_us
        && is_its_own
        && is_current(&claims, cloud.now().timestamp())
        && keys.any(|pem| is_signed_by(&pem, assertion) == Some(true));
    is_good.then_some(()).ok_or(TokenError::Assertion)
}

/// Whether the key of a public key in PEM has signed a token.
fn is_signed_by(pem: &str, token: &str) -> Option<bool> {
    let (message, signature) = token.rsplit_once('.')?;
    let header = URL_SAFE_NO_PAD.decode(message.split('.').next()?).ok()?;
    let header: Map<String, Value> = serde_json::from_slice(&header).ok()?;
    let algorithm = match text(&header, "alg")? {
        "RS256" => Algorithm::RS256,
        "PS256" => Algorithm::PS256,
        _ => return None,
    };
    let key = DecodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
    jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm).ok()
}

/// Whether an assertion is valid now. MSAL.NET writes times as strings, MSAL for Python with fractions of seconds.
fn is_current(claims: &Map<String, Value>, now: i64) -> bool {
    let time = |name: &str| {
        let value = claims.get(name)?;
        let number = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        number.split('.').next()?.parse::<i64>().ok()
    };
    time("exp").is_some_and(|end| now < end + LEEWAY)
        && time("nbf").is_none_or(|start| start <= now + LEEWAY)
}

/// The claims of a good token of this issuer's own, or of one elsewhere whose key was set.
fn federated_claims(cloud: &Cloud, issuer: &str, assertion: &str) -> Option<Map<String, Value>> {
    if issuer == cloud.v2_issuer() {
        return cloud.verify(assertion);
    }
    let foreign = &cloud.options().issuer.foreign_issuers;
    let (_, pem) = foreign.iter().find(|(name, _)| name == issuer)?;
    let key = DecodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_aud = false;
    Some(jsonwebtoken::decode(assertion, &key, &rules).ok()?.claims)
}

fn subject(assertion: &str) -> Option<String> {
    unverified(assertion).and_then(|claims| text(&claims, "sub").map(str::to_owned))
}

fn unverified(token: &str) -> Option<Map<String, Value>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}
