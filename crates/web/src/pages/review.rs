//! `POST /review/{id}`: a new review, and the form for it on the restaurant's page.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use restaurant_domain::{AuditResource, ReviewDraft, ReviewQuery};

use super::{
    Created, RestaurantPath, details::DetailsPage, review_form::ReviewForm, see_restaurant,
};
use crate::{access::Writer, app_state::AppState, error_page::PageError, fields::FormFields};

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
