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
    error_page::PageError,
    fields::{Fields, FormFields},
    form::{self, SummaryLine, TextField},
    frame::Frame,
    router::Site,
    templates::Page,
};

/// Shows the empty form.
pub(crate) async fn form(State(site): State<Site>, writer: Writer) -> Result<Response, PageError> {
    site.page(&CreatePage::new(writer.frame, &Input::default(), &[]))
}

/// Adds the restaurant, or shows the form again with what is wrong.
pub(crate) async fn add(
    State(site): State<Site>,
    writer: Writer,
    FormFields(fields): FormFields,
) -> Result<Response, PageError> {
    let input = Input::take(fields)?;
    match input.parse() {
        Ok(new) => {
            let restaurant = site.repository.create_restaurant(new, &writer.author, None).await?;
            let id = restaurant.into_inner().id;
            let written = AuditResource { restaurant: Some(id), review: None };
            Ok((Extension(written), see_restaurant(id, Created::Restaurant)).into_response())
        }
        Err(errors) => {
            let errors: Vec<_> = errors.iter().cloned().collect();
            site.refused(&CreatePage::new(writer.frame, &input, &errors))
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
    frame: Frame,
    errors: Vec<SummaryLine>,
    name: TextField,
    street_address: TextField,
    description: TextField,
}

impl Page for CreatePage {
    const TEMPLATE: &'static str = "create.html";
}

impl CreatePage {
    fn new(frame: Frame, input: &Input, errors: &[ValidationError]) -> Self {
        let field = |name, max, value| TextField::new(name, max, value, errors);
        Self {
            frame,
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
