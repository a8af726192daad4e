//! Cursors of lists.

use rmcp::{ErrorData, model::PaginatedRequestParams};

/// The start of a page. Some clients send an empty text for the first page; it counts as no cursor.
#[must_use]
pub fn page_cursor(request: Option<PaginatedRequestParams>) -> Option<String> {
    request.and_then(|request| request.cursor).filter(|cursor| !cursor.is_empty())
}

/// Refuses a cursor for a list that has one page.
///
/// # Errors
/// The request has a cursor.
pub fn only_page(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    page_cursor(request).map_or(Ok(()), |_| {
        let message = "cursor is none of this list: it has one page; leave the cursor out";
        Err(ErrorData::invalid_params(message, None))
    })
}
