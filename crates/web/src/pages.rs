//! The pages: one operation a file, each with its input and its view.

pub(crate) mod activity;
mod author_group;
pub(crate) mod connect;
pub(crate) mod create;
pub(crate) mod details;
pub(crate) mod list;
mod list_input;
pub(crate) mod review;
mod review_choice;
mod review_form;
pub(crate) mod take_back;
pub(crate) mod welcome;

use std::{hash::Hash, pin::pin};

use axum::{
    extract::{FromRequestParts, Path},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header::LOCATION, request::Parts};
use restaurant_domain::{RestaurantId, Validity};

use self::list_input::ListLink;
use crate::{
    app_state::AppState,
    error_page::{Complete, PageError},
    kept_pages::Address,
    rendered_page::RenderedPage,
    templates::Page,
};

impl AppState {
    /// The page with status 200.
    fn page<P: Page>(&self, view: &P) -> Result<Response, PageError> {
        Ok(RenderedPage::new(&self.site.templates.render(view)?).into_response())
    }

    /// The page at an address with status 200, as it is kept where it is. `view` reads what it shows.
    async fn kept_page<P: Page + Hash + Eq + Send + Sync + 'static>(
        &self,
        address: Address,
        view: impl Future<Output = Result<Validity<P>, PageError>>,
    ) -> Result<Response, PageError> {
        let render = |view: &P| self.site.templates.render(view);
        let view = pin!(view);
        let page = self.kept_pages.at(address, &*self.repository, view, render).await?;
        Ok(page.into_response())
    }

    /// The page with status 422: what was sent is shown again, with what is wrong with it.
    fn refused<P: Page>(&self, view: &P) -> Result<Response, PageError> {
        let mut response = self.page(view)?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        response.extensions_mut().insert(Complete);
        Ok(response)
    }
}

/// The restaurant that the address names; an address that names none is one that does not exist.
pub(crate) struct RestaurantPath(pub(crate) RestaurantId);

impl<S: Send + Sync> FromRequestParts<S> for RestaurantPath {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(RestaurantId(id))),
            Err(_) => Err(PageError::NotFound),
        }
    }
}

/// What was just written. It travels in the address after a form, as one of two words, so no text of others can be shown by a link.
#[derive(Debug, Clone, Copy)]
enum Created {
    Restaurant,
    Review,
}

impl Created {
    const FIELD: &str = "created";

    fn as_str(self) -> &'static str {
        match self {
            Self::Restaurant => "restaurant",
            Self::Review => "review",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Restaurant, Self::Review].into_iter().find(|created| created.as_str() == word)
    }

    fn confirmation(self) -> &'static str {
        match self {
            Self::Restaurant => "The restaurant was added. Be the first to review it!",
            Self::Review => "Thank you! Your review was posted. It is marked below.",
        }
    }
}

/// 303: the browser gets the restaurant's page, so reloading it does not send the form again.
fn see_restaurant(id: RestaurantId, created: Created, list: Option<&ListLink>) -> Response {
    let list = list.map(|list| format!("&{}={}", ListLink::FIELD, list.encoded()));
    let list = list.unwrap_or_default();
    see_other(&format!("/details/{id}?{}={}{list}", Created::FIELD, created.as_str()))
}

/// 303 to an address of this site.
fn see_other(address: &str) -> Response {
    match HeaderValue::try_from(address) {
        Ok(address) => {
            (StatusCode::SEE_OTHER, HeaderMap::from_iter([(LOCATION, address)])).into_response()
        }
        Err(_) => PageError::NotFound.into_response(),
    }
}
