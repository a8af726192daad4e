//! The check of a tool's arguments against its own input schema, with errors that a model can act on.

use std::collections::BTreeSet;

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use rmcp::model::JsonObject;
use serde_json::Value;

use crate::{
    quoted::quoted,
    report::{FieldError, describe},
    schema::{Use, flatten},
};

/// The maximum number of errors in one report: more would make the response larger than the request.
const MAX_ERRORS: usize = 20;
/// The number of characters of a name that an error repeats.
const MAX_NAME_CHARS: usize = 60;
/// The number of known names that an error lists.
const MAX_KNOWN: usize = 20;
/// The maximum size of a schema that an error repeats, in bytes.
const MAX_LIMIT_BYTES: usize = 1000;
/// From this similarity on, 0 to 1, an unknown name is taken for a known one that was misspelt.
const SIMILAR: f64 = 0.8;

/// The arguments of one tool: the schema that clients see, and the check. Made once for each tool.
pub(crate) struct Arguments {
    schema: JsonObject,
    validator: Validator,
}

impl Arguments {
    /// Compiles a tool's input schema.
    ///
    /// # Errors
    /// It is not a JSON Schema.
    pub(crate) fn new(schema: &JsonObject) -> Result<Self, String> {
        let checked = Value::Object(flatten(schema, Use::Check));
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&checked).map_err(|error| error.to_string())?;
        Ok(Self { schema: flatten(schema, Use::Input), validator })
    }

    /// Checks arguments, and brings them into the form that the schema describes: an optional argument that is null is left out,
    /// since some clients send null for it, and a whole number is written without a fraction.
    ///
    /// # Errors
    /// With every fault, up to a limit.
    pub(crate) fn read(
        &self,
        arguments: Option<JsonObject>,
    ) -> Result<JsonObject, Vec<FieldError>> {
        let mut arguments = Value::Object(arguments.unwrap_or_default());
        fit(&self.schema, &mut arguments);
        let errors = self.validator.iter_errors(&arguments);
        // One fault for each place: a value of the wrong type is often outside the choices as well.
        let mut seen = BTreeSet::new();
        let faults = errors.flat_map(|error| self.faults(&error));
        let faults = faults.filter(|fault| seen.insert(fault.field().to_owned()));
        let faults: Vec<_> = faults.take(MAX_ERRORS).collect();
        match arguments {
            Value::Object(arguments) if faults.is_empty() => Ok(arguments),
            _ => Err(faults),
        }
    }

    /// The faults that an error of the validator stands for: several, where unknown arguments are listed.
    fn faults(&self, error: &ValidationError<'_>) -> Vec<FieldError> {
        let place = Place::of(&self.schema, error.instance_path().as_str());
        let given = error.instance();
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let place = place.member(property.as_str().unwrap_or_default());
                let message = format!("{} is missing: give {}", place.name, place.expected());
                vec![place.fault("missing", message)]
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let unknown = |name: &String| unknown(&place, name, given.get(name));
                unexpected.iter().take(MAX_ERRORS).map(unknown).collect()
            }
            kind => {
                let (code, problem) = problem(kind, given);
                let or = if place.is_optional { ", or leave it out" } else { "" };
                let message = format!("{} {problem}: give {}{or}", place.name, place.expected());
                vec![place.fault(code, message).given(given)]
            }
        }
    }
}

/// What is wrong with a value: a short stable name, and words that continue the name of the argument.
fn problem(kind: &ValidationErrorKind, given: &Value) -> (&'static str, String) {
    let code = match kind {
        ValidationErrorKind::Type { .. } => "wrong_type",
        ValidationErrorKind::Minimum { .. }
        | ValidationErrorKind::Maximum { .. }
        | ValidationErrorKind::ExclusiveMinimum { .. }
        | ValidationErrorKind::ExclusiveMaximum { .. }
        | ValidationErrorKind::MultipleOf { .. } => "out_of_range",
        ValidationErrorKind::MaxLength { .. } | ValidationErrorKind::MinLength { .. } => {
            let chars = given.as_str().map_or(0, |text| text.chars().count());
            let is_short = matches!(kind, ValidationErrorKind::MinLength { .. });
            let code = if is_short { "too_short" } else { "too_long" };
            return (code, format!("has {chars} characters"));
        }
        ValidationErrorKind::MaxItems { .. } | ValidationErrorKind::MinItems { .. } => {
            let items = given.as_array().map_or(0, Vec::len);
            let is_few = matches!(kind, ValidationErrorKind::MinItems { .. });
            return (if is_few { "too_few" } else { "too_many" }, format!("has {items} items"));
        }
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => "unknown_choice",
        ValidationErrorKind::Pattern { .. } | ValidationErrorKind::Format { .. } => "wrong_format",
        ValidationErrorKind::UniqueItems => return ("repeated", "holds an item twice".to_owned()),
        _ => "invalid",
    };
    (code, format!("is {}", describe(given)))
}

/// The error about an argument that the schema does not have.
fn unknown(parent: &Place<'_>, name: &str, given: Option<&Value>) -> FieldError {
    let known = parent.known();
    let short: String = name.chars().take(MAX_NAME_CHARS).collect();
    let similarity = |known: &&&str| strsim::jaro_winkler(known, &short);
    let nearest = known.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    let nearest = nearest.filter(|known| similarity(known) >= SIMILAR);
    let correction = match nearest {
        Some(nearest) => format!("did you mean {nearest}?"),
        None if known.is_empty() => "leave it out; it takes no arguments".to_owned(),
        None => {
            let more = if known.len() > MAX_KNOWN { ", …" } else { "" };
            let known: Vec<_> = known.iter().take(MAX_KNOWN).copied().collect();
            format!("leave it out; the arguments are {}{more}", known.join(", "))
        }
    };
    let message = format!("{} is not an argument here: {correction}", quoted(name));
    let error = FieldError::new(parent.named(&short), "unknown_argument", message);
    given.map_or(error.clone(), |given| error.given(given))
}

/// A place in the arguments: its name, and what the schema says about it.
struct Place<'a> {
    /// As in `authors[0].name`; empty for the arguments themselves.
    name: String,
    schema: Option<&'a JsonObject>,
    is_optional: bool,
}

impl<'a> Place<'a> {
    /// The place that a JSON pointer leads to.
    fn of(schema: &'a JsonObject, pointer: &str) -> Self {
        let root = Self { name: String::new(), schema: Some(schema), is_optional: false };
        let steps = pointer.split('/').skip(1);
        steps.fold(root, |place, step| {
            let items = place.schema.and_then(|schema| schema.get("items"));
            if step.bytes().all(|byte| byte.is_ascii_digit()) && items.is_some() {
                let (name, schema) =
                    (format!("{}[{step}]", place.name), items.and_then(Value::as_object));
                return Self { name, schema, is_optional: false };
            }
            place.member(&step.replace("~1", "/").replace("~0", "~"))
        })
    }

    fn member(&self, name: &str) -> Self {
        let member = self.properties().and_then(|properties| properties.get(name));
        let required = self.schema.and_then(|schema| schema.get("required")?.as_array());
        let is_required =
            required.is_some_and(|required| required.iter().any(|known| known == name));
        let short: String = name.chars().take(MAX_NAME_CHARS).collect();
        Self {
            name: self.named(&short),
            schema: member.and_then(Value::as_object),
            is_optional: member.is_some() && !is_required,
        }
    }

    fn named(&self, member: &str) -> String {
        if self.name.is_empty() { member.to_owned() } else { format!("{}.{member}", self.name) }
    }

    fn properties(&self) -> Option<&'a JsonObject> {
        self.schema?.get("properties")?.as_object()
    }

    /// The known names, in alphabetical order: a cargo feature of another crate may keep the order of the schema.
    fn known(&self) -> Vec<&'a str> {
        let properties = self.properties().into_iter().flatten();
        let mut names: Vec<_> = properties.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// An error about this place, with its schema.
    fn fault(&self, code: &'static str, message: String) -> FieldError {
        let field = if self.name.is_empty() { "arguments" } else { &self.name };
        let error = FieldError::new(field, code, message);
        let Some(mut limit) = self.schema.cloned() else { return error };
        limit.retain(|keyword, _| !matches!(&**keyword, "description" | "default" | "examples"));
        let is_short = serde_json::to_vec(&limit).is_ok_and(|json| json.len() <= MAX_LIMIT_BYTES);
        if is_short { error.limit(limit) } else { error }
    }

    /// The accepted values, in words that continue "give".
    fn expected(&self) -> String {
        let Some(schema) = self.schema else { return "a value that the schema admits".to_owned() };
        let number = |keyword: &str| schema.get(keyword).filter(|value| value.is_number());
        let range = |low: &str, high: &str| match (number(low), number(high)) {
            (Some(low), Some(high)) => Some(format!("{low} to {high}")),
            (Some(low), None) => Some(format!("at least {low}")),
            (None, Some(high)) => Some(format!("at most {high}")),
            (None, None) => None,
        };
        let of = |what: &str, range: Option<String>, unit: &str| match range {
            Some(range) => format!("{what} of {range}{unit}"),
            None => what.to_owned(),
        };
        if let Some(Value::Array(choices)) = schema.get("enum") {
            let choices: Vec<_> = choices.iter().take(MAX_KNOWN).map(Value::to_string).collect();
            return format!("one of {}", choices.join(", "));
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => {
                let text = of("a text", range("minLength", "maxLength"), " characters");
                let form =
                    ["format", "pattern"].iter().find_map(|form| schema.get(*form)?.as_str());
                form.map_or(text.clone(), |form| format!("{text} in the form {}", quoted(form)))
            }
            Some(kind @ ("integer" | "number")) => {
                let what = if kind == "integer" { "a whole number" } else { "a number" };
                match (number("minimum"), number("maximum")) {
                    (Some(low), Some(high)) => format!("{what} from {low} to {high}"),
                    _ => of(what, range("minimum", "maximum"), ""),
                }
            }
            Some("boolean") => "true or false".to_owned(),
            Some("array") => of("an array", range("minItems", "maxItems"), " items"),
            Some("object") => "an object".to_owned(),
            _ => "a value that limit admits".to_owned(),
        }
    }
}

/// Brings a value into the form that its schema describes: members that are null and may be absent are left out, and whole numbers
/// are written without a fraction.
pub(crate) fn fit(schema: &JsonObject, value: &mut Value) {
    match value {
        Value::Object(members) => {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
                return;
            };
            let required = schema.get("required").and_then(Value::as_array);
            members.retain(|name, value| {
                let is_required =
                    required.is_some_and(|required| required.iter().any(|known| known == name));
                let takes_null = properties.get(name).is_none_or(|schema| !says_what(schema));
                !value.is_null() || is_required || takes_null
            });
            for (name, value) in members {
                if let Some(Value::Object(schema)) = properties.get(name) {
                    fit(schema, value);
                }
            }
        }
        Value::Array(items) => {
            let Some(Value::Object(schema)) = schema.get("items") else { return };
            for item in items {
                fit(schema, item);
            }
        }
        Value::Number(number) if schema.get("type").is_some_and(|kind| kind == "integer") => {
            const EXACT: f64 = 9_007_199_254_740_992.0;
            let whole = number.as_f64().filter(|_| number.is_f64());
            if let Some(whole) = whole.filter(|whole| whole.fract() == 0.0 && whole.abs() < EXACT) {
                #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
                let whole = whole as i64;
                *value = whole.into();
            }
        }
        _ => {}
    }
}

/// Whether a flat schema lists or bounds its values, so that it does not allow null.
fn says_what(schema: &Value) -> bool {
    ["type", "enum", "const", "anyOf", "oneOf", "allOf"]
        .iter()
        .any(|word| schema.get(word).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments() -> Arguments {
        let schema = json!({
            "type": "object", "required": ["title", "author"],
            "properties": {
                "title": {"type": "string", "minLength": 1, "maxLength": 5, "description": "D"},
                "stars": {"type": ["integer", "null"], "format": "uint8", "maximum": 5},
                "pages": {"type": "integer", "format": "int64"},
                "genre": {"type": "string", "enum": ["crime", "verse"]},
                "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
                "author": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
                "any": {},
            },
        });
        Arguments::new(schema.as_object().unwrap()).unwrap()
    }

    fn faults(given: &Value) -> Vec<Value> {
        let faults = arguments().read(given.as_object().cloned()).unwrap_err();
        faults.iter().map(|fault| serde_json::to_value(fault).unwrap()).collect()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn a_fault_says_field_given_limit_and_what_to_do() {
        let good = json!({"title": "T", "author": {"name": "A"}});
        for (member, value, field, code, message) in [
            (
                "stars",
                json!(9),
                "stars",
                "out_of_range",
                "stars is 9: give a whole number from 0 to 5, or leave it out",
            ),
            (
                "stars",
                json!("5"),
                "stars",
                "wrong_type",
                "stars is the text \"5\": give a whole number from 0 to 5, or leave it out",
            ),
            (
                "title",
                json!("longer"),
                "title",
                "too_long",
                "title has 6 characters: give a text of 1 to 5 characters",
            ),
            (
                "title",
                json!(null),
                "title",
                "wrong_type",
                "title is null: give a text of 1 to 5 characters",
            ),
            (
                "genre",
                json!("x"),
                "genre",
                "unknown_choice",
                "genre is the text \"x\": give one of \"crime\", \"verse\", or leave it out",
            ),
            ("tags", json!(["a", 7]), "tags[1]", "wrong_type", "tags[1] is 7: give a text"),
            (
                "tags",
                json!(["a", "b", "c"]),
                "tags",
                "too_many",
                "tags has 3 items: give an array of at most 2 items, or leave it out",
            ),
            ("author", json!({}), "author.name", "missing", "author.name is missing: give a text"),
            (
                "star",
                json!(1),
                "star",
                "unknown_argument",
                "\"star\" is not an argument here: did you mean stars?",
            ),
            (
                "author",
                json!({"name": "A", "nmae": 1}),
                "author.nmae",
                "unknown_argument",
                "\"nmae\" is not an argument here: did you mean name?",
            ),
            (
                "pages",
                json!(99_999_999_999_999_999_999_f64),
                "pages",
                "out_of_range",
                "pages is 1e+20: give a whole number, or leave it out",
            ),
            (
                "zzz",
                json!(1),
                "zzz",
                "unknown_argument",
                "\"zzz\" is not an argument here: leave it out; the arguments are any, author, genre, pages, stars, tags, title",
            ),
        ] {
            let mut given = good.clone();
            given[member] = value;
            let faults = faults(&given);
            let [fault] = faults.as_slice() else { panic!("{given}: {faults:?}") };
            assert_eq!((&fault["field"], &fault["code"]), (&json!(field), &json!(code)), "{fault}");
            assert_eq!(fault["message"], message);
        }
        let mut given = good;
        given["stars"] = json!(9);
        let limit = json!({"type": "integer", "minimum": 0, "maximum": 5});
        assert_eq!(
            (&faults(&given)[0]["given"], &faults(&given)[0]["limit"]),
            (&json!("9"), &limit)
        );
    }

    #[test]
    fn all_faults_come_at_once_and_not_thousands() {
        let found = faults(&json!({"stars": 9, "genre": 5, "x": 1, "y": "\n".repeat(100)}));
        assert_eq!(found.len(), 6, "{found:?}");
        assert!(found.iter().all(|fault| fault.to_string().len() < 400), "{found:?}");
        let many = (0..10_000).map(|number| (format!("x{number}"), json!(1))).collect();
        assert_eq!(faults(&Value::Object(many)).len(), MAX_ERRORS);
        let tags = json!({"title": "T", "author": {"name": "A"}, "tags": vec![1; 10_000]});
        assert_eq!(faults(&tags).len(), MAX_ERRORS);
    }

    #[test]
    fn what_is_left_out_in_other_words_is_left_out() {
        let given = json!({"title": "T", "author": {"name": "A"}, "stars": null, "pages": 5.0, "any": null});
        let read = arguments().read(given.as_object().cloned()).unwrap();
        assert_eq!(
            Value::Object(read),
            json!({"title": "T", "author": {"name": "A"}, "pages": 5, "any": null})
        );
    }
}
