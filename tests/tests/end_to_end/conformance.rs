//! The MCP conformance suite: the server must pass whatever does not need the suite's own tools, and a server that has
//! them, behind the same transport layer, must pass everything.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::Path,
};

use restaurant_tests::{
    node,
    product::Product,
    server::{self, Server},
};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_keeps_to_2025_11_25() {
    let product = Product::on_sqlite().await.unwrap();
    run_suite(&product.url("/mcp"), "2025-11-25", "2025-11-25.yaml").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_keeps_to_2026_07_28() {
    let product = Product::on_sqlite().await.unwrap();
    run_suite(&product.url("/mcp"), "2026-07-28", "2026-07-28.yaml").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_transport_layer_keeps_to_2025_11_25() {
    let fixture = fixture().await;
    let summary = run_suite(&fixture.url("/mcp"), "2025-11-25", "nothing.yaml").await;
    // A scenario that finds no session or no stream skips its checks, and that is no failure to the suite.
    assert!(summary.contains("Total: 83 passed, 0 failed"), "{summary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_transport_layer_keeps_to_2026_07_28() {
    let fixture = fixture().await;
    let summary = run_suite(&fixture.url("/mcp"), "2026-07-28", "nothing.yaml").await;
    // What fails is an extension, the tasks, which the fixture has not and the revision does not require.
    assert!(summary.contains("Total: 164 passed, 30 failed"), "{summary}");
}

/// The server with the suite's tools.
async fn fixture() -> Server {
    let program = server::build_example("conformance").await.unwrap();
    Server::builder().program(program).start().await.unwrap()
}

/// Runs what a revision of the protocol requires, and gives what the suite says. `baseline` is a file of
/// `tests/conformance` that names the checks which fail: all of them, and no other.
async fn run_suite(url: &str, revision: &str, baseline: &str) -> String {
    let results = tempfile::tempdir().unwrap();
    let baseline = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance").join(baseline);
    let expected = fs::read_to_string(&baseline).unwrap();
    let expected = expected.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let expected: BTreeSet<_> = expected.map(str::to_owned).collect();
    let args = ["server", "--url", url, "--requirements", revision].map(OsString::from);
    let files = ["--expected-failures".into(), baseline.into()];
    let output = ["--output-dir".into(), results.path().into()];
    let args = [&args[..], &files, &output].concat();
    let said = tokio::task::spawn_blocking(move || node::run("conformance", &args)).await.unwrap();
    let failed = failed_checks(results.path());
    let said = said.unwrap_or_else(|error| panic!("{}", explained(&error, &failed)));
    // The suite itself finds entries that pass, but not those whose check is not there at all.
    let stale: Vec<_> = expected.iter().filter(|check| !failed.contains_key(*check)).collect();
    assert!(stale.is_empty(), "these do not fail: {stale:?}");
    said
}

/// What the suite says, and why the checks failed that it did not expect to.
fn explained(error: &anyhow::Error, failed: &BTreeMap<String, String>) -> String {
    let said = format!("{error:#}");
    let named = |name: &str| said.contains(&format!("✗ {name}\n"));
    let unexpected = failed.iter().filter(|(check, _)| {
        named(check) || check.split_once(':').is_some_and(|(scenario, _)| named(scenario))
    });
    let reasons: Vec<_> = unexpected.map(|(check, why)| format!("{check}: {why}")).collect();
    format!("{said}\n{}\n", reasons.join("\n"))
}

/// Reads from the suite's results what failed, as a baseline names it (`scenario:check`), and why. Each scenario has a
/// folder of its own, `server-SCENARIO-TIME`.
fn failed_checks(results: &Path) -> BTreeMap<String, String> {
    let mut failed = BTreeMap::new();
    for folder in fs::read_dir(results).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().strip_prefix("server-").unwrap();
        let scenario = &name[..name.len() - "-2026-07-28T00-00-00-000Z".len()];
        let checks = fs::read_to_string(folder.join("checks.json")).unwrap();
        for check in serde_json::from_str::<Vec<Value>>(&checks).unwrap() {
            if check["status"] == "FAILURE" || check["status"] == "WARNING" {
                let name = format!("{scenario}:{}", check["id"].as_str().unwrap());
                failed.insert(name, check["errorMessage"].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    failed
}
