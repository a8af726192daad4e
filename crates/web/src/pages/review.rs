//! `POST /review/{id}`: a new review, and the form for it on the restaurant's page.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use restaurant_domain::{
    AuditResource, NewReview, Rating, ReviewQuery, ReviewText, UserName, ValidationError,
    ValidationErrors,
};
use serde::Serialize;

use super::{Created, RestaurantPath, details::DetailsPage, see_restaurant};
use crate::{
    access::Writer,
    app_state::AppState,
    error_page::PageError,
    fields::{Fields, FormFields},
    form::{self, SummaryLine, TextField},
    stars::Choice,
};

/// Adds the review, or shows the restaurant's page again with what is wrong.
pub(crate) async fn add(
    State(state): State<AppState>,
    writer: Writer,
    RestaurantPath(id): RestaurantPath,
    FormFields(fields): FormFields,
) -> Result<Response, PageError> {
    let input = Input::take(fields)?;
    match input.parse() {
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
            let form = ReviewForm::new(&input, &errors);
            state.refused(&DetailsPage::new(writer.context, &details).with_form(form))
        }
    }
}

/// The fields as they were typed.
#[derive(Default)]
pub(super) struct Input {
    user_name: String,
    rating: String,
    text: String,
}

impl Input {
    fn take(mut fields: Fields) -> Result<Self, PageError> {
        Ok(Self {
            user_name: fields.take(UserName::FIELD)?,
            rating: fields.take(Rating::FIELD)?,
            text: fields.take(ReviewText::FIELD)?,
        })
    }

    fn parse(&self) -> Result<NewReview, ValidationErrors> {
        NewReview::parse(&self.user_name, Rating::parse(&self.rating), &self.text)
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
    pub(super) fn new(input: &Input, errors: &[ValidationError]) -> Self {
        let field = |name, max, value| TextField::new(name, max, value, errors);
        Self {
            errors: form::summary(errors),
            user_name: field(UserName::FIELD, UserName::MAX_CHARS, &input.user_name),
            ratings: Choice::all(&input.rating),
            rating_error: form::message_for(Rating::FIELD, errors),
            text: field(ReviewText::FIELD, ReviewText::MAX_CHARS, &input.text),
        }
    }

    /// The form before anything was typed, with the name that the person signed in with.
    pub(super) fn empty(person: Option<&str>) -> Self {
        let name = person.unwrap_or_default();
        let user_name = name.trim().chars().take(UserName::MAX_CHARS).collect();
        Self::new(&Input { user_name, ..Input::default() }, &[])
    }
}
