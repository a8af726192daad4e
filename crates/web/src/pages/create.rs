//! `GET /create` and `POST /add`: a new restaurant.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use restaurant_domain::{
    AuditResource, Description, NewRestaurant, RestaurantName, StreetAddress, ValidationError,
    ValidationErrors,
};
use serde::Serialize;

use super::{Created, see_restaurant};
use crate::{
    access::Writer,
    app_state::AppState,
    error_page::PageError,
    fields::{Fields, FormFields},
    form::{self, SummaryLine, TextField},
    page_context::PageContext,
    templates::Page,
};

/// Shows the empty form.
pub(crate) async fn form(
    State(state): State<AppState>,
    writer: Writer,
) -> Result<Response, PageError> {
    state.page(&CreatePage::new(writer.context, &Input::default(), &[]))
}

/// Adds the restaurant, or shows the form again with what is wrong.
pub(crate) async fn add(
    State(state): State<AppState>,
    writer: Writer,
    FormFields(fields): FormFields,
) -> Result<Response, PageError> {
    let input = Input::take(fields)?;
    match input.parse() {
        Ok(new) => {
            let restaurant = state.repository.create_restaurant(new, &writer.author, None).await?;
            let id = restaurant.into_inner().id;
            let written = AuditResource { restaurant: Some(id), review: None };
            Ok((Extension(written), see_restaurant(id, Created::Restaurant)).into_response())
        }
        Err(errors) => {
            let errors: Vec<_> = errors.iter().cloned().collect();
            state.refused(&CreatePage::new(writer.context, &input, &errors))
        }
    }
}

/// The fields as they were typed.
#[derive(Default)]
struct Input {
    name: String,
    street_address: String,
    description: String,
}

impl Input {
    fn take(mut fields: Fields) -> Result<Self, PageError> {
        Ok(Self {
            name: fields.take(RestaurantName::FIELD)?,
            street_address: fields.take(StreetAddress::FIELD)?,
            description: fields.take(Description::FIELD)?,
        })
    }

    fn parse(&self) -> Result<NewRestaurant, ValidationErrors> {
        NewRestaurant::parse(&self.name, &self.street_address, &self.description)
    }
}

/// What the template shows.
#[derive(Serialize)]
struct CreatePage {
    context: PageContext,
    errors: Vec<SummaryLine>,
    name: TextField,
    street_address: TextField,
    description: TextField,
}

impl Page for CreatePage {
    const TEMPLATE: &'static str = "create.html";
}

impl CreatePage {
    fn new(context: PageContext, input: &Input, errors: &[ValidationError]) -> Self {
        let field = |name, max, value| TextField::new(name, max, value, errors);
        Self {
            context,
            errors: form::summary(errors),
            name: field(RestaurantName::FIELD, RestaurantName::MAX_CHARS, &input.name),
            street_address: field(
                StreetAddress::FIELD,
                StreetAddress::MAX_CHARS,
                &input.street_address,
            ),
            description: field(Description::FIELD, Description::MAX_CHARS, &input.description),
        }
    }
}
