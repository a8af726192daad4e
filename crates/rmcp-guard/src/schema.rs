//! Schemas in the plain subset of JSON Schema that every client takes: no `$ref`, no null, no numeric `format`.

use rmcp::model::JsonObject;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The nesting at which a schema is cut off: deeper values are not described.
const MAX_DEPTH: usize = 24;

/// Keywords that hold one schema.
const SCHEMA: [&str; 10] = [
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords that hold a list of schemas.
const SCHEMAS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords that hold schemas by name.
const NAMED_SCHEMAS: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];
/// Keywords that say what an object may hold besides its `properties`.
const OPENING: [&str; 9] = [
    "additionalProperties",
    "unevaluatedProperties",
    "patternProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "dependentSchemas",
    "not",
];

/// The schema of what a tool returns: no `$ref`, no `$schema`, no null, no numeric `format`.
#[must_use]
pub fn output_schema<T: JsonSchema>() -> JsonObject {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    schema.as_object().map(|schema| flatten(schema, Use::Output)).unwrap_or_default()
}

/// What a flat schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Shown to clients as the schema of a tool's arguments.
    Input,
    /// Arguments are checked against it: as [`Use::Input`], with the limits of 64-bit integers written out. Clients are not shown
    /// these, since many cannot hold them.
    Check,
    /// Shown to clients as the schema of a tool's result.
    Output,
}

/// Writes a schema in the plain subset. A value that may be null may be absent instead; it is never null. An object of known
/// properties takes no others, unless the schema says so, where it describes arguments.
pub(crate) fn flatten(schema: &JsonObject, purpose: Use) -> JsonObject {
    let mut path = Vec::new();
    let mut flattener = Flattener { root: schema, purpose, path: &mut path };
    let mut flat = flattener.object(schema);
    if schema.get("type").is_some_and(|kind| kind == "object") {
        // Clients expect the keyword at the root, even where a combination below it is the whole schema.
        flat.insert("type".to_owned(), "object".into());
    }
    flat
}

struct Flattener<'a> {
    root: &'a JsonObject,
    purpose: Use,
    /// The references that are being followed, and a blank for each level besides.
    path: &'a mut Vec<String>,
}

impl Flattener<'_> {
    fn value(&mut self, schema: &Value) -> Value {
        let Some(schema) = schema.as_object() else { return schema.clone() };
        if self.path.len() >= MAX_DEPTH {
            return json!({});
        }
        self.path.push(String::new());
        let flat = self.object(schema);
        self.path.pop();
        Value::Object(flat)
    }

    fn object(&mut self, schema: &JsonObject) -> JsonObject {
        let mut schema = schema.clone();
        for keyword in ["$schema", "$id", "$defs", "definitions", "title", "$comment"] {
            // A schema's title is a text; a property of that name is not at this level.
            schema.remove(keyword);
        }
        if let Some(Value::String(reference)) = schema.remove("$ref") {
            return self.resolved(&reference, &schema);
        }
        let nullable = self.nullable_properties(&schema);
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|name| !nullable.iter().any(|nullable| name == nullable));
        }
        self.children(&mut schema);
        without_null(&mut schema);
        self.without_numeric_format(&mut schema);
        choices(&mut schema);
        let is_closed = self.purpose == Use::Output
            || !schema.contains_key("properties")
            || OPENING.iter().any(|keyword| schema.contains_key(*keyword));
        if !is_closed {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
        schema
    }

    /// The referenced schema in place of the reference, with what stands beside that.
    fn resolved(&mut self, reference: &str, beside: &JsonObject) -> JsonObject {
        let target = reference.strip_prefix('#').and_then(|pointer| lookup(self.root, pointer));
        let target = target.filter(|_| self.path.len() < MAX_DEPTH).cloned();
        let is_recursive =
            reference == "#" || self.path.iter().any(|followed| followed == reference);
        let mut flat = match target {
            Some(target) if is_recursive => {
                // A schema without references cannot go on for ever.
                target
                    .get("type")
                    .map(|kind| [("type".to_owned(), kind.clone())].into_iter().collect())
            }
            Some(target) => {
                self.path.push(reference.to_owned());
                let flat = self.object(&target);
                self.path.pop();
                Some(flat)
            }
            None => None,
        }
        .unwrap_or_default();
        let beside = self.object(beside);
        flat.extend(beside);
        flat
    }

    fn children(&mut self, schema: &mut JsonObject) {
        for keyword in SCHEMA {
            if let Some(child) = schema.get_mut(keyword) {
                *child = self.value(child);
            }
        }
        for keyword in SCHEMAS {
            if let Some(Value::Array(children)) = schema.get_mut(keyword) {
                for child in children {
                    *child = self.value(child);
                }
            }
        }
        for keyword in NAMED_SCHEMAS {
            if let Some(Value::Object(children)) = schema.get_mut(keyword) {
                for child in children.values_mut() {
                    *child = self.value(child);
                }
            }
        }
    }

    /// The properties that may be null, and so may be left out.
    fn nullable_properties(&self, schema: &JsonObject) -> Vec<String> {
        let properties = schema.get("properties").and_then(Value::as_object);
        let nullable = |(name, schema): (&String, &Value)| {
            self.is_nullable(schema, MAX_DEPTH).then(|| name.clone())
        };
        properties.into_iter().flatten().filter_map(nullable).collect()
    }

    fn is_nullable(&self, schema: &Value, depth: usize) -> bool {
        if depth == 0 {
            return false;
        }
        let reference = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        if let Some(target) = reference.and_then(|pointer| lookup(self.root, pointer)) {
            return self.is_nullable(&Value::Object(target.clone()), depth - 1);
        }
        let alternatives =
            ["anyOf", "oneOf"].iter().filter_map(|keyword| schema[*keyword].as_array());
        let kinds = schema["type"].as_array();
        is_null(schema)
            || kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
            || alternatives.flatten().any(|schema| self.is_nullable(schema, depth - 1))
    }

    /// Replaces the format of a number by limits.
    fn without_numeric_format(&self, schema: &mut JsonObject) {
        let is_text = schema.get("type").is_none_or(|kind| kind == "string");
        if is_text {
            return;
        }
        let Some(Value::String(format)) = schema.remove("format") else { return };
        let (min, max): (Value, Value) = match format.as_str() {
            "int8" => (i8::MIN.into(), i8::MAX.into()),
            "int16" => (i16::MIN.into(), i16::MAX.into()),
            "int32" => (i32::MIN.into(), i32::MAX.into()),
            "uint8" => (0.into(), u8::MAX.into()),
            "uint16" => (0.into(), u16::MAX.into()),
            "uint32" => (0.into(), u32::MAX.into()),
            "int64" | "int" if self.purpose == Use::Check => (i64::MIN.into(), i64::MAX.into()),
            "uint64" | "uint" if self.purpose == Use::Check => (0.into(), u64::MAX.into()),
            _ => return,
        };
        if self.purpose != Use::Output {
            schema.entry("minimum").or_insert(min);
            schema.entry("maximum").or_insert(max);
        }
    }
}

fn lookup<'a>(root: &'a JsonObject, pointer: &str) -> Option<&'a JsonObject> {
    let mut steps =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let Some(first) = steps.next() else { return Some(root) };
    let first = root.get(&first)?;
    steps.try_fold(first, |schema, step| schema.get(step))?.as_object()
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null" || schema.get("const").is_some_and(Value::is_null)
}

/// Removes null from the types, the alternatives and the choices.
fn without_null(schema: &mut JsonObject) {
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    schema.retain(|keyword, value| keyword != "default" || !value.is_null());
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let Some(Value::Array(alternatives)) = schema.get_mut(keyword) else { continue };
        if keyword != "allOf" {
            alternatives.retain(|alternative| !is_null(alternative));
        }
        if let [Value::Object(only)] = alternatives.as_slice() {
            let only = only.clone();
            schema.remove(keyword);
            for (keyword, value) in only {
                schema.entry(keyword).or_insert(value);
            }
        }
    }
}

/// Writes alternatives that are single texts as a list of choices.
fn choices(schema: &mut Map<String, Value>) {
    for keyword in ["anyOf", "oneOf"] {
        let Some(Value::Array(alternatives)) = schema.get(keyword) else { continue };
        let words = |alternative: &Value| match (&alternative["const"], &alternative["enum"]) {
            (Value::String(word), _) => Some(vec![word.clone()]),
            (_, Value::Array(words)) => {
                words.iter().map(|word| word.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        };
        let words: Option<Vec<_>> = alternatives.iter().map(words).collect();
        if let Some(words) = words.filter(|words| !words.is_empty()) {
            schema.remove(keyword);
            schema.insert("type".to_owned(), "string".into());
            schema.insert("enum".to_owned(), words.concat().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(schema: &Value, purpose: Use) -> Value {
        Value::Object(flatten(schema.as_object().unwrap(), purpose))
    }

    #[test]
    fn references_null_and_numeric_formats_are_gone() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "T", "type": "object",
            "required": ["title", "year"],
            "properties": {
                "title": {"type": "string", "maxLength": 5},
                "year": {"type": ["integer", "null"], "format": "uint16", "default": null},
                "genre": {"anyOf": [{"$ref": "#/$defs/Genre"}, {"type": "null"}], "description": "D"},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
            },
            "$defs": {
                "Genre": {"oneOf": [{"const": "crime", "type": "string"}, {"const": "verse", "type": "string"}]},
                "Part": {"type": "object", "properties": {"sub": {"$ref": "#/$defs/Part"}}},
            },
        });
        let expected = json!({
            "type": "object", "required": ["title"], "additionalProperties": false,
            "properties": {
                "title": {"type": "string", "maxLength": 5},
                "year": {"type": "integer", "minimum": 0, "maximum": 65535},
                "genre": {"type": "string", "enum": ["crime", "verse"], "description": "D"},
                "parts": {"type": "array", "items": {
                    "type": "object", "properties": {"sub": {"type": "object"}},
                    "additionalProperties": false,
                }},
            },
        });
        assert_eq!(flat(&schema, Use::Input), expected);
        assert_eq!(flat(&expected, Use::Input), expected, "a flat schema stays as it is");
    }

    #[test]
    fn limits_of_64_bits_are_checked_and_not_shown() {
        let schema = json!({"type": "integer", "format": "int64"});
        assert_eq!(flat(&schema, Use::Input), json!({"type": "integer"}));
        let checked = json!({"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX});
        assert_eq!(flat(&schema, Use::Check), checked);
        let open = json!({"type": "object", "properties": {"a": {}}});
        assert_eq!(flat(&open, Use::Output), open, "a result may grow");
    }

    #[test]
    fn hostile_depth_ends() {
        let mut schema = json!({"$ref": "#/$defs/A"});
        schema["$defs"] = json!({"A": {"allOf": [{"$ref": "#/$defs/B"}, {"$ref": "#/$defs/B"}]},
            "B": {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A"}]}});
        flat(&schema, Use::Input);
        assert_eq!(flat(&json!({"$ref": "#/nowhere"}), Use::Input), json!({}));
        assert_eq!(flat(&json!({"$ref": "https://x.test/"}), Use::Input), json!({}));
    }
}
