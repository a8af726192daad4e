//! The sessions of people who signed in, and the cookie that names one.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use http::{HeaderMap, HeaderName, HeaderValue, header::COOKIE};
use serde_json::{Map, Value};

/// The cookie's name.
pub(super) const COOKIE_NAME: &str = "AppServiceAuthSession";

/// The sessions by the value of their cookie, and the pending sign-ins by the state that the issuer sends back.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    pub(super) sessions: Mutex<HashMap<String, Session>>,
    pub(super) logins: Mutex<HashMap<String, Login>>,
}

/// The session of a person.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// The ID token's claims.
    pub(super) claims: Map<String, Value>,
    pub(super) id_token: String,
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) expires: i64,
}

/// A pending sign-in.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) then: String,
}

impl Sessions {
    /// The session that a request's cookie names.
    pub(super) fn find(&self, headers: &HeaderMap) -> Option<Session> {
        lock(&self.sessions).get(cookie(headers)?).cloned()
    }
}

impl Session {
    /// Tells the app the tokens (the token store).
    pub(super) fn inject(&self, headers: &mut HeaderMap) {
        let lines = [
            ("x-ms-token-aad-id-token", self.id_token.clone()),
            ("x-ms-token-aad-access-token", self.access_token.clone()),
            ("x-ms-token-aad-expires-on", self.expires.to_string()),
        ];
        for (name, value) in lines {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// The words in the cookie.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, words)| words)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
