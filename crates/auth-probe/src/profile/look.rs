//! A first profile of a server, by what it answers to a good token.

use std::fmt::Write as _;

use reqwest::Url;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Profile;
use crate::{
    AccessToken, Target, TargetError,
    http_client::{Answer, HttpClient, Request},
    mcp,
    session::{SESSION, Sessions, within},
};

/// Where endpoints often are.
const PATHS: [&str; 4] = ["/mcp", "/mcp/mcp", "/api/mcp", "/"];

/// How the names of tools begin that only read, in servers that do not say so.
const READING: [&str; 5] = ["list", "get", "search", "find", "read"];

/// No profile could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// The address or the path is not one that tokens may be sent to.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// This machine's own means of sending requests fail.
    #[error("no request can be sent from here")]
    Client(#[source] reqwest::Error),
    /// No path answers as an MCP endpoint.
    #[error(
        "no MCP endpoint accepts the token: {0}. Give the path by --mcp-path, and a token that the server accepts"
    )]
    NoEndpoint(String),
}

/// The connection to a server whose endpoint is found.
struct Look {
    http: HttpClient,
    target: Target,
    token: AccessToken,
    session: Option<String>,
}

impl Profile {
    /// Looks at a server with a good token, and writes a first profile in TOML: what cannot be seen is a comment. It calls no
    /// tool. `path` is that of the endpoint; without it the usual ones are tried.
    ///
    /// # Errors
    /// The server cannot be reached, or no endpoint accepts the token.
    pub async fn look(
        origin: &str,
        path: Option<&str>,
        token: AccessToken,
    ) -> Result<String, LookError> {
        let target = Target::new(origin, Uuid::nil(), Uuid::nil())?;
        let http = HttpClient::new(&target.origin).map_err(LookError::Client)?;
        let paths = path.map_or_else(|| PATHS.to_vec(), |path| vec![path]);
        let mut tried = Vec::new();
        for path in paths {
            let target = target.clone().mcp_path(path)?;
            let mut look = Look { http: http.clone(), target, token: token.clone(), session: None };
            match look.ask("initialize", &mcp::initialize()).await {
                Ok((answer, _)) => {
                    let url = look.target.mcp.clone();
                    let mut sessions = Sessions::default();
                    let then = sessions.opened_by(&url, Some(&token), &answer);
                    look.session = answer.header(SESSION).map(str::to_owned);
                    if let Some(then) = then {
                        drop(look.http.send(&then).await);
                    }
                    let profile = look.describe().await;
                    sessions.end(&look.http, &url).await;
                    return Ok(profile);
                }
                Err(why) => tried.push(format!("{path}: {why}")),
            }
        }
        Err(LookError::NoEndpoint(tried.join(", ")))
    }
}

impl Look {
    /// Asks the endpoint something; its answer and the result in it, or the status.
    async fn ask(&self, method: &str, params: &Value) -> Result<(Answer, Value), String> {
        let url = self.target.mcp.clone();
        let request = Request::message(url, &mcp::request(method, params), String::new());
        self.result(request).await
    }

    async fn result(&self, request: Request) -> Result<(Answer, Value), String> {
        let request = request.bearer(&self.token, "the token");
        let request = match &self.session {
            Some(id) => within(request, id),
            None => request,
        };
        let answer = self.http.send(&request).await.map_err(|no| no.reason().to_owned())?;
        let result = mcp::result(&answer).map_err(|_| answer.status.as_u16().to_string())?;
        Ok((answer, result))
    }

    /// Whether the server speaks the protocol in which each request stands alone.
    async fn is_stateless(&self) -> bool {
        let url = self.target.mcp.clone();
        let (method, params) = ("server/discover", mcp::stateless(json!({})));
        let request = Request::message(url, &mcp::request(method, &params), String::new());
        self.result(mcp::with_stateless_headers(request, method, None)).await.is_ok()
    }

    async fn document(&self, url: Url) -> Option<Value> {
        let answer = self.http.send(&Request::get(url)).await.ok()?;
        let document: Value = serde_json::from_str(&answer.body).ok()?;
        (answer.status == 200 && document["resource"].is_string()).then_some(document)
    }

    async fn has_page(&self) -> bool {
        let request = Request::get(self.target.url("/")).bearer(&self.token, "the token");
        let answer = self.http.send(&request).await;
        answer.is_ok_and(|it| it.status == 200 && it.content_type().starts_with("text/html"))
    }

    async fn describe(&self) -> String {
        let listed = self.ask("tools/list", &json!({})).await.map(|(_, it)| it).unwrap_or_default();
        let tools: Vec<_> = listed["tools"].as_array().into_iter().flatten().collect();
        let names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
        let resources = self.ask("resources/list", &json!({})).await.map(|(_, it)| it);
        let resources = resources.unwrap_or_default();
        let (root, suffix) = (self.target.metadata(), self.target.mcp_metadata());
        let documents =
            [("root", self.document(root).await), ("suffix", self.document(suffix).await)];
        let at: Vec<_> =
            documents.iter().filter(|(_, it)| it.is_some()).map(|(at, _)| *at).collect();
        let scopes =
            documents.iter().find_map(|(_, it)| it.as_ref()?["scopes_supported"].as_array());
        let scope = scopes
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .find_map(|scope| scope.rsplit_once('/'));
        let role = self
            .token
            .claims()
            .0
            .get("roles")
            .and_then(|roles| roles[0].as_str().map(str::to_owned));
        let mut eras = vec!["2025-11-25"];
        eras.extend(self.is_stateless().await.then_some("2026-07-28"));

        let mut text = String::from(
            "# A first profile, by what the server answered to a good token. Check it, above all [read].\n",
        );
        let mut line = |name: &str, value: Value| {
            let _ = writeln!(text, "{name} = {value}");
        };
        line("[mcp]\npaths", json!([self.target.mcp.path()]));
        line("tools", json!(names));
        line("sessions", json!(self.session.is_some()));
        line("eras", json!(eras));
        if let Some(uri) = resources["resources"][0]["uri"].as_str() {
            line("resource", json!(uri));
        }
        if self.has_page().await {
            line("\n[pages]\npaths", json!(["/"]));
        }
        line("\n[metadata]\nat", json!(at));
        line("\n[access]\nrole", json!(role.as_deref().unwrap_or("MCP.Access")));
        line("scope", json!(scope.map_or("user_impersonation", |(_, name)| name)));
        match tools.iter().find(|tool| is_reading(tool)) {
            Some(tool) => line("\n[read]\ntool", tool["name"].clone()),
            None => text.push_str(
                "\n# [read]\n# tool = \"a tool that changes nothing\"\n# arguments = {}\n",
            ),
        }
        text.push_str(WRITE);
        text
    }
}

/// The part that cannot be seen from outside.
const WRITE: &str = r#"
# [write]
# tool = "a tool that writes a text"
# arguments = { title = "{text}" }
# read_back = { tool = "a tool whose result then contains the text" }
"#;

/// Whether a tool says that it only reads, or is named so, and needs no argument.
fn is_reading(tool: &Value) -> bool {
    let needs = tool["inputSchema"]["required"].as_array().is_some_and(|names| !names.is_empty());
    let hint = tool["annotations"]["readOnlyHint"].as_bool();
    let name = tool["name"].as_str().unwrap_or_default();
    let named = READING.iter().any(|verb| name.to_ascii_lowercase().starts_with(verb));
    !needs && hint.unwrap_or(named)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::is_reading;

    #[test]
    fn a_tool_that_reads_is_told_by_its_hint_or_its_name() {
        for (tool, reads) in [
            (json!({"name": "x", "annotations": {"readOnlyHint": true}}), true),
            (json!({"name": "list_x", "annotations": {"readOnlyHint": false}}), false),
            (json!({"name": "list_x", "inputSchema": {"required": []}}), true),
            (json!({"name": "list_x", "inputSchema": {"required": ["a"]}}), false),
            (json!({"name": "add_x"}), false),
        ] {
            assert_eq!(is_reading(&tool), reads, "{tool}");
        }
    }
}
