//! Output schemas, in the plain subset of JSON Schema that every client takes.

use rmcp::model::JsonObject;
use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde_json::Value;

/// The schema of what a tool returns: no `$ref`, no `$schema`, no null, no numeric `format`.
#[must_use]
pub fn output_schema<T: JsonSchema>() -> JsonObject {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(flatten).transform(&mut schema);
    schema.to_value().as_object().cloned().unwrap_or_default()
}

/// Brings a single schema into the plain subset. A field that may be absent is absent from `required`; it is never null.
fn flatten(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    schema.remove("title");
    if schema.get("type").is_some_and(|kind| kind != "string") {
        schema.remove("format");
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
}
