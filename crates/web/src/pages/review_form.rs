//! The form for a review, on the page of its restaurant.

use restaurant_domain::{Rating, ReviewDraft, ReviewText, UserName, ValidationError};
use serde::Serialize;

use crate::{
    form::{self, FormKey, SummaryLine, TextField},
    stars::Choice,
};

/// The form as the template shows it.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(super) struct ReviewForm {
    errors: Vec<SummaryLine>,
    key: FormKey,
    user_name: TextField,
    ratings: Vec<Choice>,
    rating_error: Option<String>,
    text: TextField,
}

impl ReviewForm {
    /// The form with what was typed. A person who is signed in need not give a name.
    pub(super) fn new(
        draft: &ReviewDraft,
        errors: &[ValidationError],
        person: Option<&str>,
    ) -> Self {
        let user_name = TextField::new(&UserName::FIELD, &draft.user_name, errors);
        Self {
            errors: form::summary(errors),
            key: FormKey::new(),
            user_name: match person {
                Some(_) => user_name.optional("Name to show (optional)"),
                None => user_name,
            },
            ratings: Choice::all(&draft.rating),
            rating_error: form::message_for(Rating::FIELD.name, errors),
            text: TextField::new(&ReviewText::FIELD, &draft.text, errors),
        }
    }

    /// The form whose key was used for another text.
    pub(super) fn sent_before(draft: &ReviewDraft, person: Option<&str>) -> Self {
        Self { errors: form::sent_before(), ..Self::new(draft, &[], person) }
    }

    /// The form before anything was typed, with the name that the person signed in with.
    pub(super) fn empty(person: Option<&str>) -> Self {
        Self::new(&named(ReviewDraft::default(), person), &[], person)
    }
}

/// The draft with the name that the person signed in with, where it has none.
pub(super) fn named(draft: ReviewDraft, person: Option<&str>) -> ReviewDraft {
    match person {
        Some(person) if draft.user_name.trim().is_empty() => {
            let name: String = person.trim().chars().take(UserName::MAX_CHARS).collect();
            draft.user_name(name.trim_end())
        }
        _ => draft,
    }
}
