//! `--soak`: many stateless MCP calls, and the server's memory on the way.

use std::path::Path;

use anyhow::{Result, ensure};
use restaurant_tests::server::Server;
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinSet};

use super::{ask, resident_kilobytes};

/// How many times the memory is read.
const STEPS: u32 = 10;
/// How many calls a connection makes before it is replaced.
const CALLS_PER_CONNECTION: u32 = 100;
/// How much the memory may grow after the first tenth, in kilobytes: what allocators and caches move by.
const MAX_GROWTH: u32 = 16 * 1024;

/// Calls the server `calls` times on an SQLite file with sample data, each call on its own in the era without sessions.
///
/// # Errors
/// A call fails, or the memory grows by more than 16 MB after the first tenth.
pub(super) async fn run(program: &Path, calls: u32, connections: u32) -> Result<()> {
    let folder = tempfile::TempDir::new()?;
    let server = Server::builder().program(program).folder(folder.path()).env("LOG", "error");
    let server = server.start().await?;
    let address = server.url("").replace("http://", "");
    println!("{calls} stateless calls on SQLite, {connections} connections");
    let mut memory = Vec::new();
    for step in 1..=STEPS {
        let mut clients = JoinSet::new();
        for client in 0..connections {
            let address = address.clone();
            let share = calls / STEPS / connections;
            clients
                .spawn(async move { converse(&address, share, step * connections + client).await });
        }
        while let Some(done) = clients.join_next().await {
            done??;
        }
        memory.push(resident_kilobytes(server.pid())?);
        println!(
            "{:>3} %: {:.1} MB",
            step * 100 / STEPS,
            f64::from(memory[memory.len() - 1]) / 1024.0
        );
    }
    let (first, last) = (memory[0], memory[memory.len() - 1]);
    ensure!(last <= first + MAX_GROWTH, "the memory grew from {first} to {last} kB");
    Ok(())
}

/// Makes calls one after the other, of every kind in turn.
async fn converse(address: &str, calls: u32, seed: u32) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    for call in 0..calls {
        if call % CALLS_PER_CONNECTION == CALLS_PER_CONNECTION - 1 {
            stream = TcpStream::connect(address).await?;
        }
        let (method, name, params) = work(call, seed);
        let answer = ask(&mut stream, &request(address, method, name, params)).await?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(
            !answer.contains("\"isError\":true") && !answer.contains("\"error\":"),
            "{method} failed: {answer}"
        );
    }
    Ok(())
}

/// A method, the name that goes with it into a header, and its params.
fn work(call: u32, seed: u32) -> (&'static str, &'static str, Value) {
    let tool = |name: &'static str, arguments: Value| {
        ("tools/call", name, json!({"name": name, "arguments": arguments}))
    };
    match call % 8 {
        0 => ("server/discover", "", json!({})),
        1 => ("tools/list", "", json!({})),
        2 => tool("list_restaurants_mcp", json!({"search": "e", "sort": "rating"})),
        3 => tool("get_details_mcp", json!({"restaurant_id": 1 + call % 12})),
        4 => ("resources/read", "restaurant://1", json!({"uri": "restaurant://1"})),
        5 => {
            let arguments = json!({"first_restaurant": "1", "second_restaurant": "2"});
            let params = json!({"name": "compare_restaurants", "arguments": arguments});
            ("prompts/get", "compare_restaurants", params)
        }
        6 => {
            let reference = json!({"type": "ref/prompt", "name": "write_fair_review"});
            let argument = json!({"name": "restaurant", "value": "b"});
            ("completion/complete", "", json!({"ref": reference, "argument": argument}))
        }
        _ => {
            // Every other one repeats the one before.
            let review = json!({
                "restaurant_id": 1 + (call / 16) % 12, "user_name": "Soak", "rating": 4, "review_text": "Still here.",
                "idempotency_key": format!("{seed}-{}", call / 16),
            });
            tool("create_review_mcp", review)
        }
    }
}

fn request(address: &str, method: &str, name: &str, mut params: Value) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "soak", "version": "1"},
    });
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let name = if name.is_empty() { String::new() } else { format!("Mcp-Name: {name}\r\n") };
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nAccept: application/json, text/event-stream\r\n\
         Content-Type: application/json\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n{name}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
