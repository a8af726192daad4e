//! Form fields with what was typed into them and what is wrong with it.

use std::sync::LazyLock;

use restaurant_domain::{
    Field, FieldKind, IdempotencyKey, NewRestaurant, NewReview, Problem, SearchText,
    ValidationError,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{error_page::PageError, fields::Fields};

/// A text field of a form, with the text that was typed and the error about it.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(crate) struct TextField {
    /// The name on the wire, and the element's id.
    name: &'static str,
    label: &'static str,
    /// The greatest length, in characters. Browsers count in units of UTF-16, so they stop early at characters like emoji.
    max: usize,
    /// The visible rows; one row is an input of one line.
    rows: usize,
    required: bool,
    value: String,
    error: Option<String>,
}

impl TextField {
    /// A field of the domain. A number is typed as a text of one row.
    pub(crate) fn new(field: &Field, value: &str, errors: &[ValidationError]) -> Self {
        let (max, rows) = match field.kind {
            FieldKind::Text { max_chars, rows } => (max_chars, rows),
            FieldKind::Integer { max, .. } => (max.to_string().len(), 1),
        };
        let Field { name, label, required, .. } = *field;
        Self {
            name,
            label,
            max,
            rows,
            required,
            value: value.to_owned(),
            error: message_for(name, errors),
        }
    }

    /// A field that may stay empty.
    pub(crate) fn optional(self, label: &'static str) -> Self {
        Self { label, required: false, ..self }
    }
}

/// The idempotency key of a form. Sent twice, the form writes once.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(crate) struct FormKey {
    field: &'static str,
    value: &'static str,
}

impl FormKey {
    const FIELD: &'static str = IdempotencyKey::FIELD.name;

    /// A new key, also for a form that is shown again: nothing was written under the old one. The template shows its
    /// [place](Self::place).
    pub(crate) fn new() -> Self {
        Self { field: Self::FIELD, value: Self::place() }
    }

    /// What stands for a key in a page until the page is sent. It is random, so no text of others contains it.
    pub(crate) fn place() -> &'static str {
        static PLACE: LazyLock<String> = LazyLock::new(FormKey::random);
        &PLACE
    }

    /// The text of a new key.
    pub(crate) fn random() -> String {
        Uuid::new_v4().to_string()
    }

    /// The key that was sent; a form without one is written each time.
    pub(crate) fn take(fields: &mut Fields) -> Result<Option<IdempotencyKey>, PageError> {
        let raw = fields.take(Self::FIELD)?;
        let key = (!raw.is_empty()).then(|| IdempotencyKey::parse(&raw)).transpose();
        key.map_err(|_| {
            PageError::BadRequest("The key of the form is not one that this site made.")
        })
    }
}

/// A line of the summary above a refused form: what is wrong, and the element to jump to.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(crate) struct SummaryLine {
    target: &'static str,
    message: String,
}

/// The summary of all errors, in the order of the fields; empty when there are none.
pub(crate) fn summary(errors: &[ValidationError]) -> Vec<SummaryLine> {
    errors
        .iter()
        .map(|error| SummaryLine { target: target(error.field), message: message(error) })
        .collect()
}

/// The summary above a form whose key was used for another text. Its new key lets the visitor decide.
pub(crate) fn sent_before() -> Vec<SummaryLine> {
    let message = "You sent this form before, with another text, and that was posted. Nothing new was saved. Send the form again to post this text as well";
    vec![SummaryLine { target: "main", message: message.to_owned() }]
}

/// The message about one field, if there is one.
pub(crate) fn message_for(field: &str, errors: &[ValidationError]) -> Option<String> {
    errors.iter().find(|error| error.field == field).map(message)
}

/// The message in the words of the page: its label in place of the name on the wire.
fn message(error: &ValidationError) -> String {
    let label = label(error.field);
    match &error.problem {
        Problem::Missing => format!("{label} is missing: choose one"),
        Problem::UnknownChoice { given, .. } => {
            format!("{label} is {given}: choose one of the list")
        }
        Problem::InvalidCursor => {
            format!("{label} does not exist in this order: start again from the first one")
        }
        problem => format!("{label} {problem}"),
    }
}

/// What a field is called on the page.
fn label(field: &'static str) -> &'static str {
    let mut fields =
        NewRestaurant::FIELDS.iter().chain(NewReview::FIELDS).chain([&SearchText::FIELD]);
    match field {
        "sort" => "Order",
        "cursor" => "This page of the list",
        other => fields.find(|field| field.name == other).map_or(other, |field| field.label),
    }
}

/// The element to jump to: a rating is a group, of which the first choice can be focused; a cursor is not typed at all,
/// and the link to the first page mends it.
fn target(field: &'static str) -> &'static str {
    match field {
        "rating" => "rating-5",
        "cursor" => "first",
        other => other,
    }
}
