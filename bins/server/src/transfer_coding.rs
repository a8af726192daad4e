//! Rejects requests with a transfer coding other than `chunked`, because the HTTP library would forward the body undecoded.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// The refusal of a request with an unknown transfer coding: 501 (RFC 9112, section 6.1), or 400 for a body that is chunked twice.
pub fn refusal(request: &Request) -> Option<Response> {
    let status = refused_status(request.headers())?;
    let message = "The request's Transfer-Encoding is not supported: send chunked alone, or a Content-Length.\n";
    // The end of the body is unknown, so the connection cannot be reused.
    let close = (header::CONNECTION, HeaderValue::from_static("close"));
    Some((status, [close], message).into_response())
}

fn refused_status(headers: &HeaderMap) -> Option<StatusCode> {
    let mut chunked = 0;
    for value in headers.get_all(header::TRANSFER_ENCODING) {
        for coding in value.to_str().unwrap_or("?").split(',') {
            let coding = coding.trim();
            if coding.eq_ignore_ascii_case("chunked") {
                chunked += 1;
            } else if !coding.is_empty() {
                return Some(StatusCode::NOT_IMPLEMENTED);
            }
        }
    }
    (chunked > 1).then_some(StatusCode::BAD_REQUEST)
}
