//! The secrets and certificates of an application, as Graph keeps them: `passwordCredentials` and `keyCredentials`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _},
    time::Time,
};

use super::Application;
use crate::keys::public_key_pem;

/// What Graph shows of secrets and of certificates.
pub(crate) const PASSWORDS: &str = "passwordCredentials";
pub(crate) const KEYS: &str = "keyCredentials";

impl Application {
    /// Whether a secret is known to have expired.
    pub(crate) fn secret_expired(&self, secret: &str, now: DateTime<Utc>) -> bool {
        let id = secret_id(secret).to_string();
        let mut shown = list(self, PASSWORDS);
        shown.any(|shown| shown["keyId"] == id.as_str() && !is_valid(shown, now))
    }

    /// The public keys, in PEM, of the certificates that were registered and are valid.
    pub(crate) fn valid_certificates(&self, now: DateTime<Utc>) -> Vec<String> {
        let valid = list(self, KEYS).filter(|shown| is_valid(shown, now));
        valid.filter_map(|shown| public_key(shown["key"].as_str()?)).collect()
    }
}

fn list<'a>(application: &'a Application, name: &str) -> impl Iterator<Item = &'a Value> {
    application.other.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Whether a credential's time has come and has not passed; it is unlimited where it is not set.
fn is_valid(credential: &Value, now: DateTime<Utc>) -> bool {
    let time = |name: &str| DateTime::parse_from_rfc3339(credential[name].as_str()?).ok();
    time("startDateTime").is_none_or(|start| start <= now)
        && time("endDateTime").is_none_or(|end| now < end)
}

/// A secret's id is made from it, so that it need not be kept beside it.
pub(crate) fn secret_id(secret: &str) -> Uuid {
    let digest = Sha256::digest(secret);
    Uuid::from_slice(&digest[..16]).unwrap_or_default()
}

/// The public key in PEM of a certificate (X.509) in base64; `None` where the text is not a certificate.
pub(crate) fn public_key(certificate: &str) -> Option<String> {
    let key = read(certificate)?.tbs_certificate.subject_public_key_info.to_der().ok()?;
    Some(public_key_pem(&key))
}

/// When a certificate in base64 begins and ceases to be valid.
pub(crate) fn validity(certificate: &str) -> Option<[DateTime<Utc>; 2]> {
    let validity = read(certificate)?.tbs_certificate.validity;
    let time = |time: Time| {
        let seconds = time.to_unix_duration().as_secs();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)
    };
    Some([time(validity.not_before)?, time(validity.not_after)?])
}

fn read(certificate: &str) -> Option<Certificate> {
    // The Azure CLI leaves the line ends of the PEM in it.
    let base64: String = certificate.split_whitespace().collect();
    Certificate::from_der(&STANDARD.decode(base64).ok()?).ok()
}
