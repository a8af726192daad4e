//! Placeholders in the texts of a profile: `{text}`, `{id}`, `{parent}`, and the fields of an item.

use serde_json::{Map, Value};

/// The values of placeholders, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(Map<String, Value>);

impl Values {
    /// Sets a value.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The values with the fields of an item, of which none replaces a value.
    pub(crate) fn and(mut self, item: Option<&Value>) -> Self {
        for (name, value) in item.and_then(Value::as_object).into_iter().flatten() {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// The value of `text`; empty where there is none.
    pub(crate) fn text(&self) -> String {
        self.0.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The fields of an item; nothing where it is no object.
    pub(crate) fn of(item: &Value) -> Self {
        Self(item.as_object().cloned().unwrap_or_default())
    }

    /// A value in which every known placeholder has its value. A text that is a placeholder and nothing else becomes the
    /// value itself, also where that is no text.
    pub(crate) fn fill(&self, template: &Value) -> Value {
        match template {
            Value::String(text) => self.fill_text(text),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(members) => Value::Object(self.fill_all(members)),
            other => other.clone(),
        }
    }

    /// The same for the members of an object.
    pub(crate) fn fill_all(&self, members: &Map<String, Value>) -> Map<String, Value> {
        members.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect()
    }

    fn fill_text(&self, text: &str) -> Value {
        let whole = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        if let Some(value) = whole.and_then(|name| self.0.get(name)) {
            return value.clone();
        }
        // In one pass, so that a value that looks like a placeholder stays what it is.
        let (mut filled, mut rest) = (String::new(), text);
        while let Some(at) = rest.find('{') {
            let (before, after) = rest.split_at(at);
            filled.push_str(before);
            let named = after[1..].split_once('}');
            match named.and_then(|(name, left)| Some((self.0.get(name)?, left))) {
                Some((Value::String(value), left)) => {
                    filled.push_str(value);
                    rest = left;
                }
                Some((value, left)) => {
                    filled.push_str(&value.to_string());
                    rest = left;
                }
                None => {
                    filled.push('{');
                    rest = &after[1..];
                }
            }
        }
        filled.push_str(rest);
        Value::String(filled)
    }
}

/// Whether a placeholder of this name is in a template.
pub(super) fn names(template: &Value, name: &str) -> bool {
    match template {
        Value::String(text) => text.contains(&format!("{{{name}}}")),
        Value::Array(items) => items.iter().any(|item| names(item, name)),
        Value::Object(members) => members.values().any(|value| names(value, name)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Values, names};

    #[test]
    fn placeholders_have_their_values_and_types() {
        let values = Values::of(&json!({"id": 7})).with("text", "{id} {x}");
        for (template, filled) in [
            (json!("{id}"), json!(7)),
            (json!("no {id}: {text}"), json!("no 7: {id} {x}")),
            (json!(["{text}", {"a": "{other}"}, 3]), json!(["{id} {x}", {"a": "{other}"}, 3])),
            (json!("{ {id} {"), json!("{ 7 {")),
        ] {
            assert_eq!(values.fill(&template), filled);
        }
        assert!(names(&json!({"a": ["x {id}"]}), "id"));
        assert!(!names(&json!({"id": "id"}), "id"));
    }
}
