//! A client that sends anything, and says in a few words what came back.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

/// A request.
pub struct Input {
    headers: Vec<(&'static str, &'static str)>,
    body: String,
}

impl Input {
    /// A call of a tool.
    pub fn call(tool: &str, arguments: Value) -> Self {
        let params = json!({"name": tool, "arguments": arguments});
        Self::raw(
            &json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params})
                .to_string(),
        )
    }

    /// A body.
    pub fn raw(body: &str) -> Self {
        Self { headers: Vec::new(), body: body.to_owned() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// A client with a session, where the server gives one.
pub struct Client {
    url: String,
    session: Option<String>,
}

impl Client {
    /// Opens a session.
    pub async fn connect(url: &str) -> Self {
        let mut client = Self { url: url.to_owned(), session: None };
        let info = json!({"name": "comparison", "version": "1"});
        let params =
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
        let response = client.post(&Input::raw(&body.to_string())).send().await.unwrap();
        let session = response.headers().get("mcp-session-id");
        client.session = session.map(|session| session.to_str().unwrap().to_owned());
        drop(response.text().await);
        let body = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        client.post(&Input::raw(&body.to_string())).send().await.unwrap();
        client
    }

    fn post(&self, input: &Input) -> reqwest::RequestBuilder {
        let mut headers = vec![
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
        ];
        if let Some(session) = &self.session {
            headers.push(("mcp-session-id", session));
            headers.push(("mcp-protocol-version", "2025-11-25"));
        }
        headers.retain(|(name, _)| input.headers.iter().all(|(other, _)| other != name));
        headers.extend(&input.headers);
        let request = reqwest::Client::new().post(&self.url).body(input.body.clone());
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Sends an input, and describes the answer.
    pub async fn send(&self, input: &Input, patience: Duration) -> String {
        let answer = async {
            let response = match self.post(input).send().await {
                Ok(response) => response,
                Err(_) => return "the connection breaks".to_owned(),
            };
            let status = response.status().as_u16();
            describe(status, &response.text().await.unwrap_or_default())
        };
        let none = || format!("no answer within {} s", patience.as_secs());
        timeout(patience, answer).await.unwrap_or_else(|_| none())
    }
}

fn describe(status: u16, body: &str) -> String {
    let data = body.lines().filter_map(|line| line.strip_prefix("data:"));
    let json = |text: &str| serde_json::from_str::<Value>(text.trim()).ok();
    let message = json(body)
        .or_else(|| data.filter_map(json).find(|it| it["id"] == 7 || !it["error"].is_null()));
    let Some(message) = message else {
        return format!("{status}, plain text: {}", short(body));
    };
    if message["error"].is_object() {
        let error = &message["error"];
        return format!(
            "{status}, {}: {}",
            error["code"],
            short(error["message"].as_str().unwrap_or(""))
        );
    }
    let text = message["result"]["content"][0]["text"].as_str().unwrap_or("");
    if message["result"]["isError"] == true {
        let report = json(text).and_then(|report| report["message"].as_str().map(str::to_owned));
        return format!("`isError`: {}", short(report.as_deref().unwrap_or(text)));
    }
    if text.len() > 1000 { format!("served, {} bytes", text.len()) } else { "served".to_owned() }
}

/// A text that fits into a cell of a table.
fn short(text: &str) -> String {
    const MAX_CHARS: usize = 160;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "/");
    let short: String = text.chars().take(MAX_CHARS).collect();
    let more = if text.chars().nth(MAX_CHARS).is_some() { "…" } else { "" };
    format!("“{short}{more}”")
}
