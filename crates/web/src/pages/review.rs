//! `POST /review/{id}`: a new review, and the form for it on the restaurant's page.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use restaurant_domain::{
    AuditResource, Rating, ReviewDraft, ReviewQuery, ReviewText, UserName, ValidationError,
};
use serde::Serialize;

use super::{Created, RestaurantPath, details::DetailsPage, see_restaurant};
use crate::{
    access::Writer,
    app_state::AppState,
    error_page::PageError,
    fields::FormFields,
    form::{self, SummaryLine, TextField},
    stars::Choice,
};

/// Adds the review, or shows the restaurant's page again with what is wrong.
pub(crate) async fn add(
    State(state): State<AppState>,
    writer: Writer,
    RestaurantPath(id): RestaurantPath,
    FormFields(mut fields): FormFields,
) -> Result<Response, PageError> {
    let draft = ReviewDraft::from_fields(|name| fields.take(name))?;
    match draft.parse() {
        Ok(new) => {
            let review = state.repository.create_review(id, new, &writer.author, None).await?;
            let review = review.ok_or(PageError::NotFound)?.into_inner();
            let written = AuditResource { restaurant: Some(id), review: Some(review.id) };
            Ok((Extension(written), see_restaurant(id, Created::Review)).into_response())
        }
        Err(errors) => {
            let errors: Vec<_> = errors.iter().cloned().collect();
            let details = state.repository.restaurant_details(id, ReviewQuery::default()).await?;
            let details = details.ok_or(PageError::NotFound)?;
            let form = ReviewForm::new(&draft, &errors);
            state.refused(&DetailsPage::new(writer.context, &details).with_form(form))
        }
    }
}

/// The form as the template shows it.
#[derive(Serialize)]
pub(super) struct ReviewForm {
    errors: Vec<SummaryLine>,
    user_name: TextField,
    ratings: Vec<Choice>,
    rating_error: Option<String>,
    text: TextField,
}

impl ReviewForm {
    pub(super) fn new(draft: &ReviewDraft, errors: &[ValidationError]) -> Self {
        Self {
            errors: form::summary(errors),
            user_name: TextField::new(&UserName::FIELD, &draft.user_name, errors),
            ratings: Choice::all(&draft.rating),
            rating_error: form::message_for(Rating::FIELD.name, errors),
            text: TextField::new(&ReviewText::FIELD, &draft.text, errors),
        }
    }

    /// The form before anything was typed, with the name that the person signed in with.
    pub(super) fn empty(person: Option<&str>) -> Self {
        let name = person.unwrap_or_default().trim();
        let name: String = name.chars().take(UserName::MAX_CHARS).collect();
        Self::new(&ReviewDraft::default().user_name(name), &[])
    }
}
