//! The form for a review, on the page of its restaurant.

use restaurant_domain::{Rating, ReviewDraft, ReviewText, UserName, ValidationError};
use serde::Serialize;

use crate::{
    form::{self, FormKey, SummaryLine, TextField},
    stars::Choice,
};

/// The form as the template shows it.
#[derive(Serialize)]
pub(super) struct ReviewForm {
    errors: Vec<SummaryLine>,
    key: FormKey,
    user_name: TextField,
    ratings: Vec<Choice>,
    rating_error: Option<String>,
    text: TextField,
}

impl ReviewForm {
    pub(super) fn new(draft: &ReviewDraft, errors: &[ValidationError]) -> Self {
        Self {
            errors: form::summary(errors),
            key: FormKey::new(),
            user_name: TextField::new(&UserName::FIELD, &draft.user_name, errors),
            ratings: Choice::all(&draft.rating),
            rating_error: form::message_for(Rating::FIELD.name, errors),
            text: TextField::new(&ReviewText::FIELD, &draft.text, errors),
        }
    }

    /// The form whose key was used for another text.
    pub(super) fn sent_before(draft: &ReviewDraft) -> Self {
        Self { errors: form::sent_before(), ..Self::new(draft, &[]) }
    }

    /// The form before anything was typed, with the name that the person signed in with.
    pub(super) fn empty(person: Option<&str>) -> Self {
        let name = person.unwrap_or_default().trim();
        let name: String = name.chars().take(UserName::MAX_CHARS).collect();
        Self::new(&ReviewDraft::default().user_name(name), &[])
    }
}
