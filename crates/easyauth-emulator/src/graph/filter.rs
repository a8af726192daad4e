//! `$filter`, as far as these collections need it.

use serde_json::Value;

use super::error::GraphError;

/// A filter: terms that must all hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter(Vec<Term>);

#[derive(Debug, Clone)]
struct Term {
    property: String,
    test: Test,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    /// `property eq 'value'`
    Equals,
    /// `startswith(property,'value')`
    StartsWith,
    /// `property/any(x:x eq 'value')`
    AnyEquals,
}

impl Filter {
    /// Reads `eq`, `startswith` and `any(… eq …)`, joined by `and`, over the named properties.
    ///
    /// # Errors
    /// Anything else: better refused than answered with too many objects.
    pub(crate) fn parse(text: &str, properties: &[&str]) -> Result<Self, GraphError> {
        let terms = split(text).into_iter().map(|term| Term::parse(term.trim()));
        let terms: Option<Vec<_>> = terms.collect();
        let unsupported = || {
            GraphError::bad_request(format!(
                "Unsupported or invalid query filter clause: '{text}'."
            ))
            .detail("Request_UnsupportedQuery", "$filter")
        };
        let terms = terms.ok_or_else(unsupported)?;
        if !terms.iter().all(|term| properties.contains(&term.property.as_str())) {
            return Err(unsupported());
        }
        Ok(Self(terms))
    }

    /// Whether an object passes.
    pub(crate) fn admits(&self, object: &Value) -> bool {
        self.0.iter().all(|term| term.holds(object))
    }
}

impl Term {
    fn parse(text: &str) -> Option<Self> {
        if let Some(arguments) = call(text, "startswith(") {
            let (property, value) = arguments.split_once(',')?;
            return Self::new(property, Test::StartsWith, value);
        }
        if let Some((property, lambda)) = text.split_once("/any(") {
            let (variable, condition) = lambda.strip_suffix(')')?.split_once(':')?;
            let (left, value) = condition.trim().split_once(" eq ")?;
            return (left.trim() == variable.trim())
                .then(|| Self::new(property, Test::AnyEquals, value))?;
        }
        let (property, value) = text.split_once(" eq ")?;
        Self::new(property, Test::Equals, value)
    }

    fn new(property: &str, test: Test, value: &str) -> Option<Self> {
        Some(Self { property: property.trim().to_owned(), test, value: literal(value.trim())? })
    }

    fn holds(&self, object: &Value) -> bool {
        let property = &object[&self.property];
        match (self.test, property) {
            (Test::Equals, Value::String(text)) => same(text, &self.value),
            (Test::Equals, Value::Bool(flag)) => flag.to_string() == self.value,
            (Test::StartsWith, Value::String(text)) => {
                text.to_lowercase().starts_with(&self.value.to_lowercase())
            }
            (Test::AnyEquals, Value::Array(items)) => {
                items.iter().any(|item| item.as_str().is_some_and(|item| same(item, &self.value)))
            }
            _ => false,
        }
    }
}

/// Graph compares these texts without regard to case.
fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

fn call<'a>(text: &'a str, opening: &str) -> Option<&'a str> {
    let head = text.get(..opening.len())?;
    head.eq_ignore_ascii_case(opening).then(|| text[opening.len()..].strip_suffix(')'))?
}

/// A text in quotes, in which `''` is a quote, or a bare id or truth value.
fn literal(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('\'') else {
        let is_bare = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        return (is_bare && !text.is_empty()).then(|| text.to_owned());
    };
    let inner = inner.strip_suffix('\'')?;
    let is_whole = !inner.replace("''", "").contains('\'');
    is_whole.then(|| inner.replace("''", "'"))
}

/// The parts between ` and `, those in quotes aside.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, joint) in text.match_indices(" and ") {
        let is_quoted = text[..at].matches('\'').count() % 2 == 1;
        if !is_quoted {
            parts.push(&text[start..at]);
            start = at + joint.len();
        }
    }
    parts.push(&text[start..]);
    parts
}
