//! Strict JSON objects.

use serde::Deserialize;

/// Reads a JSON object. Serde would also read a struct from an array, whose items have no names.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    let is_object = json.trim_start().starts_with('{');
    is_object.then(|| serde_json::from_str(json).ok()).flatten()
}
