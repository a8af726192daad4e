//! `GET /create` and `POST /add`: a new restaurant.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use restaurant_domain::{AuditResource, CreateError, RestaurantDraft, ValidationError};
use serde::Serialize;

use super::{Created, see_restaurant};
use crate::{
    access::Writer,
    app_state::AppState,
    error_page::PageError,
    fields::FormFields,
    form::{self, FormKey, SummaryLine, TextField},
    page_context::PageContext,
    templates::Page,
};

/// Shows the empty form.
pub(crate) async fn form(
    State(state): State<AppState>,
    writer: Writer,
) -> Result<Response, PageError> {
    state.page(&CreatePage::new(writer.context, &RestaurantDraft::default(), &[]))
}

/// Adds the restaurant, or shows the form again with what is wrong.
pub(crate) async fn add(
    State(state): State<AppState>,
    writer: Writer,
    FormFields(mut fields): FormFields,
) -> Result<Response, PageError> {
    let key = FormKey::take(&mut fields)?;
    let draft = RestaurantDraft::from_fields(|name| fields.take(name))?;
    let new = match draft.parse() {
        Ok(new) => new,
        Err(errors) => {
            let errors: Vec<_> = errors.iter().cloned().collect();
            return state.refused(&CreatePage::new(writer.context, &draft, &errors));
        }
    };
    match state.repository.create_restaurant(new, &writer.author, key.as_ref()).await {
        Err(CreateError::KeyReused) => {
            let page = CreatePage::new(writer.context, &draft, &[]);
            state.refused(&CreatePage { errors: form::sent_before(), ..page })
        }
        created => {
            let id = created?.into_inner().id;
            let written = AuditResource { restaurant: Some(id), review: None };
            Ok((Extension(written), see_restaurant(id, Created::Restaurant)).into_response())
        }
    }
}

/// What the template shows.
#[derive(Serialize)]
struct CreatePage {
    context: PageContext,
    errors: Vec<SummaryLine>,
    key: FormKey,
    fields: Vec<TextField>,
}

impl Page for CreatePage {
    const TEMPLATE: &'static str = "create.html";
}

impl CreatePage {
    fn new(context: PageContext, draft: &RestaurantDraft, errors: &[ValidationError]) -> Self {
        let fields = draft.fields();
        let fields = fields.map(|(field, value)| TextField::new(field, value, errors));
        let (errors, key) = (form::summary(errors), FormKey::new());
        Self { context, errors, key, fields: fields.collect() }
    }
}
