//! The routes of the static files.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header::CACHE_CONTROL};

use crate::{
    assets::{Asset, FAVICON},
    error_page::PageError,
};

/// A year: the longest time that caches honour.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// For addresses that do not change with their content.
const A_DAY: &str = "public, max-age=86400";

/// `GET /static/{file}`.
pub(crate) async fn serve(
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let asset = Asset::find(&file).ok_or(PageError::NotFound)?;
    Ok(asset.respond(&headers, FOREVER))
}

/// `GET /favicon.ico`: for clients that request it without reading a page.
pub(crate) async fn favicon(headers: HeaderMap) -> Response {
    FAVICON.respond(&headers, A_DAY)
}

/// `GET /robots.txt`: excludes crawlers, since the lists are for invited people and agents.
pub(crate) async fn robots() -> impl IntoResponse {
    ([(CACHE_CONTROL, A_DAY)], "User-agent: *\nDisallow: /\n")
}
