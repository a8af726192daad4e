//! `GET /create` and `POST /add`: a new restaurant.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use restaurant_domain::{AuditResource, RestaurantDraft, ValidationError};
use serde::Serialize;

use super::{Created, see_restaurant};
use crate::{
    access::Writer,
    error_page::PageError,
    fields::FormFields,
    form::{self, SummaryLine, TextField},
    frame::Frame,
    router::Site,
    templates::Page,
};

/// Shows the empty form.
pub(crate) async fn form(State(site): State<Site>, writer: Writer) -> Result<Response, PageError> {
    site.page(&CreatePage::new(writer.frame, &RestaurantDraft::default(), &[]))
}

/// Adds the restaurant, or shows the form again with what is wrong.
pub(crate) async fn add(
    State(site): State<Site>,
    writer: Writer,
    FormFields(mut fields): FormFields,
) -> Result<Response, PageError> {
    let draft = RestaurantDraft::from_fields(|name| fields.take(name))?;
    match draft.parse() {
        Ok(new) => {
            let restaurant = site.repository.create_restaurant(new, &writer.author, None).await?;
            let id = restaurant.into_inner().id;
            let written = AuditResource { restaurant: Some(id), review: None };
            Ok((Extension(written), see_restaurant(id, Created::Restaurant)).into_response())
        }
        Err(errors) => {
            let errors: Vec<_> = errors.iter().cloned().collect();
            site.refused(&CreatePage::new(writer.frame, &draft, &errors))
        }
    }
}

/// What the template shows.
#[derive(Serialize)]
struct CreatePage {
    frame: Frame,
    errors: Vec<SummaryLine>,
    fields: Vec<TextField>,
}

impl Page for CreatePage {
    const TEMPLATE: &'static str = "create.html";
}

impl CreatePage {
    fn new(frame: Frame, draft: &RestaurantDraft, errors: &[ValidationError]) -> Self {
        let fields = draft.fields();
        let fields = fields.map(|(field, value)| TextField::new(field, value, errors));
        Self { frame, errors: form::summary(errors), fields: fields.collect() }
    }
}
