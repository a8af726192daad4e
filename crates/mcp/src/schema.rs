//! JSON schemas that every client takes: flat, one type each, no `$ref`, no `anyOf`, no null.
//!
//! Foundry refuses `anyOf`, `allOf` and lists of types; Copilot Studio drops a tool with `$ref` and reads no integer
//! `exclusiveMinimum`. Inputs are written with the few functions here, so they cannot hold such things; outputs are
//! generated and then flattened.

use std::sync::Arc;

use rmcp::model::JsonObject;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

/// An object with these properties, some of which are required; no others are taken.
pub(crate) fn object<const N: usize>(
    properties: [(&str, Value); N],
    required: &[&str],
) -> JsonObject {
    let properties: JsonObject =
        properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let mut object = JsonObject::new();
    object.insert("type".to_owned(), "object".into());
    object.insert("properties".to_owned(), properties.into());
    object.insert("required".to_owned(), json!(required));
    object.insert("additionalProperties".to_owned(), false.into());
    object
}

/// A text of 1 to `max_chars` characters.
pub(crate) fn text(description: &str, max_chars: usize) -> Value {
    json!({"type": "string", "description": description, "minLength": 1, "maxLength": max_chars})
}

/// A whole number in a range.
pub(crate) fn integer(description: &str, minimum: i64, maximum: i64) -> Value {
    json!({"type": "integer", "description": description, "minimum": minimum, "maximum": maximum})
}

/// An id: a positive whole number.
pub(crate) fn id(description: &str) -> Value {
    json!({"type": "integer", "description": description, "minimum": 1})
}

/// One of a few words.
pub(crate) fn choice<const N: usize>(description: &str, words: [&str; N]) -> Value {
    json!({"type": "string", "description": description, "enum": words.to_vec()})
}

/// An output's schema, generated from its type and flattened.
pub(crate) fn output<T: JsonSchema>() -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = Value::from(schema);
    flatten(&mut schema);
    match schema {
        Value::Object(object) => Arc::new(object),
        _ => Arc::default(),
    }
}

/// Drops what clients stumble over: names of Rust types, numeric formats, null as an alternative.
fn flatten(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("title");
            object.remove("format");
            if let Some(Value::Array(types)) = object.get("type") {
                let only = types.iter().find(|kind| *kind != "null").cloned();
                object.insert("type".to_owned(), only.unwrap_or_default());
            }
            object.values_mut().for_each(flatten);
        }
        Value::Array(items) => items.iter_mut().for_each(flatten),
        _ => {}
    }
}
