//! The Python package `mcp`, version 2, as a process of its own. The token goes in by its standard input.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, process::Command};

use super::{ToolCall, Visit};
use crate::{
    context::{Caller, Context},
    target::is_loopback,
};

const PROGRAM: &str = include_str!("python/visit.py");

/// A visit like rmcp's.
pub(super) async fn visit(
    interpreter: &Path,
    context: &Context<'_>,
    caller: Caller<'_>,
    calls: &[&ToolCall],
) -> Result<Visit, String> {
    let token = match caller {
        Caller::Anonymous => None,
        Caller::Bearer(token, _) => Some(token.expose()),
    };
    let calls: Vec<_> = calls.iter().map(|call| json!([call.tool, call.arguments])).collect();
    let target = context.target();
    // No proxy of the environment stands between us and this machine.
    let proxies = !is_loopback(target.host());
    let task = json!({
        "url": target.mcp.as_str(), "token": token, "calls": calls, "proxies": proxies,
    });
    let report = run(interpreter, &task).await?;
    if let Some(error) = report["error"].as_str() {
        return Err(error.to_owned());
    }
    let tools = report["tools"].as_array().into_iter().flatten();
    let tools = tools.filter_map(|tool| tool.as_str().map(str::to_owned)).collect();
    let results = report["results"].as_array().cloned().unwrap_or_default();
    Ok(Visit { tools, results })
}

async fn run(interpreter: &Path, task: &Value) -> Result<Value, String> {
    let failed = |error: std::io::Error| format!("Python does not run: {error}");
    let mut child = Command::new(interpreter)
        .args(["-I", "-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(task.to_string().as_bytes()).await.map_err(failed)?;
    }
    let output = child.wait_with_output().await.map_err(failed)?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().next_back().unwrap_or("nothing was said").to_owned();
        format!("it ended with {}: {last}", output.status)
    })
}
