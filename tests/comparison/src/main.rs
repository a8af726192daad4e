//! Sends the same inputs to the same careless tools behind four crates, and prints what each answers as a table.
//!
//! ```sh
//! cargo run --manifest-path tests/comparison/Cargo.toml
//! ```

mod client;
mod servers;

use std::{sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    client::{Client, Input},
    servers::Servers,
};

/// The time limit of calls, where a crate has one; and for how long the client waits.
const LIMIT: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(6);

fn inputs() -> Vec<(&'static str, Input)> {
    let call = Input::call;
    vec![
        ("a good call", call("echo", json!({"stars": 3}))),
        ("the tool panics", call("panics", json!({}))),
        ("the tool never returns", call("waits", json!({}))),
        ("an argument of the wrong type", call("echo", json!({"stars": "x"}))),
        ("an argument out of its range", call("echo", json!({"stars": 9}))),
        (
            "an argument that is misspelt and optional",
            call("echo", json!({"stars": 3, "nite": "x"})),
        ),
        ("two wrong arguments", call("echo", json!({"stars": "x", "note": 5}))),
        ("an unknown tool", call("missing", json!({}))),
        ("a response of 1 MB", call("large", json!({}))),
        ("a request of 2 MB", call("echo", json!({"stars": 3, "note": "x".repeat(2_000_000)}))),
        (
            "a foreign `Origin`",
            call("echo", json!({"stars": 3})).header("origin", "https://evil.example"),
        ),
        ("a foreign `Host`", call("echo", json!({"stars": 3})).header("host", "evil.example")),
        ("broken JSON", Input::raw("{")),
        ("a batch", Input::raw(r#"[{"jsonrpc":"2.0","id":7,"method":"ping"}]"#)),
        (
            "`Accept: application/json` alone",
            call("echo", json!({"stars": 3})).header("accept", "application/json"),
        ),
    ]
}

#[tokio::main]
async fn main() {
    // The panics of the tools are part of the measurement.
    std::panic::set_hook(Box::new(|panic| {
        if panic.payload_as_str() != Some("a secret") {
            eprintln!("{panic}");
        }
    }));
    // A dependency of rmcp-server-kit makes every client ask for one, also without TLS.
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let servers = Servers::start().await;
    println!("| Input | {} |", servers.names().join(" | "));
    println!("|---|{}", "---|".repeat(servers.names().len()));
    for (name, input) in inputs() {
        let mut cells = Vec::new();
        for server in servers.all() {
            let client = Client::connect(&server.url).await;
            cells.push(client.send(&input, PATIENCE).await);
        }
        println!("| {name} | {} |", cells.join(" | "));
    }
    let mut cells = Vec::new();
    for server in servers.all() {
        let before = Arc::strong_count(&server.waiting);
        let client = Client::connect(&server.url).await;
        // Gives up before any time limit.
        client.send(&Input::call("waits", json!({})), LIMIT / 4).await;
        tokio::time::sleep(LIMIT / 4).await; // tidy: it measures whether the call goes on
        let is_dropped = Arc::strong_count(&server.waiting) == before;
        cells.push(if is_dropped { "the call is dropped" } else { "the call goes on" });
    }
    println!("| the caller leaves | {} |", cells.join(" | "));
}
