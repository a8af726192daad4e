//! A tool's arguments, read one by one, so that every bad one is named at once.

use restaurant_domain::{Problem, ValidationError, ValidationErrors, quoted};
use rmcp::model::JsonObject;
use serde_json::Value;

use crate::tool_error::{ArgumentProblem, ToolError};

/// What a caller sent, and what was wrong with it so far.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    object: &'a JsonObject,
    problems: Vec<ArgumentProblem>,
}

impl<'a> Arguments<'a> {
    /// Reads from what came; a name that the tool does not know is a problem, since a misspelt one would be ignored.
    pub(crate) fn new(object: &'a JsonObject, known: &JsonObject) -> Self {
        let unknown = object.keys().filter(|name| !known.contains_key(*name));
        Self {
            object,
            problems: unknown.map(|name| ArgumentProblem::unknown(name, known)).collect(),
        }
    }

    /// A text; without one an empty text, whose problem is noted.
    pub(crate) fn text(&mut self, name: &'static str) -> &'a str {
        self.optional_text(name).unwrap_or_else(|| {
            self.note_missing(name);
            ""
        })
    }

    /// A text, when it was given.
    pub(crate) fn optional_text(&mut self, name: &'static str) -> Option<&'a str> {
        match self.object.get(name)? {
            Value::String(text) => Some(text),
            other => self.note_wrong_type(name, "a text", other),
        }
    }

    /// A whole number; `None` when it was not given, or is none, which is noted.
    pub(crate) fn integer(&mut self, name: &'static str) -> Option<i64> {
        let integer = self.optional_integer(name);
        if integer.is_none() {
            self.note_missing(name);
        }
        integer
    }

    /// A whole number, when it was given. `4.0` is one: some clients know no other numbers.
    pub(crate) fn optional_integer(&mut self, name: &'static str) -> Option<i64> {
        let value = self.object.get(name)?;
        let whole = value.as_i64().or_else(|| whole(value.as_f64()?));
        whole.or_else(|| self.note_wrong_type(name, "a whole number", value))
    }

    /// Notes what the domain found wrong; its name for the field may differ from the argument's.
    pub(crate) fn check<T>(
        &mut self,
        name: &'static str,
        result: Result<T, ValidationError>,
    ) -> Option<T> {
        let noted = |error: ValidationError| ValidationError::new(name, error.problem);
        result.map_err(|error| self.note(&noted(error))).ok()
    }

    /// The value, unless anything at all was wrong.
    ///
    /// # Errors
    /// Every problem that was noted, and those of the value.
    pub(crate) fn finish<T>(mut self, result: Result<T, ValidationErrors>) -> Result<T, ToolError> {
        match result {
            Ok(value) if self.problems.is_empty() => Ok(value),
            Ok(_) => Err(ToolError::InvalidArguments(self.problems)),
            Err(errors) => {
                errors.iter().for_each(|error| self.note(error));
                Err(ToolError::InvalidArguments(self.problems))
            }
        }
    }

    /// Notes a problem, unless the field has one already.
    fn note(&mut self, error: &ValidationError) {
        if self.problems.iter().all(|problem| problem.field != error.field) {
            self.problems.push(ArgumentProblem::from(error));
        }
    }

    fn note_missing(&mut self, name: &'static str) {
        self.note(&ValidationError::new(name, Problem::Missing));
    }

    fn note_wrong_type<T>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        value: &Value,
    ) -> Option<T> {
        let problem = Problem::WrongType { expected, given: describe(value) };
        self.note(&ValidationError::new(name, problem));
        None
    }
}

/// A number without a fraction, in the range that floating-point numbers count exactly.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// What came in place of what was asked for: its kind, and a short value.
fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
