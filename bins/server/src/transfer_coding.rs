//! Rejects requests with a transfer coding other than `chunked`, because the HTTP library would forward the body undecoded.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Forwards a request with a known transfer coding. Returns 501 for another one (RFC 9112, section 6.1), and 400 for a body that is chunked twice.
pub async fn check(request: Request, next: Next) -> Response {
    let Some(status) = refusal(request.headers()) else { return next.run(request).await };
    let message = "The request's Transfer-Encoding is not supported: send chunked alone, or a Content-Length.\n";
    // The end of the body is unknown, so the connection cannot be reused.
    let close = (header::CONNECTION, HeaderValue::from_static("close"));
    (status, [close], message).into_response()
}

fn refusal(headers: &HeaderMap) -> Option<StatusCode> {
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
