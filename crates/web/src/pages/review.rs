//! `POST /review/{id}`: a new review, and the form for it on the restaurant's page.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use restaurant_domain::{AuditResource, CreateError, ReviewDraft, ReviewQuery};

use super::{
    Created, RestaurantPath,
    details::DetailsPage,
    list_input::ListLink,
    review_form::{ReviewForm, named},
    see_restaurant,
};
use crate::{
    access::Writer, app_state::AppState, error_page::PageError, fields::FormFields, form::FormKey,
};

/// Adds the review, or shows the restaurant's page again with what is wrong.
pub(crate) async fn add(
    State(state): State<AppState>,
    writer: Writer,
    RestaurantPath(id): RestaurantPath,
    FormFields(mut fields): FormFields,
) -> Result<Response, PageError> {
    let key = FormKey::take(&mut fields)?;
    let list = ListLink::parse(&fields.take(ListLink::FIELD)?);
    let person = writer.context.person();
    let draft = named(ReviewDraft::from_fields(|name| fields.take(name))?, person);
    let form = match draft.parse() {
        Ok(new) => {
            let created = state.repository.create_review(id, new, &writer.author, key.as_ref());
            match created.await {
                Err(CreateError::KeyReused) => ReviewForm::sent_before(&draft, person),
                created => {
                    let review = created?.ok_or(PageError::NotFound)?.into_inner();
                    let written = AuditResource { restaurant: Some(id), review: Some(review.id) };
                    let page = see_restaurant(id, Created::Review, list.as_ref());
                    return Ok((Extension(written), page).into_response());
                }
            }
        }
        Err(errors) => ReviewForm::new(&draft, &errors.iter().cloned().collect::<Vec<_>>(), person),
    };
    let details = state.repository.restaurant_details(id, ReviewQuery::default()).await?;
    let details = details.ok_or(PageError::NotFound)?;
    let page = DetailsPage::new(writer.context, &details);
    state.refused(&page.with_list(list).with_form(form))
}
