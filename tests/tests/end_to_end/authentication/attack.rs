//! An attack: what a request brings, and what each door has to answer.

use std::sync::LazyLock;

use reqwest::{Client, Response};
use restaurant_tests::mcp;
use serde_json::{Value, json};

use super::protected_server::{Deployment, ProtectedServer};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The tool does its work.
    Accepted,
    /// 401: nobody that we know.
    Unauthorized,
    /// 403: somebody whom we know, and who may not.
    Forbidden,
}
pub use Expected::{Accepted, Forbidden, Unauthorized};

impl Expected {
    fn of(status: u16) -> Option<Self> {
        match status {
            200 => Some(Accepted),
            401 => Some(Unauthorized),
            403 => Some(Forbidden),
            _ => None,
        }
    }
}

/// One client for all attacks: it costs much to make. Each request has a connection of its own, which outlives no runtime.
static CLIENT: LazyLock<Client> =
    LazyLock::new(|| Client::builder().pool_max_idle_per_host(0).build().unwrap());

/// Header lines.
pub type Lines = Vec<(String, String)>;

/// An attack and its verdicts.
pub struct Attack {
    pub name: &'static str,
    pub lines: Lines,
    /// What a server in mode `entra` answers.
    pub entra: Expected,
    /// What is answered where the platform is in front.
    pub platform: Expected,
}

/// A header with a token.
pub fn bearer(token: impl AsRef<str>) -> Lines {
    authorization(format!("Bearer {}", token.as_ref()))
}

/// An `Authorization` header.
pub fn authorization(value: impl Into<String>) -> Lines {
    vec![("authorization".to_owned(), value.into())]
}

/// Sends a message to the MCP endpoint.
pub async fn send(
    protected: &ProtectedServer,
    lines: &Lines,
    method: &str,
    params: Value,
) -> reqwest::Result<Response> {
    let message = mcp::request(method, &params);
    let mut request = mcp::post(&CLIENT, protected.url("/mcp/mcp"), &message);
    for (name, value) in lines {
        request = request.header(name, value);
    }
    request.send().await
}

/// Asks the tool that writes to write `text`, and gives the answer.
pub async fn write(
    protected: &ProtectedServer,
    lines: &Lines,
    text: &str,
) -> reqwest::Result<Response> {
    let arguments =
        json!({"restaurant_id": 1, "user_name": "Mallory", "rating": 1, "review_text": text});
    let params = json!({"name": "create_review_mcp", "arguments": arguments});
    send(protected, lines, "tools/call", params).await
}

/// What is wrong with the answers to the attacks; nothing, if all is well.
pub async fn run(
    protected: &ProtectedServer,
    deployment: Deployment,
    attacks: &[Attack],
) -> Vec<String> {
    let mut wrong = Vec::new();
    for Attack { name, lines, entra, platform } in attacks {
        let expected = match deployment {
            Deployment::Entra => *entra,
            Deployment::Platform => *platform,
            // The platform answers first, and lets nobody past whom it does not know; then the server does.
            Deployment::Both => {
                if *platform == Accepted {
                    *entra
                } else {
                    *platform
                }
            }
        };
        let Ok(answer) = write(protected, lines, name).await else {
            wrong.push(format!("{name}: no answer"));
            continue;
        };
        let status = answer.status().as_u16();
        let challenge = answer.headers().get("www-authenticate").is_some();
        if Expected::of(status) != Some(expected) {
            wrong.push(format!("{name}: {status}, and not {expected:?}"));
        } else if matches!(expected, Unauthorized | Forbidden)
            && deployment == Deployment::Entra
            && !challenge
        {
            wrong.push(format!("{name}: {status} without a challenge"));
        }
    }
    wrong
}

/// The reviews of the first restaurant, newest first.
pub async fn details(protected: &ProtectedServer, lines: &Lines) -> Vec<Value> {
    let params = json!({"name": "get_details_mcp", "arguments": {"restaurant_id": 1}});
    let answer = send(protected, lines, "tools/call", params).await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["result"]["structuredContent"]["reviews"].as_array().unwrap().clone()
}
