//! The least that a server does for the same answers: `tests/floor`, which runs the product's SQL and sends the product's bytes.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use restaurant_tests::{
    postgres::{Cluster, TestDatabase},
    program,
    server::Server,
    workspace,
};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::work::{BARE, WORK, Work, ask, request};

/// The setting of PostgreSQL with which its log can be read here: no prefix.
pub(super) const LOG_LINE_PREFIX: (&str, &str) = ("log_line_prefix", "");

/// As many connections to the database as the product has unless it is told otherwise.
const CONNECTIONS: u32 = 10;

/// Builds the floor, optimized as the product is.
pub(super) async fn build() -> Result<PathBuf> {
    let manifest = workspace::root().join("tests/floor/Cargo.toml");
    let target = workspace::target().join("floor");
    let manifest = format!("--manifest-path={}", manifest.display());
    program::build(&["--release", &manifest, &format!("--target-dir={}", target.display())]).await
}

/// Starts the floor on `database`, with the statements and the answers of the product there.
pub(super) async fn start(
    floor: &Path,
    product: &Path,
    database: &TestDatabase,
    cluster: &Cluster,
) -> Result<Server> {
    let answers = record(product, database, cluster).await.context("recording for the floor")?;
    let script =
        json!({"database": database.url(), "connections": CONNECTIONS, "answers": answers});
    let folder = tempfile::TempDir::new()?;
    let file = folder.path().join("script.json");
    std::fs::write(&file, script.to_string())?;
    Server::builder().program(floor).arg(file).start().await
}

/// What the product does for each kind of request that writes nothing.
async fn record(product: &Path, database: &TestDatabase, cluster: &Cluster) -> Result<Vec<Value>> {
    let alter = format!("ALTER DATABASE {}", database.name());
    // It counts for connections that open later.
    database.execute(&format!("{alter} SET log_statement = 'all'")).await?;
    let server = super::product(product, database.url()).start().await?;
    server.wait_until_ready().await?;
    let mut answers = Vec::new();
    for work in [&BARE].into_iter().chain(&WORK) {
        // Each write is another one.
        if !work.name.contains("create") {
            answers.push(record_one(work, &server, cluster).await.context(work.name)?);
        }
    }
    database.execute(&format!("{alter} RESET log_statement")).await?;
    Ok(answers)
}

/// A request as the floor answers it: with the statements that the product ran, and the answer that it gave.
async fn record_one(work: &Work, product: &Server, cluster: &Cluster) -> Result<Value> {
    let address = product.url("").replace("http://", "");
    let mut stream = TcpStream::connect(&address).await?;
    let request = request(&address, work);
    // The first one also sets up the connection to the database.
    ask(&mut stream, &request).await?;
    let start = std::fs::read(cluster.log())?.len();
    let answer = String::from_utf8(ask(&mut stream, &request).await?)?;
    let log = std::fs::read(cluster.log())?;
    let (head, content) = answer.split_once("\r\n\r\n").context("an answer without a head")?;
    let headers: Vec<_> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| !["content-length", "date", "transfer-encoding"].contains(name))
        .collect();
    Ok(json!({
        "method": work.method,
        "path": work.path,
        "body": work.body,
        "statements": statements(&String::from_utf8_lossy(&log[start..]))?,
        "headers": headers,
        "content": content,
    }))
}

/// The statements of a log without a prefix, with their parameters' values in the text.
fn statements(log: &str) -> Result<Vec<String>> {
    let mut statements: Vec<String> = Vec::new();
    for entry in entries(log) {
        if let Some(text) = entry.strip_prefix("LOG:  statement: ") {
            statements.push(text.to_owned());
        } else if let Some(text) = entry.strip_prefix("LOG:  execute ") {
            let (_, text) = text.split_once(": ").context("a statement without text")?;
            statements.push(text.to_owned());
        } else if let Some(text) = entry.strip_prefix("DETAIL:  parameters: ") {
            let statement = statements.last_mut().context("parameters without a statement")?;
            *statement = with_values(statement, &values(text)?)?;
        }
    }
    Ok(statements)
}

/// The entries of a log: a line that opens with a tab continues the one before it.
fn entries(log: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(more), Some(last)) => {
                last.push('\n');
                last.push_str(more);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    entries
}

/// The values of `$1 = '20', $2 = NULL`.
fn values(parameters: &str) -> Result<Vec<&str>> {
    let mut values = Vec::new();
    let mut rest = parameters;
    while let Some((_, value)) = rest.split_once(" = ") {
        let length = if value.starts_with('\'') { quoted_length(value)? } else { "NULL".len() };
        let (value, more) = value.split_at(length);
        values.push(value);
        rest = more;
    }
    Ok(values)
}

/// Puts the values in place of `$1`, `$2` and so on.
fn with_values(statement: &str, values: &[&str]) -> Result<String> {
    let mut parts = statement.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, more) = part.split_at(end);
        let value = number.parse::<usize>()?.checked_sub(1).and_then(|index| values.get(index));
        text.push_str(value.context("a parameter without a value")?);
        text.push_str(more);
    }
    Ok(text)
}

/// The length of the quoted text that opens this one; a quote in it is doubled.
fn quoted_length(text: &str) -> Result<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return Ok(at + 1),
            _ => at += 1,
        }
    }
    bail!("a quoted value does not end: {text}")
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn statements_are_read_with_their_values() {
        let log = "LOG:  execute s1: SELECT name\n\tFROM restaurant WHERE id = $1 AND name <> $2\n\
                   DETAIL:  parameters: $1 = '7', $2 = 'it''s = $1, a'\nLOG:  execute s2: BEGIN\n";
        let expected =
            ["SELECT name\nFROM restaurant WHERE id = '7' AND name <> 'it''s = $1, a'", "BEGIN"];
        assert_eq!(statements(log).expect("statements"), expected);
    }
}
