//! `GET /welcome`: what this is, for a visitor who is not signed in.

use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;

use crate::{app_state::Site, error_page::PageError, page_context::PageContext, templates::Page};

/// Shows the page, the same for every caller.
pub(crate) async fn welcome(State(site): State<Site>) -> Result<Response, PageError> {
    let page = WelcomePage {
        context: PageContext::default(),
        restaurants: site.path_after_sign_in("/"),
        connect: site.path_after_sign_in("/connect"),
        signs_in: site.signs_in(),
    };
    Ok(Html(site.templates.render(&page)?).into_response())
}

/// What the template shows.
#[derive(Serialize)]
struct WelcomePage {
    context: PageContext,
    restaurants: String,
    connect: String,
    /// Whether both lead over a sign-in.
    signs_in: bool,
}

impl Page for WelcomePage {
    const TEMPLATE: &'static str = "welcome.html";
}
