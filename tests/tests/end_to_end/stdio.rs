//! `mcp-stdio`: the server as a desktop client starts it.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{path::Path, process::Stdio, time::Duration};

use restaurant_tests::{
    agent::Agent,
    mcp,
    postgres::shared,
    server::{Server, ServerBuilder},
};
use rmcp::model::ReadResourceRequestParams;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::Child,
    task::JoinHandle,
    time::timeout,
};

const TIMEOUT: Duration = Duration::from_secs(30);

/// A client whose server is a process of its own.
struct Session {
    agent: Agent,
    child: Child,
    /// Read from the start: a full pipe would hold the server up.
    log: JoinHandle<String>,
}

impl Session {
    async fn start(server: ServerBuilder, folder: &Path) -> Self {
        let mut command = server.arg("mcp-stdio").command(folder).await.unwrap();
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let (output, input) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            stderr.read_to_string(&mut log).await.unwrap();
            log
        });
        let agent = timeout(TIMEOUT, Agent::over(output, input)).await.unwrap().unwrap();
        Self { agent, child, log }
    }

    async fn call(&self, tool: &'static str, arguments: Value) -> Result<Value, Value> {
        timeout(TIMEOUT, self.agent.call(tool, arguments)).await.unwrap().unwrap()
    }

    async fn create(&self, name: &str) -> Result<Value, Value> {
        let arguments =
            json!({"restaurant_name": name, "street_address": "1 Quay", "description": "Fish"});
        self.call("create_restaurant_mcp", arguments).await
    }

    /// Leaves, sees the server end well, and returns its log.
    async fn leave(mut self) -> String {
        self.agent.close().await.unwrap();
        let status = timeout(TIMEOUT, self.child.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
        self.log.await.unwrap()
    }
}

fn sqlite() -> ServerBuilder {
    Server::builder().env("DATABASE_URL", "sqlite://data.sqlite3")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_has_sample_data_and_leaves_an_audit_record() {
    let folder = TempDir::new().unwrap();
    let session = Session::start(sqlite().env("LOG", "error"), folder.path()).await;
    assert_eq!(session.agent.client.list_all_tools().await.unwrap().len(), 4);
    assert_eq!(session.agent.client.list_all_resources().await.unwrap().len(), 12);
    let restaurant = session.create("Private Anchor").await.unwrap();
    let uri = format!("restaurant://{}", restaurant["id"]);
    let read =
        session.agent.client.read_resource(ReadResourceRequestParams::new(uri)).await.unwrap();
    assert_eq!(read.contents.len(), 1);
    let log = session.leave().await;
    let records: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 1, "{log}");
    let record = &records[0];
    assert_eq!(
        (&record["target"], &record["channel"], &record["operation"]),
        (&json!("audit"), &json!("mcp"), &json!("create_restaurant"))
    );
    let resource = format!("restaurant/{}", restaurant["id"]);
    assert_eq!((&record["outcome"], &record["resource"]), (&json!("created"), &json!(resource)));
    assert!(!log.contains("Private"), "{log}");
}

/// The rows equal the records of created rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_told_to_end_finishes_what_it_writes() {
    let folder = TempDir::new().unwrap();
    let mut command = sqlite().arg("mcp-stdio").command(folder.path()).await.unwrap();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut messages = vec![
        json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    ];
    messages.extend((1..=200).map(|id| {
        let arguments = json!({"restaurant_name": format!("Told {id}"), "street_address": "1 Quay", "description": "Fish"});
        let params = json!({"name": "create_restaurant_mcp", "arguments": arguments});
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
    }));
    let mut lines: Vec<_> = messages.iter().map(Value::to_string).collect();
    lines.push(String::new());
    let lines = lines.join("\n");
    let sent = tokio::spawn(async move {
        // The end of the server may come before all is sent.
        let _ = stdin.write_all(lines.as_bytes()).await;
        stdin
    });
    for _ in 0..5 {
        timeout(TIMEOUT, answers.next_line()).await.unwrap().unwrap().unwrap();
    }
    let pid = child.id().unwrap().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let output = timeout(TIMEOUT, child.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    drop(sent.await.unwrap());
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let recorded = log.lines().filter(|line| line.contains("\"outcome\":\"created\"")).count();
    let session = Session::start(sqlite(), folder.path()).await;
    let list = session.call("list_restaurants_mcp", json!({"search": "told"})).await.unwrap();
    assert_eq!(list["total"], recorded);
    assert!(recorded >= 4, "{recorded}");
    session.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_and_a_server_share_a_file() {
    let folder = TempDir::new().unwrap();
    let server = sqlite().folder(folder.path()).start().await.unwrap();
    let session = Session::start(sqlite(), folder.path()).await;
    let id = session.create("Seen by all").await.unwrap()["id"].clone();
    let page = reqwest::get(server.url(&format!("/details/{id}"))).await.unwrap();
    assert!(page.text().await.unwrap().contains("Seen by all"));
    session.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_on_postgresql_and_says_when_that_is_not_ready() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let folder = TempDir::new().unwrap();
    let server = Server::builder().env("DATABASE_URL", database.url());
    let session = Session::start(server, folder.path()).await;
    let migrated = async {
        loop {
            match session.create("Anchor").await {
                Ok(restaurant) => return restaurant,
                Err(error) => assert_eq!(error["code"], "unavailable"),
            }
        }
    };
    assert_eq!(timeout(TIMEOUT, migrated).await.unwrap()["name"], "Anchor");
    session.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_writes_nothing_but_messages_to_stdout() {
    let folder = TempDir::new().unwrap();
    let output = sqlite().arg("mcp-stdio").folder(folder.path()).run().await.unwrap();
    assert!(output.status.success(), "nobody there is no error: {output:?}");
    assert_eq!(output.stdout, b"", "{output:?}");
    let wrong = Server::builder().env("DATABASE_URL", "mysql://x").arg("mcp-stdio");
    let output = wrong.run().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"", "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_is_answered_and_the_session_lives() {
    let folder = TempDir::new().unwrap();
    let mut command = sqlite().arg("mcp-stdio").command(folder.path()).await.unwrap();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let client = r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}"#;
    let too_long =
        format!(r#"{{"method":"ping","x":"{}","jsonrpc":"2.0","id":3}}"#, "x".repeat(70_000));
    let lines: [(&[u8], Option<Value>); 11] = [
        (br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, None),
        (br#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#, None),
        (b"{", Some(json!(null))),
        (b"\xff", Some(json!(null))),
        (br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#, Some(json!(1))),
        (&[br#"{"jsonrpc":"2.0","id":2,"method":"initialize","params":"#, client.as_bytes(), b"}"].concat(), Some(json!(2))),
        (too_long.as_bytes(), Some(json!(3))),
        (br#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"list_restaurants_mcp","arguments":{"search":"pizza \ud83c"}}}"#, Some(json!(4))),
        (br#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"list_restaurants_mcp","arguments":{"limit":1e999}}}"#, Some(json!(5))),
        (br#"{"jsonrpc":"2.0","id":6,"method":"tools/call","params":[]}"#, Some(json!(6))),
        (br#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#, Some(json!(7))),
    ];
    for (line, id) in lines {
        let shown = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
        input.write_all(&[line, b"\n"].concat()).await.unwrap();
        let Some(id) = id else { continue };
        let answer = timeout(TIMEOUT, output.next_line()).await.unwrap().unwrap();
        let answer: Value = serde_json::from_str(&answer.expect("the session lives")).unwrap();
        assert_eq!(answer["id"], id, "{shown}: {answer}");
        let is_good = id == json!(2) || id == json!(7);
        assert_eq!(answer.get("result").is_some(), is_good, "{shown}: {answer}");
    }
    drop(input);
    let status = timeout(TIMEOUT, child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_server_lets_nobody_write_by_any_door() {
    let folder = TempDir::new().unwrap();
    let read_only = || sqlite().env("READ_ONLY", "true");
    let session = Session::start(read_only(), folder.path()).await;
    let tools = session.agent.client.list_all_tools().await.unwrap();
    assert!(tools.iter().all(|tool| !tool.name.starts_with("create")), "{tools:?}");
    assert_eq!(session.create("Anchor").await.unwrap_err()["code"], "forbidden");
    session.leave().await;

    let server = read_only().folder(folder.path()).start().await.unwrap();
    let client = reqwest::Client::new();
    let form = [("restaurant_name", "A"), ("street_address", "B"), ("description", "C")];
    let refused = client.post(server.url("/add")).form(&form).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let page = client.get(server.url("/")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("The Blue Door") && !page.contains("/create"), "{page}");
    let call = mcp::tool_call("create_restaurant_mcp", &json!({}));
    let answer = mcp::post(&client, server.url("/mcp"), &call).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("read-only"));
}
