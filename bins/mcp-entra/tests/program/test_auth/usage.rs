//! What is asked for wrongly is refused before anything is sent, and what is out of reach is not a pass.

use auth_probe::Case;
use easyauth_emulator::Options;
use tokio::net::TcpListener;

use super::{against, command, report, run, stderr, token_file, verdict};

const ID: &str = "7e4a0000-0000-4000-8000-000000000000";
const WEB_APP: &str = "/subscriptions/x/resourceGroups/x/providers/Microsoft.Web/sites/reviews";

/// An empty folder in place of `PATH`, in which nothing is found.
async fn refused(args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(args);
    command.env("PATH", folder.path()).current_dir(folder.path());
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{args:?}: {output:?}");
    stderr(&output)
}

/// What makes no sense of where the app is, each with what the refusal names.
fn addresses() -> Vec<(Vec<&'static str>, &'static str)> {
    let good = ["--url", "https://a.example", "--tenant", ID, "--client-id", ID];
    let with = |more: &[&'static str]| [good.as_slice(), more].concat();
    vec![
        (vec![], "--url"),
        (vec!["--url", "https://a.example"], "--tenant"),
        (vec!["--url", "https://a.example", "--tenant", ID], "--client-id"),
        (vec!["--url", "https://a.example", "--tenant", "contoso"], "--tenant"),
        (vec!["--url", "http://a.example", "--tenant", ID, "--client-id", ID], "plain http"),
        (vec!["--url", "https://a.example/mcp", "--tenant", ID, "--client-id", ID], "paths"),
        (vec!["--url", "https://a@b.example", "--tenant", ID, "--client-id", ID], "user names"),
        (with(&[]), "nothing to get a token with"),
        (with(&["--authority", "http://b.example"]), "--authority"),
        (with(&["--mcp-path", "mcp"]), "--mcp-path"),
        (with(&["https://a.example"]), "cannot be used with"),
        (with(&["--profile", "/nowhere/at/all"]), "--profile /nowhere/at/all"),
        (vec!["https://a.example", "--tenant", ID], "--client-id"),
        (with(&["--policy", "/nowhere/at/all", "--case", "B1"]), "--policy /nowhere/at/all"),
        (with(&["--baseline", "/nowhere/at/all"]), "--baseline /nowhere/at/all"),
        (with(&["--identity", "reader=x"]), "--policy"),
    ]
}

/// A key that a profile does not know is named, with the known ones.
#[tokio::test]
async fn an_unknown_key_of_a_profile_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("profile.toml");
    std::fs::write(&file, "[mcp]\npath = \"/mcp\"\n").unwrap();
    let args = ["https://a.example", "--tenant", ID, "--client-id", ID, "--token-file", "x"];
    let refused = refused(&[&args[..], &["--profile", file.to_str().unwrap()]].concat()).await;
    for named in ["profile.toml", "line 2", "`path`", "`paths`", "`sessions`"] {
        assert!(refused.contains(named), "{named}: {refused}");
    }
}

/// What makes no sense besides.
fn others() -> Vec<(Vec<&'static str>, &'static str)> {
    let good = ["--url", "https://a.example", "--tenant", ID, "--client-id", ID];
    let with = |more: &[&'static str]| [good.as_slice(), more].concat();
    vec![
        (with(&["--case", "B99"]), "B99"),
        (with(&["--group", "E"]), "--group E"),
        (with(&["--skip", "x"]), "--skip x"),
        (with(&["--case", "B1", "--skip", "B1"]), "no case"),
        (with(&["--timeout", "0"]), "--timeout"),
        (with(&["--timeout", "NaN"]), "--timeout"),
        (with(&["--case", "B1", "--token", "gone=x"]), "roleless"),
        (with(&["--case", "B1", "--output", "/nowhere/at/all"]), "--output"),
        (with(&["--client-secret-file", "x", "--az"]), "cannot be used with"),
        (with(&["--allow-disabling-auth"]), "--resource-id"),
        (
            with(&[
                "--case",
                "A1",
                "--allow-disabling-auth",
                "--resource-id",
                WEB_APP,
                "--arm-token-file",
                "x",
            ]),
            "--confirm reviews",
        ),
        (
            with(&[
                "--case",
                "A1",
                "--allow-disabling-auth",
                "--resource-id",
                WEB_APP,
                "--arm-token-file",
                "x",
                "--confirm",
                "other",
            ]),
            "not the web app's name",
        ),
        (
            with(&[
                "--case",
                "A1",
                "--allow-disabling-auth",
                "--resource-id",
                "reviews",
                "--arm-token-file",
                "x",
            ]),
            "--resource-id",
        ),
    ]
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    for (args, says) in addresses().into_iter().chain(others()) {
        let said = refused(&args).await;
        assert!(said.contains(says), "{args:?}: {said}");
    }
}

#[tokio::test]
async fn the_cases_are_told_without_sending_anything() {
    let output = run(command(&["--list"])).await;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), Case::all().count());
    let output = run(command(&["--dry-run", "--group", "b", "--case", "D4", "--skip", "B1"])).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said.lines().filter(|line| !line.starts_with(' ')).count(), 11, "{said}");
    assert!(said.contains("D4 ") && !said.contains("A1 ") && !said.contains("B1 "), "{said}");
    assert!(said.contains("create_review_mcp") && said.contains("expired"), "{said}");
}

#[tokio::test]
async fn an_app_that_is_not_there_is_neither_passed_nor_failed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = run(against(&origin, &["--case", "B1"])).await;
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(stderr(&output).contains("cannot be reached"), "{output:?}");
    assert!(output.stdout.is_empty());
}

#[tokio::test]
async fn a_case_without_its_token_is_not_judged() {
    let app =
        restaurant_tests::app_service::AppService::on_sqlite(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (token, _) = token_file(app.cloud(), &folder);
    for (what, args, case, says) in [
        (
            "a file that is not there",
            vec!["--case", "B6", "--token-file", "/nowhere"],
            "B6",
            "cannot be read",
        ),
        ("none for B5", vec!["--case", "B5", "--token-file", &token], "B5", "wrong-audience"),
        (
            "a good one in place of an expired one",
            vec!["--case", "D4", "--token-file", &token, "--token", &format!("expired={token}")],
            "D4",
            "proves nothing",
        ),
    ] {
        let output = run(against(app.origin(), &args)).await;
        assert_eq!(output.status.code(), Some(3), "{what}: {output:?}");
        let report = report(&output);
        assert_eq!(verdict(&report, case), "skipped", "{what}: {report}");
        assert!(report.to_string().contains(says), "{what}: {report}");
    }
    // What only an owner can have is an offer: skipped on purpose.
    let output =
        run(against(app.origin(), &["--case", "D2,D3,D4,B6", "--token-file", &token])).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = report(&output);
    assert_eq!(verdict(&report, "B6"), "passed");
    assert!(["D2", "D3", "D4"].iter().all(|id| verdict(&report, id) == "skipped"), "{report}");
}

#[tokio::test]
async fn without_credentials_what_needs_none_is_judged() {
    let app =
        restaurant_tests::app_service::AppService::on_sqlite(Options::default()).await.unwrap();
    let authority = app.cloud().origin().to_owned();
    let args = ["--case", "B1,B2,B3,B4,C3,D7,D8,D9,D12", "--authority", &authority];
    let output = run(against(app.origin(), &args)).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    for args in [["--list"], ["--dry-run"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(&args).stdout(writer).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}
