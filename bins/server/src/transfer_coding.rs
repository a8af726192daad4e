//! Refuses requests whose body has a transfer coding other than `chunked`: the HTTP library would hand it on as it came, still coded.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Passes a request on when its transfer coding is known, else answers 501 (RFC 9112, section 6.1), and 400 to one that is chunked twice.
pub async fn check(request: Request, next: Next) -> Response {
    let Some(status) = refusal(request.headers()) else { return next.run(request).await };
    let message = "The request's Transfer-Encoding is not supported: send chunked alone, or a Content-Length.\n";
    // What follows the head cannot be told apart from the next request.
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
