//! `cargo xtask test-auth --local`: everything is started, and everything is judged.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::process::{Output, Stdio};

use auth_probe::Case;
use serde_json::Value;
use tokio::process::Command;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_restaurant-tests"));
    command.arg("test-auth").args(args).kill_on_drop(true).stdin(Stdio::null());
    command
}

async fn run(mut command: Command) -> Output {
    command.output().await.unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The report on standard output.
fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(output)))
}

fn case<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap()
}

#[tokio::test]
async fn wrong_usage_is_refused_before_anything_is_started() {
    for (args, named) in [
        (["--local", "--url", "https://a.example"], "cannot be used with"),
        (["--local", "--case", "B99"], "B99"),
        (["--local", "--database", "oracle"], "--database"),
    ] {
        let output = run(command(&args)).await;
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(stderr(&output).contains(named), "{args:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("starting"), "{args:?}: {}", stderr(&output));
    }
}

#[tokio::test]
async fn every_case_passes_on_sqlite_and_the_report_says_what_was_done() {
    let output = run(command(&["--local", "--database", "sqlite", "--format", "json"])).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = report(&output);
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), Case::all().count());
    for case in cases {
        assert_eq!(case["verdict"], "passed", "{case}");
        assert!(!case["sent"].as_array().unwrap().is_empty(), "{case}");
        assert!(case["got"].is_string() && case["expected"].is_string(), "{case}");
        assert!(case["ms"].is_u64() && case["cause"].is_null() && case["fix"].is_null(), "{case}");
    }
    for id in ["C1", "C2", "C3"] {
        let got = case(&report, id)["got"].as_str().unwrap();
        assert!(got.contains("rmcp") && got.contains("Python mcp"), "{got}");
    }
    let run = report["run"].as_str().unwrap();
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 6, "{rows:?}");
    assert!(rows.iter().all(|row| row["text"].as_str().unwrap().contains(run)), "{rows:?}");
}

#[tokio::test]
async fn every_case_passes_on_postgresql_into_a_junit_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.xml");
    let mut local = command(&["--local", "--database", "postgres", "--format", "junit"]);
    local.arg("--output").arg(&file);
    let output = run(local).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(output.stdout.is_empty(), "{output:?}");
    let count = Case::all().count();
    let summary = format!("{count} passed, 0 failed, 0 skipped");
    assert!(stderr(&output).contains(&summary), "{}", stderr(&output));
    let junit = std::fs::read_to_string(file).unwrap();
    let head = format!(
        r#"<testsuites name="test-auth" tests="{count}" skipped="0" failures="0" errors="0">"#
    );
    assert!(junit.contains(&head), "{junit}");
    for group in ["A", "B", "C", "D"] {
        assert!(junit.contains(&format!(r#"<testsuite name="group {group}""#)), "{junit}");
    }
    assert_eq!(junit.matches("<testcase ").count(), count);
}

#[tokio::test]
async fn without_writes_nothing_is_written() {
    let args =
        ["--local", "--database", "sqlite", "--python=false", "--no-writes", "--format", "json"];
    let output = run(command(&args)).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = report(&output);
    let skipped: Vec<_> = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["verdict"] == "skipped")
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    assert_eq!(skipped, ["A7", "A8", "B10", "B11", "C2", "D26"]);
    assert_eq!(report["rows"], Value::Array(Vec::new()));
    assert!(case(&report, "A7")["cause"].as_str().unwrap().contains("--no-writes"));
    let clients = case(&report, "C2");
    assert!(clients["cause"].as_str().unwrap().contains("rmcp: 4 tools"), "{clients}");
}
