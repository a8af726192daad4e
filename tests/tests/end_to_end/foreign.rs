//! Servers that others wrote: the proof believes those that are guarded, and finds each check that is left out.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod rust;
mod servers;

use auth_probe::{
    AccessToken, Baseline, CancellationToken, Case, CaseReport, Observer, Probe, Profile, Report,
    TokenSource, Verdict,
};
use easyauth_emulator::{Cloud, Directory, Emulator, Options, sample};
use restaurant_tests::{
    app_service,
    fault_proxy::{Check, Fault, FaultProxy},
};
use serde_json::json;

use self::servers::{Platform, Process};

/// A server of books.
const BOOKS: &str = r#"
[mcp]
paths = ["/mcp"]
tools = ["list_books", "add_book"]

[read]
tool = "list_books"
items = ["/books", "/result"]
fields = { id = "integer", title = "string" }

[write]
noun = "book"
tool = "add_book"
arguments = { title = "{text}" }
id = "/id"
has = { title = "{text}" }
read_back = { tool = "list_books", at = ["/books", "/result"], has = { id = "{id}", title = "{text}" } }
"#;

struct Silent;

impl Observer for Silent {
    fn started(&self, _case: &Case) {}

    fn finished(&self, _case: &CaseReport) {}

    fn note(&self, _text: &str) {}
}

fn books(sessions: bool) -> Profile {
    let sessions = format!("[mcp]\nsessions = {sessions}");
    BOOKS.replacen("[mcp]", &sessions, 1).parse().unwrap()
}

/// The proof of a server of books.
fn probe(cloud: &Cloud, origin: &str, profile: Profile) -> Probe {
    let mut probe = app_service::probe(cloud, origin).unwrap();
    probe.target = probe.target.profile(profile);
    probe
}

async fn run(probe: &Probe) -> Report {
    probe.run(&Silent, &CancellationToken::new()).await.unwrap()
}

/// The ids of the cases with a verdict, by spaces.
fn ids(report: &Report, verdict: Verdict) -> String {
    let cases = report.cases.iter().filter(|case| case.verdict == verdict);
    cases.map(|case| case.id).collect::<Vec<_>>().join(" ")
}

/// Asserts that nothing is wrong, and that only what the profile does not describe or a server with authentication cannot
/// show was skipped.
fn assert_green(report: &Report) {
    assert_eq!(ids(report, Verdict::Failed), "", "{:#?}", report.cases);
    let skipped = "A1 A2 A3 A4 A5 A6 A7 A8 B1 B9 B11 C1";
    assert_eq!(ids(report, Verdict::Skipped), skipped, "{:#?}", report.cases);
    assert_eq!(report.exit_code(), 0);
    let of = |id: &str| report.cases.iter().find(|case| case.id == id).unwrap();
    assert_eq!(of("B1").cause.as_deref(), Some("the profile describes no pages"));
    assert_eq!(report.rows.iter().filter(|row| row.kind == "book").count(), 2, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_server_behind_the_platform_is_green() {
    let server = Process::python(&[]).await;
    let platform = Platform::before(&server.origin).await;
    let probe = probe(platform.emulator.cloud(), platform.gateway.origin(), books(true));
    assert_green(&run(&probe).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typescript_server_that_validates_tokens_is_green() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let server = Process::node(&emulator, &[]).await;
    let probe = probe(emulator.cloud(), &server.origin, books(false));
    assert_green(&run(&probe).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rust_server_behind_the_platform_is_green() {
    let server = rust::Server::start(&[]).await;
    let platform = Platform::before(&server.origin).await;
    let probe = probe(platform.emulator.cloud(), platform.gateway.origin(), books(true));
    assert_green(&run(&probe).await);
}

/// What `mcp-entra profile` writes is a profile, by which the server is green.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_profile_fits_the_server_that_it_was_made_of() {
    let server = Process::python(&[]).await;
    let platform = Platform::before(&server.origin).await;
    let (cloud, origin) = (platform.emulator.cloud(), platform.gateway.origin());
    let claims = cloud.app_claims(sample::AGENT, sample::API).unwrap();
    let good = AccessToken::new(&cloud.sign(&cloud.token_header(), &claims)).unwrap();
    let text = Profile::look(origin, None, good.clone()).await.unwrap();
    for line in [
        r#"paths = ["/mcp"]"#,
        r#"tools = ["list_books","add_book"]"#,
        "sessions = true",
        r#"at = ["root","suffix"]"#,
        r#"role = "MCP.Access""#,
        r#"tool = "list_books""#,
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let probe = probe(cloud, origin, text.parse().unwrap());
    let report = run(&probe).await;
    assert_eq!(ids(&report, Verdict::Failed), "", "{text}: {:#?}", report.cases);
    assert!(ids(&report, Verdict::Passed).starts_with("B2 B3 B4 B5 B6 B7 B8 C2"), "{report:#?}");
    let wrong = Profile::look(origin, Some("/none"), good).await.unwrap_err();
    assert!(wrong.to_string().contains("/none: 404"), "{wrong}");
}

/// What is not as expected of a server without a check.
async fn surprise(probe: Probe, what: &str, expected: &str) -> Option<String> {
    let report = run(&probe).await;
    let (red, code) = (ids(&report, Verdict::Failed), report.exit_code());
    let failed = report.cases.iter().filter(|case| case.verdict == Verdict::Failed);
    let got: Vec<_> = failed.map(|case| format!("{}: {:?}", case.id, case.got)).collect();
    (red != expected || code != 1)
        .then(|| format!("{what}: {red} ({code}), and not {expected}: {got:#?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_server_without_a_check_is_red() {
    let mut surprises = Vec::new();
    for (left_out, expected) in [("role", "D2 D11 D19 D20"), ("origin", "D16")] {
        let server = Process::python(&[left_out]).await;
        let platform = Platform::before(&server.origin).await;
        let probe = probe(platform.emulator.cloud(), platform.gateway.origin(), books(true));
        surprises.extend(surprise(probe, left_out, expected).await);
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
}

/// A request for which no session is open is refused for that. The proof gives it one, so that a door is seen to be open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_door_of_a_server_with_sessions_is_red() {
    let server = Process::python(&["role"]).await;
    let platform = Platform::before(&server.origin).await;
    let cloud = platform.emulator.cloud();
    let mut surprises = Vec::new();
    for (fault, expected) in [
        (Fault::AnonymousCalls(server.origin.clone()), "B3 D1 D2 D11 D15 D17 D18 D19 D20 D23 D26"),
        (Fault::Unchecked(Check::Audience), "B5 D2 D11 D19 D20"),
    ] {
        let proxy =
            FaultProxy::start(fault.clone(), platform.gateway.origin(), cloud).await.unwrap();
        let probe = probe(cloud, proxy.origin(), books(true));
        surprises.extend(surprise(probe, &format!("{fault:?}"), expected).await);
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typescript_server_without_a_check_is_red() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let mut surprises = Vec::new();
    for (left_out, expected) in [
        ("signature", "B4 D7 D8 D9 D19 D20"),
        ("audience", "B5 D20"),
        ("expiry", "D4 D20"),
        ("begin", "D5"),
        ("tenant", "D6"),
        ("client", "D3"),
        ("role", "D2 D11 D19 D20"),
        ("origin", "D16"),
    ] {
        let server = Process::node(&emulator, &[left_out]).await;
        let probe = probe(emulator.cloud(), &server.origin, books(false));
        surprises.extend(surprise(probe, left_out, expected).await);
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rust_server_without_a_check_is_red() {
    let mut surprises = Vec::new();
    for (left_out, expected) in [("role", "D2 D11 D19 D20"), ("origin", "D16")] {
        let server = rust::Server::start(&[left_out]).await;
        let platform = Platform::before(&server.origin).await;
        let probe = probe(platform.emulator.cloud(), platform.gateway.origin(), books(true));
        surprises.extend(surprise(probe, left_out, expected).await);
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
}

const POLICY: &str = r#"
[cells.list_books]
good = "allowed"
reader = "allowed"
roleless = "denied"
anonymous = "denied"

[cells.add_book]
good = "allowed"
reader = "denied"
anonymous = "denied"
"#;

/// The cells of a policy that do not hold, of a server without some of its checks.
async fn broken_cells(left_out: &[&str], writes: bool) -> (Report, Vec<String>) {
    let server = Process::python(left_out).await;
    let platform = Platform::before(&server.origin).await;
    let cloud = platform.emulator.cloud();
    let mut probe = probe(cloud, platform.gateway.origin(), books(true));
    let mut claims = cloud.app_claims(sample::AGENT, sample::API).unwrap();
    claims["roles"] = json!(["MCP.Read"]);
    let reader = AccessToken::new(&cloud.sign(&cloud.token_header(), &claims)).unwrap();
    probe.identities.insert("reader".to_owned(), TokenSource::Ready(reader));
    probe.policy = Some(POLICY.parse().unwrap());
    probe.cases.retain(|case| case.id == "B6");
    probe.writes = writes;
    let report = run(&probe).await;
    let broken = report.policy.iter().filter(|cell| cell.verdict == Verdict::Failed);
    let broken = broken.map(|cell| format!("{} {}", cell.identity, cell.tool)).collect();
    (report, broken)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_can_write_is_red() {
    let (earlier, broken) = broken_cells(&[], true).await;
    assert_eq!(broken, [""; 0], "{earlier:#?}");
    assert!(earlier.policy.iter().all(|cell| cell.verdict == Verdict::Passed), "{earlier:#?}");
    assert_eq!((earlier.policy.len(), earlier.exit_code()), (7, 0));
    assert!(earlier.summary().contains("7 of 7 cells"), "{}", earlier.summary());

    let (mut report, broken) = broken_cells(&["write"], true).await;
    assert_eq!(broken, ["reader add_book"], "{report:#?}");
    assert_eq!(report.exit_code(), 1);
    report.compare(&Baseline::from_json(&earlier.to_json()).unwrap());
    assert_eq!(report.opened, ["reader may call add_book, which was denied"]);
    for text in
        [report.to_table(200, false), report.to_markdown(), report.to_junit(), report.to_sarif()]
    {
        assert!(text.contains("reader may call add_book, which was denied"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_writes_only_calls_that_read_are_made() {
    let (report, broken) = broken_cells(&["write"], false).await;
    assert_eq!(broken, [""; 0], "{report:#?}");
    let skipped = report.policy.iter().filter(|cell| cell.deliberate);
    assert!(skipped.map(|cell| cell.tool.as_str()).eq(["add_book"; 3]), "{report:#?}");
    assert!(report.rows.is_empty(), "{report:#?}");
}
