//! Passes a request on to the app, and its answer back, as they stream.

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
    header::{CONNECTION, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
};
use reqwest::{Client, Url, redirect::Policy};

/// The app, and the client that speaks to it.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    client: Client,
    origin: Url,
}

/// Headers that are for the next hop alone (RFC 9110, section 7.6.1), besides those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-authenticate"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

impl Upstream {
    pub(super) fn new(origin: Url) -> reqwest::Result<Self> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().http1_only();
        // Another crate of the same build may have switched decompression on.
        let client = client.no_gzip().no_brotli().no_deflate().no_zstd();
        Ok(Self { client: client.build()?, origin })
    }

    /// Where a request goes. Dot segments are resolved, so that every rule is about the path that the app sees.
    pub(super) fn url(&self, uri: &Uri) -> Url {
        let mut url = self.origin.clone();
        url.set_path(uri.path());
        url.set_query(uri.query());
        url
    }

    /// Sends the request on. An app that is away is 503, one that breaks off 502.
    pub(super) async fn forward(&self, url: Url, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let mut sent = self.client.request(parts.method, url).headers(parts.headers);
        // A body that announced its length keeps it; one that is not there stays away.
        if !body.is_end_stream() {
            sent = sent.body(reqwest::Body::wrap_stream(body.into_data_stream()));
        }
        match sent.send().await {
            // No upgrade was asked for.
            Ok(answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => failed(false),
            Ok(answer) => answered(answer),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the app does not answer");
                failed(error.is_connect())
            }
        }
    }
}

fn answered(answer: reqwest::Response) -> Response {
    let answer: http::Response<reqwest::Body> = answer.into();
    let (mut parts, body) = answer.into_parts();
    drop_hop_by_hop(&mut parts.headers);
    Response::from_parts(parts, Body::new(body))
}

fn failed(is_away: bool) -> Response {
    if is_away {
        (StatusCode::SERVICE_UNAVAILABLE, "The service is unavailable.\n").into_response()
    } else {
        (StatusCode::BAD_GATEWAY, "The app broke off.\n").into_response()
    }
}

/// Drops what is not for the app. It happens before anything is added: `Connection` cannot name what comes after.
pub(super) fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let lines = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named = lines.flat_map(|line| line.split(','));
    let named: Vec<HeaderName> = named.filter_map(|name| name.trim().parse().ok()).collect();
    for name in HOP_BY_HOP.into_iter().chain(named).filter(|name| name != HOST) {
        headers.remove(name);
    }
}

/// Says for whom the request is passed on.
pub(super) fn add_forwarded(headers: &mut HeaderMap, client: &str, origin: &str) {
    let host = headers.get(HOST).cloned();
    let mut insert = |name, value| headers.insert(HeaderName::from_static(name), value);
    if let Ok(client) = HeaderValue::from_str(client) {
        insert("x-forwarded-for", client);
    }
    let scheme = if origin.starts_with("https:") { "https" } else { "http" };
    insert("x-forwarded-proto", HeaderValue::from_static(scheme));
    if let Some(host) = host {
        insert("x-forwarded-host", host);
    }
}
