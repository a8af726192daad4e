//! Messages to the endpoint without a token that a guard may read otherwise than the server does.

use serde_json::{Value, json};

use super::guarded::{ONLY_ERRORS, refuse_all};
use crate::{
    context::{Caller, Context},
    http_client::Request,
    mcp,
    outcome::CaseFailure,
};

/// More than guards look at, and less than servers refuse. In bytes.
const LARGE: usize = 256 << 10;

/// A call of a tool, compressed with gzip.
const COMPRESSED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x0d\x8aK\x0e\x80 \x0c\x05\xef\xf2\xd6\xc6\xdf\x92\xcb\x98\x06\x89b(\x90\xb6\xae\x0cw\xb7\xbb\x99\xcc|x\xb4U\xe9\x11\x01\xfb\xbcbB>\x11\xb6\x09\x9c\xecn\x8e\xb0\xd6\x8a.\x91J\xf1\xd8I\x88\x15\xe1C%N^KV;$\xa9\xd1+TM\x0f\x8e\xdd?\x92\xeb\xe5\xe4\xee\xeb\x18\xe3\x077t(Uf\x00\x00\x00";

/// A batch, the protocol without `initialize`, notifications; other types of content, encodings and forms of JSON.
pub(super) async fn refused(context: &Context<'_>) -> Result<String, CaseFailure> {
    let mut requests = whole(context);
    requests.extend(meanings(context));
    requests.extend(texts(context));
    requests.extend(forms(context));
    refuse_all(context, requests.into_iter().map(|it| (it, ONLY_ERRORS)).collect()).await
}

fn call(context: &Context<'_>) -> Value {
    mcp::request("tools/call", &context.profile().reading())
}

fn post(context: &Context<'_>, body: &Value, what: &str) -> Request {
    let url = &context.target().mcp;
    Request::message(url.clone(), body, format!("POST {url} {what}"))
}

/// Messages of other kinds.
fn whole(context: &Context<'_>) -> Vec<Request> {
    let initialize = mcp::request("initialize", &mcp::initialize());
    let ping = mcp::request("ping", &json!({}));
    let notification = |method: &str| {
        let body = json!({"jsonrpc": "2.0", "method": method, "params": {"requestId": 0}});
        post(context, &body, method)
    };
    vec![
        post(context, &json!([call(context)]), "a batch of tools/call"),
        post(context, &json!([initialize, call(context)]), "a batch of initialize and tools/call"),
        post(context, &json!([ping, call(context)]), "a batch of ping and tools/call"),
        stateless(context, "server/discover", json!({})),
        stateless(context, "tools/list", json!({})),
        stateless(context, "tools/call", context.profile().reading()),
        notification("notifications/initialized"),
        notification("notifications/cancelled"),
        post(context, &json!({"jsonrpc": "2.0", "id": 1, "result": {}}), "a response"),
    ]
}

/// A request of the protocol that needs no `initialize`.
pub(super) fn stateless(context: &Context<'_>, method: &str, params: Value) -> Request {
    let tool = params["name"].as_str().map(str::to_owned);
    let request = context.message(method, &mcp::stateless(params), Caller::Anonymous);
    mcp::with_stateless_headers(request, method, tool.as_deref())
}

/// A call with a member that is unusual or missing.
fn meanings(context: &Context<'_>) -> Vec<Request> {
    let with = |name: &str, value: Value| {
        let mut message = call(context);
        message[name] = value;
        post(context, &message, &format!("tools/call; {name} is {}", message[name]))
    };
    let without = |mut message: Value, name: &str| {
        message.as_object_mut().map(|members| members.remove(name));
        let method = message["method"].as_str().unwrap_or_default().to_owned();
        post(context, &message, &format!("{method}; without {name}"))
    };
    let mut claiming = context.profile().reading();
    let role = &context.target().role;
    claiming["_meta"] = json!({"user": "admin", "roles": [role], "authorization": "garbage"});
    vec![
        with("id", Value::Null),
        with("id", json!("1")),
        with("id", json!(0)),
        with("method", json!("Tools/Call")),
        without(call(context), "id"),
        without(call(context), "jsonrpc"),
        without(mcp::request("tools/list", &json!({})), "params"),
        post(context, &mcp::request("tools/call", &claiming), "tools/call; a role in _meta"),
    ]
}

/// A call in a text that parsers read in different ways.
fn texts(context: &Context<'_>) -> Vec<Request> {
    let (call, ping) = (call(context), mcp::request("ping", &json!({})));
    let text = call.to_string();
    let twice = text.replacen('{', r#"{"method":"ping","#, 1);
    let escaped = text.replace("tools/call", r"tools\u002fcall");
    let large = format!("{text}{}", " ".repeat(LARGE));
    let texts = [
        (twice, "two methods"),
        (escaped, "an escaped method"),
        (format!("\u{feff}{text}"), "a byte order mark"),
        (format!("\r\n{text}"), "an empty line before it"),
        (format!("{ping}\n{text}"), "ping on a line before it"),
    ];
    let post = |(text, what): (String, &str)| {
        post(context, &call, "tools/call").body("application/json", text).noted(what)
    };
    // A server that rejects it unread closes its connection.
    let large = post((large, "spaces after it")).header("connection", "close");
    texts.map(post).into_iter().chain([large]).collect()
}

/// A call with other headers, or sent in another way.
fn forms(context: &Context<'_>) -> Vec<Request> {
    let (call, text) = (call(context), call(context).to_string());
    let usual = || post(context, &call, "tools/call");
    let calling = |name, value: &str| usual().header(name, value);
    let accepting = |kind: &str| usual().replace("accept", kind);
    let typed = |kind| usual().body(kind, text.clone()).noted(kind);
    let origin = context.target().origin();
    vec![
        accepting("text/html"),
        accepting("*/*"),
        accepting("application/json"),
        accepting("text/event-stream"),
        typed("text/plain"),
        typed("application/x-www-form-urlencoded"),
        typed("application/json; charset=utf-8"),
        typed("APPLICATION/JSON"),
        typed("application/octet-stream"),
        typed("multipart/form-data; boundary=x"),
        usual().untyped_body(text.clone()).noted("without Content-Type"),
        usual().body("application/json", COMPRESSED).header("content-encoding", "gzip"),
        calling("transfer-encoding", "chunked"),
        calling("expect", "100-continue"),
        calling("upgrade", "websocket"),
        calling("mcp-protocol-version", "2024-11-05"),
        calling("mcp-protocol-version", "2025-06-18"),
        calling("mcp-protocol-version", mcp::STATELESS).header("mcp-method", "ping"),
        calling("origin", origin),
        calling("referer", origin),
        calling("x-requested-with", "XMLHttpRequest"),
        calling("sec-fetch-mode", "navigate"),
        usual().http_1_0(),
    ]
}
