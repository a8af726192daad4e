//! Validation errors, with the problem and its remedy.

use std::fmt;

/// One field's problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct ValidationError {
    /// The field's name on the wire, for example `review_text`.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

impl ValidationError {
    /// Ties a problem to its field.
    #[must_use]
    pub fn new(field: &'static str, problem: Problem) -> Self {
        Self { field, problem }
    }
}

/// All the problems of an input, at least one, in the order of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationErrors(Vec<ValidationError>);

impl ValidationErrors {
    /// Gathers the errors of several fields. To be called when at least one of them has one.
    pub(crate) fn of(errors: impl IntoIterator<Item = Option<ValidationError>>) -> Self {
        Self(errors.into_iter().flatten().collect())
    }

    /// Each field's problem.
    pub fn iter(&self) -> impl Iterator<Item = &ValidationError> {
        self.0.iter()
    }
}

impl From<ValidationError> for ValidationErrors {
    fn from(error: ValidationError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for ValidationErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ValidationErrors {}

/// What is wrong with a field. The text form reads on from the field's name: "… is blank: write 1 to 50 characters".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It was left out.
    #[error("is missing: give it")]
    Missing,
    /// Nothing that a reader could see is in it.
    #[error("is blank: write 1 to {max} characters")]
    Blank {
        /// The greatest length, in characters.
        max: usize,
    },
    /// It is longer than its limit.
    #[error("is {given} characters long: shorten it to at most {max}")]
    TooLong {
        /// The greatest length, in characters.
        max: usize,
        /// The length that came.
        given: usize,
    },
    /// It holds a character that no text may hold.
    #[error("holds the control character U+{:04X}: remove it", u32::from(*control))]
    ControlCharacter {
        /// The first such character.
        control: char,
    },
    /// It is one line and holds a character that ends lines.
    #[error("holds the line separator U+{:04X}: write it on one line", u32::from(*separator))]
    LineSeparator {
        /// The first such character.
        separator: char,
    },
    /// It holds a control of text direction that it may not hold, or one whose partner is not on the same line.
    #[error("holds the bidirectional control U+{:04X}: remove it", u32::from(*control))]
    BidirectionalControl {
        /// The first such character.
        control: char,
    },
    /// It holds a character that a reader does not see, in a place where it has no use.
    #[error("holds the invisible character U+{:04X}: remove it", u32::from(*character))]
    InvisibleCharacter {
        /// The first such character.
        character: char,
    },
    /// It is a number out of its range, or no whole number at all.
    #[error("is {given}: give a whole number from {min} to {max}")]
    OutOfRange {
        /// The least value.
        min: i64,
        /// The greatest value.
        max: i64,
        /// What came, shortened.
        given: String,
    },
    /// It is not one of the known words.
    #[error("is {given}: give one of {allowed}")]
    UnknownChoice {
        /// What came, shortened.
        given: String,
        /// The known words, separated by commas.
        allowed: &'static str,
    },
    /// It is no cursor of ours, or one that belongs to another order.
    #[error(
        "is not a cursor of this list: take next_cursor from the page before, or leave it out to start over"
    )]
    InvalidCursor,
}

impl Problem {
    /// A short stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Blank { .. } => "blank",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter { .. } => "control_character",
            Self::LineSeparator { .. } => "line_separator",
            Self::BidirectionalControl { .. } => "bidirectional_control",
            Self::InvisibleCharacter { .. } => "invisible_character",
            Self::OutOfRange { .. } => "out_of_range",
            Self::UnknownChoice { .. } => "unknown_choice",
            Self::InvalidCursor => "invalid_cursor",
        }
    }
}

/// Quotes what came, shortened to 40 characters, with control characters escaped: safe in a message.
#[must_use]
pub fn quoted(given: &str) -> String {
    const MAX_CHARS: usize = 40;
    let mut short: String = given.chars().take(MAX_CHARS).collect();
    if given.chars().nth(MAX_CHARS).is_some() {
        short.push('…');
    }
    format!("{short:?}")
}
