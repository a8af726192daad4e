//! The kinds of request that are measured, and the client that sends them.

use anyhow::{Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A kind of request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) body: &'static str,
}

/// The request that does the least.
pub(super) const BARE: Work =
    Work { name: "bare answer (/healthz)", method: "GET", path: "/healthz", body: "" };
/// The requests of users and agents.
pub(super) const WORK: [Work; 8] = [
    Work { name: "page: list of 20", method: "GET", path: "/", body: "" },
    Work {
        name: "page: best rated of a search",
        method: "GET",
        path: "/?search=lantern&sort=rating",
        body: "",
    },
    Work { name: "page: details with 20 reviews", method: "GET", path: "/details/7", body: "" },
    Work {
        name: "MCP: tools/list",
        method: "POST",
        path: "/mcp/mcp",
        body: r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
    },
    Work {
        name: "MCP: list_restaurants_mcp (20)",
        method: "POST",
        path: "/mcp/mcp",
        body: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_restaurants_mcp","arguments":{}}}"#,
    },
    Work {
        name: "MCP: list_restaurants_mcp (100)",
        method: "POST",
        path: "/mcp/mcp",
        body: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_restaurants_mcp","arguments":{"limit":100}}}"#,
    },
    Work {
        name: "MCP: get_details_mcp",
        method: "POST",
        path: "/mcp/mcp",
        body: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_details_mcp","arguments":{"restaurant_id":7}}}"#,
    },
    Work {
        name: "MCP: create_review_mcp",
        method: "POST",
        path: "/mcp/mcp",
        body: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_review_mcp","arguments":{"restaurant_id":3,"user_name":"Bench","rating":4,"review_text":"Fast."}}}"#,
    },
];

/// Reviews of the first 100 restaurants in turn: `{n}` is the id.
pub(super) const SPREAD: Work = Work {
    name: "MCP: create_review_mcp (spread)",
    method: "POST",
    path: "/mcp/mcp",
    body: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_review_mcp","arguments":{"restaurant_id":{n},"user_name":"Bench","rating":4,"review_text":"Fast."}}}"#,
};

/// Requests whose answer is never kept, because each is another one: `{n}` is the number of the request, and `{spaces}` as many.
pub(super) const ANEW: [Work; 3] = [
    Work { name: "page: list of 20, read anew", method: "GET", path: "/?anew={n}", body: "" },
    Work { name: "page: details, read anew", method: "GET", path: "/details/7?anew={n}", body: "" },
    Work {
        name: "MCP: list tool (20), read anew",
        method: "POST",
        path: "/mcp/mcp",
        body: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_restaurants_mcp","arguments":{"search":"{spaces}"}}}"#,
    },
];

/// The bytes of the request of this number.
pub(super) fn numbered(address: &str, work: &Work, number: usize) -> String {
    let path = work.path.replace("{n}", &number.to_string());
    let body = work.body.replace("{spaces}", &" ".repeat(number));
    let body = body.replace("{n}", &number.to_string());
    bytes(address, work.method, &path, &body)
}

/// The bytes of a request, the first of its kind.
pub(super) fn request(address: &str, work: &Work) -> String {
    numbered(address, work, 1)
}

fn bytes(address: &str, method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json, text/event-stream\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends a request and reads its whole answer, which must be a success; gives the answer.
pub(super) async fn ask(stream: &mut TcpStream, request: &str) -> Result<Vec<u8>> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(32 * 1024);
    loop {
        ensure!(stream.read_buf(&mut answer).await? > 0, "the connection closed");
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&answer[..end])?;
        ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
        let body = &answer[end + 4..];
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let complete = match length {
            Some(length) => body.len() >= length.parse()?,
            None => body.ends_with(b"0\r\n\r\n"),
        };
        if complete {
            return Ok(answer);
        }
    }
}
