//! `keyCredentials`: the certificates whose keys sign an application's assertions.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::RESOURCE;
use crate::{
    Application,
    directory::credential::{KEYS, public_key, validity},
    graph::{body::check_names, error::GraphError},
};

const KNOWN: &[&str] = &[
    "customKeyIdentifier",
    "displayName",
    "endDateTime",
    "key",
    "keyId",
    "startDateTime",
    "type",
    "usage",
];

/// Completes the certificates of an application that is to be stored: one without a key keeps the key of its id, and one
/// without an id gets one.
pub(super) fn complete(
    old: &Application,
    object: &mut Map<String, Value>,
) -> Result<(), GraphError> {
    let invalid = || GraphError::invalid_value(KEYS, RESOURCE);
    let credentials = match object.get_mut(KEYS) {
        None | Some(Value::Null) => return Ok(()),
        Some(credentials) => credentials.as_array_mut().ok_or_else(invalid)?,
    };
    for credential in credentials {
        let credential = credential.as_object_mut().ok_or_else(invalid)?;
        check_names(credential, KNOWN, "KeyCredential")?;
        let is = |name: &str, value: &str| credential.get(name) == Some(&json!(value));
        if !is("type", "AsymmetricX509Cert") || !is("usage", "Verify") {
            let message = "This emulator implements key credentials of the type 'AsymmetricX509Cert' and the usage 'Verify'.";
            return Err(GraphError::bad_request(message));
        }
        let key_id = credential.get("keyId").cloned().unwrap_or_default();
        if key_id.is_null() {
            credential.insert("keyId".to_owned(), json!(Uuid::new_v4()));
        }
        let key = credential.get("key").cloned().unwrap_or_default();
        let key = if key.is_null() { stored(old, &key_id) } else { key };
        if key.is_null() {
            return Err(GraphError::value_required("key", "KeyCredential"));
        }
        let text = key.as_str().ok_or_else(invalid)?;
        public_key(text).ok_or_else(invalid)?;
        let times = validity(text).ok_or_else(invalid)?;
        for (name, time) in ["startDateTime", "endDateTime"].into_iter().zip(times) {
            let own = credential.entry(name).or_insert(Value::Null);
            if own.is_null() {
                *own = json!(time.format("%Y-%m-%dT%H:%M:%SZ").to_string());
            }
        }
        credential.insert("key".to_owned(), key);
    }
    Ok(())
}

/// Hides the certificates themselves, as Graph does.
pub(super) fn hide(object: &mut Value) {
    let credentials = object.get_mut(KEYS).and_then(Value::as_array_mut).into_iter().flatten();
    for credential in credentials {
        credential["key"] = Value::Null;
    }
}

fn stored(old: &Application, key_id: &Value) -> Value {
    let credentials = old.other.get(KEYS).and_then(Value::as_array).into_iter().flatten();
    let found = credentials.filter(|_| !key_id.is_null()).find(|found| found["keyId"] == *key_id);
    found.map(|found| found["key"].clone()).unwrap_or_default()
}
