//! `GET /create` and `POST /add`: a new restaurant.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use restaurant_domain::{
    AuditResource, CreateError, Restaurant, RestaurantDraft, ValidationError, similar_restaurants,
};
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
    let is_distinct = fields.take(DISTINCT)? == YES;
    let draft = RestaurantDraft::from_fields(|name| fields.take(name))?;
    let new = match draft.parse() {
        Ok(new) => new,
        Err(errors) => {
            let errors: Vec<_> = errors.iter().cloned().collect();
            return state.refused(&CreatePage::new(writer.context, &draft, &errors));
        }
    };
    // A form of this site has a key. A program that sends one without it means each restaurant that it sends.
    if let (Some(_), false) = (&key, is_distinct) {
        let mut similar = similar_restaurants(&*state.repository, &new).await?;
        // The same form, sent again.
        similar.retain(|known| {
            !(new.is_content_of(known)
                && writer.context.has_just_posted(&known.created_by, known.created_at))
        });
        if !similar.is_empty() {
            let similar = similar.iter().map(Similar::of).collect();
            let page = CreatePage::new(writer.context, &draft, &[]);
            return state.refused(&CreatePage { similar, ..page });
        }
    }
    match state.repository.create_restaurant(new, &writer.author, key.as_ref()).await {
        Err(CreateError::KeyReused) => {
            let page = CreatePage::new(writer.context, &draft, &[]);
            state.refused(&CreatePage { errors: form::sent_before(), ..page })
        }
        created => {
            let id = created?.into_inner().id;
            let written = AuditResource { restaurant: Some(id), review: None };
            Ok((Extension(written), see_restaurant(id, Created::Restaurant, None)).into_response())
        }
    }
}

/// The field by which a person says that the restaurant differs from those that look like it.
const DISTINCT: &str = "distinct";
const YES: &str = "yes";

/// A restaurant that looks like the one to add.
#[derive(Serialize)]
struct Similar {
    id: i64,
    name: String,
    street_address: String,
}

impl Similar {
    fn of(restaurant: &Restaurant) -> Self {
        Self {
            id: restaurant.id.0,
            name: restaurant.name.to_string(),
            street_address: restaurant.street_address.to_string(),
        }
    }
}

/// What the template shows.
#[derive(Serialize)]
struct CreatePage {
    context: PageContext,
    errors: Vec<SummaryLine>,
    key: FormKey,
    /// Restaurants that are probably the same; with them, the form says that it differs from them.
    similar: Vec<Similar>,
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
        Self { context, errors, key, similar: Vec::new(), fields: fields.collect() }
    }
}
