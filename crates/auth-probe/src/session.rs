//! The sessions of a stateful server (`Mcp-Session-Id`): each opens with `initialize` and ends with `DELETE`.

use std::collections::BTreeMap;

use reqwest::Url;
use serde_json::json;

use crate::{
    AccessToken,
    http_client::{Answer, HttpClient, Request},
};

/// The header by which a request names its session.
pub(crate) const SESSION: &str = "mcp-session-id";

/// The open sessions of a case.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// The last session of each caller, by token; that of a caller without one under the empty text.
    last: BTreeMap<String, String>,
    open: Vec<(String, Option<AccessToken>)>,
}

fn key(token: Option<&AccessToken>) -> &str {
    token.map_or("", AccessToken::expose)
}

impl Sessions {
    /// The session of a caller.
    pub(crate) fn of(&self, token: Option<&AccessToken>) -> Option<String> {
        self.last.get(key(token)).cloned()
    }

    /// Notes the session that an answer to `initialize` opens, and returns the notification that completes it.
    pub(crate) fn opened_by(
        &mut self,
        url: &Url,
        token: Option<&AccessToken>,
        answer: &Answer,
    ) -> Option<Request> {
        let id = answer.header(SESSION).filter(|_| answer.status.is_success())?;
        self.last.insert(key(token).to_owned(), id.to_owned());
        self.open.push((id.to_owned(), token.cloned()));
        let body = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let line = format!("POST {url} notifications/initialized");
        Some(of_caller(Request::message(url.clone(), &body, line), id, token))
    }

    /// Ends all of them. A server need not allow it, so the answers do not matter.
    pub(crate) async fn end(self, http: &HttpClient, url: &Url) {
        for (id, token) in self.open {
            let request = of_caller(Request::of("DELETE", url.clone()), &id, token.as_ref());
            let _ = http.send(&request).await;
        }
    }
}

/// A request in a session.
pub(crate) fn within(request: Request, id: &str) -> Request {
    request.described_header(SESSION, id, "[of a session]")
}

fn of_caller(request: Request, id: &str, token: Option<&AccessToken>) -> Request {
    let request = within(request, id);
    match token {
        Some(token) => request.bearer(token, "the token of the session"),
        None => request,
    }
}
