//! The arguments of tools and prompts: declared once, for the schema that clients see and for reading what they send.
//!
//! Reading is lenient about the order of things and strict about the rest: every argument that is missing,
//! of the wrong JSON type, out of its limits or unknown is reported, all of them at once.

use restaurant_domain::{Field, FieldKind, Problem, ValidationError, quoted};
use rmcp::model::JsonObject;
use rmcp_guard::{FieldError, describe};
use serde_json::{Value, json};

/// The maximum number of reported unknown arguments: more would make the response larger than the request.
const MAX_UNKNOWN: usize = 10;
/// The number of characters of an unknown argument's name that an error repeats.
const MAX_NAME_CHARS: usize = 40;

/// An argument as a tool declares it.
pub(crate) struct Argument {
    /// Its name on the wire.
    pub(crate) name: &'static str,
    /// The values that it accepts.
    pub(crate) kind: Kind,
    /// Whether it must be given.
    pub(crate) required: bool,
    /// Its meaning, for the model.
    pub(crate) description: &'static str,
}

impl Argument {
    /// The argument that holds a field of the domain.
    pub(crate) const fn of(field: &Field) -> Self {
        let kind = match field.kind {
            FieldKind::Text { max_chars, .. } => Kind::Text { max_chars },
            FieldKind::Integer { min, max } => Kind::Integer { min, max },
        };
        Self { name: field.name, kind, required: field.required, description: field.description }
    }
}

/// The values that an argument accepts.
pub(crate) enum Kind {
    /// A text that must not be blank, of at most so many characters.
    Text { max_chars: usize },
    /// A text that may be blank, of at most so many characters.
    Search { max_chars: usize },
    /// A restaurant's name, or its id as a text.
    Restaurant,
    /// A cursor that a call before returned.
    Cursor,
    /// A whole number, inclusive.
    Integer { min: i64, max: i64 },
    /// The id of something, positive.
    Id,
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl Kind {
    /// The accepted values as a flat JSON schema: no `$ref`, no alternatives, no null.
    fn schema(&self) -> JsonObject {
        let schema = match self {
            Self::Text { max_chars } => {
                json!({"type": "string", "minLength": 1, "maxLength": max_chars})
            }
            Self::Search { max_chars } => json!({"type": "string", "maxLength": max_chars}),
            Self::Restaurant | Self::Cursor => json!({"type": "string"}),
            Self::Integer { min, max } => {
                json!({"type": "integer", "minimum": min, "maximum": max})
            }
            Self::Id => json!({"type": "integer", "minimum": 1}),
            Self::Choice(words) => json!({"type": "string", "enum": words}),
        };
        rmcp::model::object(schema)
    }

    /// Whether it takes a text.
    fn is_text(&self) -> bool {
        !matches!(self, Self::Integer { .. } | Self::Id)
    }

    /// The accepted values, in words that continue "give".
    fn expected(&self) -> String {
        match self {
            Self::Text { max_chars } => format!("a text of 1 to {max_chars} characters"),
            Self::Search { max_chars } => format!("a text of at most {max_chars} characters"),
            Self::Restaurant => "the name or the id of a restaurant, as a text".to_owned(),
            Self::Cursor => "the text that came as next_cursor".to_owned(),
            Self::Integer { min, max } => {
                format!("a whole number from {min} to {max}, as a number")
            }
            Self::Id => "a whole number, as a number".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
        }
    }
}

/// The input schema of a tool with these arguments.
pub(crate) fn input_schema(arguments: &[&Argument]) -> JsonObject {
    let property = |argument: &&Argument| {
        let mut schema = argument.kind.schema();
        schema.insert("description".to_owned(), argument.description.into());
        (argument.name.to_owned(), Value::Object(schema))
    };
    let required: Vec<_> = arguments.iter().filter(|a| a.required).map(|a| a.name).collect();
    let properties: JsonObject = arguments.iter().map(property).collect();
    rmcp::model::object(json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    }))
}

/// A domain error about an argument that was readable; `given` is what came.
pub(crate) fn invalid(argument: &Argument, problem: &Problem, given: Option<&Value>) -> FieldError {
    let message = format!("{} {problem}", argument.name);
    let error =
        FieldError::new(argument.name, problem.code(), message).limit(argument.kind.schema());
    given.map_or(error.clone(), |given| error.given(given))
}

/// A restaurant that the argument does not lead to; `problem` reads on from the argument's name.
pub(crate) fn unresolved(argument: &Argument, code: &'static str, problem: &str) -> FieldError {
    let message = format!("{} {problem}", argument.name);
    FieldError::new(argument.name, code, message).limit(argument.kind.schema())
}

/// A value of another JSON type, or a whole number that cannot be held and so can be in no range.
fn wrong_type(argument: &Argument, given: &Value, problem: &str) -> FieldError {
    let (name, value, expected) = (argument.name, describe(given), argument.kind.expected());
    let or = if argument.required { "" } else { ", or leave it out" };
    let message = format!("{name} is {value}{problem}: give {expected}{or}");
    FieldError::new(name, "wrong_type", message).given(given).limit(argument.kind.schema())
}

fn unknown(name: &str, given: &Value, known: &[&Argument]) -> FieldError {
    let known: Vec<_> = known.iter().map(|argument| argument.name).collect();
    let message = format!(
        "{} is not an argument here: leave it out; the arguments are {}",
        quoted(name),
        known.join(", ")
    );
    let short: String = name.chars().take(MAX_NAME_CHARS).collect();
    FieldError::new(short, "unknown_argument", message).given(given)
}

/// The arguments that came with a call: taken out one by one, while the errors gather.
pub(crate) struct ArgumentReader {
    values: JsonObject,
    errors: Vec<FieldError>,
}

impl ArgumentReader {
    /// The arguments as they came.
    pub(crate) fn new(values: Option<JsonObject>) -> Self {
        Self { values: values.unwrap_or_default(), errors: Vec::new() }
    }

    /// Takes an argument that must be there.
    ///
    /// # Errors
    /// When a fault was noted.
    pub(crate) fn required<T>(
        &mut self,
        argument: &Argument,
        read: impl FnOnce(&Value) -> Result<T, ParseError>,
    ) -> Result<T, InvalidArguments> {
        if let Some(value) = self.values.remove(argument.name) {
            return self.read(argument, &value, read);
        }
        self.errors.push(invalid(argument, &Problem::Missing, None));
        Err(InvalidArguments)
    }

    /// Takes an argument that may be left out. Some clients send null for what they leave out, or an empty text for a text.
    ///
    /// # Errors
    /// When a fault was noted.
    pub(crate) fn optional<T>(
        &mut self,
        argument: &Argument,
        read: impl FnOnce(&Value) -> Result<T, ParseError>,
    ) -> Result<Option<T>, InvalidArguments> {
        match self.values.remove(argument.name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() && argument.kind.is_text() => Ok(None),
            Some(value) => self.read(argument, &value, read).map(Some),
        }
    }

    fn read<T>(
        &mut self,
        argument: &Argument,
        value: &Value,
        read: impl FnOnce(&Value) -> Result<T, ParseError>,
    ) -> Result<T, InvalidArguments> {
        let fault = match read(value) {
            Ok(value) => return Ok(value),
            Err(ParseError::WrongType) => wrong_type(argument, value, ""),
            Err(ParseError::OutOfRange) => wrong_type(argument, value, ", which is out of range"),
            Err(ParseError::Invalid(error)) => invalid(argument, &error.problem, Some(value)),
        };
        self.errors.push(fault);
        Err(InvalidArguments)
    }

    /// Ends the reading: what is left over is unknown, and any fault refuses the call.
    ///
    /// # Errors
    /// With every fault.
    pub(crate) fn finish<T>(
        mut self,
        read: Result<T, InvalidArguments>,
        known: &[&Argument],
    ) -> Result<T, Vec<FieldError>> {
        for (name, value) in self.values.iter().take(MAX_UNKNOWN) {
            self.errors.push(unknown(name, value, known));
        }
        match read {
            Ok(tool) if self.errors.is_empty() => Ok(tool),
            _ => Err(self.errors),
        }
    }
}

/// An argument was refused: what is wrong with it is noted.
#[derive(Debug)]
pub(crate) struct InvalidArguments;

/// Why a value is not the argument that it should be.
pub(crate) enum ParseError {
    /// The value has another JSON type.
    WrongType,
    /// The value is a whole number that 64 bits, or a float, cannot hold exactly.
    OutOfRange,
    /// The domain refuses it.
    Invalid(ValidationError),
}

/// Reads a text by a function of the domain.
pub(crate) fn text<T>(
    parse: impl FnOnce(&str) -> Result<T, ValidationError>,
) -> impl FnOnce(&Value) -> Result<T, ParseError> {
    |value| {
        let text = value.as_str().ok_or(ParseError::WrongType)?;
        parse(text).map_err(ParseError::Invalid)
    }
}

/// Reads a whole number by a function of the domain. `5.0` is one, as in JSON Schema.
pub(crate) fn integer<T>(
    parse: impl FnOnce(i64) -> Result<T, ValidationError>,
) -> impl FnOnce(&Value) -> Result<T, ParseError> {
    |value| {
        let number = match (value.as_i64(), value.as_f64()) {
            (Some(number), _) => number,
            (None, Some(number)) if number.fract() == 0.0 => {
                whole(number).ok_or(ParseError::OutOfRange)?
            }
            _ => return Err(ParseError::WrongType),
        };
        parse(number).map_err(ParseError::Invalid)
    }
}

/// A whole floating-point number within the range where each has a float of its own.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    (number.abs() < EXACT).then_some(number as i64)
}
