//! `mcp-entra profile` as its users start it.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::process::Output;

use easyauth_emulator::Options;
use restaurant_tests::app_service::AppService;
use tokio::process::Command;

use super::test_auth::{command, stderr, token_file, write};

async fn profile(args: &[&str]) -> Output {
    let mut profile = Command::new(env!("CARGO_BIN_EXE_mcp-entra"));
    profile.arg("profile").args(args).kill_on_drop(true).output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_prints_is_a_profile_that_test_auth_takes() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (file, token) = token_file(app.cloud(), &folder);
    let output = profile(&[app.origin(), "--token-file", &file]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(r#"tool = "list_restaurants_mcp""#), "{text}");
    assert!(!text.contains(&token), "{text}");
    let file = write(folder.path(), "profile.toml", &text);
    let plan = command(&["--profile", &file, "--dry-run"]).output().await.unwrap();
    assert_eq!(plan.status.code(), Some(0), "{}", stderr(&plan));
    let plan = String::from_utf8(plan.stdout).unwrap();
    assert!(plan.contains("calls    list_restaurants_mcp"), "{plan}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_it_from_looking_is_named() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (good, _) = token_file(app.cloud(), &folder);
    let bad = write(folder.path(), "bad", "no.token.of-any-issuer");
    let missing = folder.path().join("missing");
    let missing = missing.to_str().unwrap();
    for (url, file, says) in [
        (app.origin(), missing, "--token-file"),
        (app.origin(), &bad, "no MCP endpoint accepts the token: /mcp: 401"),
        ("http://reviews.example", &good, "use https"),
    ] {
        let output = profile(&[url, "--token-file", file]).await;
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{url} {file}: {error}");
        assert!(error.contains(says), "{url} {file}: {error}");
        assert!(output.stdout.is_empty(), "half a profile");
    }
}
