//! `GET /connect`: how to connect an agent, and what it may do.

use axum::{extract::State, response::Response};
use http::{HeaderMap, header::HOST};
use serde::Serialize;

use crate::{
    access::Reader, app_state::AppState, error_page::PageError, page_context::PageContext,
    templates::Page,
};

/// Shows the page.
pub(crate) async fn connect(
    State(state): State<AppState>,
    Reader(context): Reader,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let connection = &state.connection;
    let address = connection.address.clone().unwrap_or_else(|| {
        // The service has checked the name. Only a machine's own is reached without TLS.
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        format!("http://{host}/mcp")
    });
    state.page(&ConnectPage {
        context,
        address,
        tools: connection.tools.iter().map(|(name, does)| Tool { name, does }).collect(),
        role: connection.role.as_deref(),
        scope: connection.scope.as_deref(),
    })
}

/// What the template shows.
#[derive(Serialize)]
struct ConnectPage<'a> {
    context: PageContext,
    address: String,
    tools: Vec<Tool<'a>>,
    role: Option<&'a str>,
    scope: Option<&'a str>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    does: &'a str,
}

impl Page for ConnectPage<'_> {
    const TEMPLATE: &'static str = "connect.html";
}
