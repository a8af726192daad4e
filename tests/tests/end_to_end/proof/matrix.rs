//! The matrix: for each fault, exactly the cases that must go red.

use std::{sync::LazyLock, time::Duration};

use auth_probe::{Authentication, Case, Report, Verdict};
use easyauth_emulator::{Directory, Emulator, Options, sample};
use futures_util::{StreamExt as _, stream};
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{
        Check,
        Fault::{self, Unchecked},
        FaultProxy,
    },
    server::Server,
};

use super::{ids, run};

/// The ids of the cases for which authentication is on.
pub(crate) fn while_on(is_one: impl Fn(&Case) -> bool) -> Vec<&'static str> {
    let cases = Case::all().filter(|case| case.authentication == Authentication::On);
    let ids: Vec<_> = cases.filter(|case| is_one(case)).map(|case| case.id).collect();
    assert!(!ids.is_empty());
    ids
}

/// A proof of the app behind a fault.
async fn behind(app: &AppService, fault: Fault) -> Report {
    let proxy = FaultProxy::start(fault.clone(), app.origin(), app.cloud()).await.unwrap();
    let mut probe = app.probe_at(proxy.origin()).unwrap();
    if fault == Fault::Hangs {
        probe.timeout = Duration::from_millis(200);
    }
    run(&probe).await
}

/// How many faults are judged at a time.
const AT_A_TIME: usize = 4;

/// What is not as expected of the faults: each with the cases that must go red, by spaces.
async fn surprises(app: &AppService, faults: Faults) -> Vec<String> {
    let judged = stream::iter(faults).map(|(fault, expected)| surprises_of(app, fault, expected));
    judged.buffer_unordered(AT_A_TIME).flat_map(stream::iter).collect().await
}

async fn surprises_of(app: &AppService, fault: Fault, expected: &str) -> Vec<String> {
    let mut surprises = Vec::new();
    let report = behind(app, fault.clone()).await;
    let red = ids(&report, Verdict::Failed).join(" ");
    if red != expected {
        let got: Vec<_> = report
            .cases
            .iter()
            .filter(|case| case.verdict == Verdict::Failed)
            .map(|case| format!("{}: {:?}", case.id, case.got))
            .collect();
        surprises.push(format!("{fault:?}: {red}, and not {expected}: {got:#?}"));
    }
    let code = u8::from(!expected.is_empty());
    if report.exit_code() != code {
        surprises.push(format!("{fault:?}: exit code {}", report.exit_code()));
    }
    surprises
}

/// The ids of every case for which authentication is on.
static EVERY_CASE: LazyLock<String> = LazyLock::new(|| while_on(|_| true).join(" "));

/// Faults with the cases that must go red, by spaces.
pub(crate) type Faults = Vec<(Fault, &'static str)>;

/// Checks that are missing; the server is at an origin past the platform.
pub(crate) fn missing_checks(server: &str) -> Faults {
    vec![
        (Fault::None, ""),
        (Unchecked(Check::Signature), "B4 D7 D8 D9 D19 D20"),
        (Unchecked(Check::Audience), "B5 D20"),
        (Unchecked(Check::Expiry), "D4 D20"),
        (Unchecked(Check::NotBefore), "D5"),
        (Unchecked(Check::Tenant), "D6"),
        (Unchecked(Check::Client), "D3 D20"),
        (Unchecked(Check::Permissions), "D2 D11 D19 D20"),
        (Fault::AcceptsForgedHeaders(server.to_owned()), "D1 D19"),
        (Fault::IgnoresOrigin, "D16"),
        (Fault::AcceptsQueryToken, "D15"),
        (Fault::RejectsV2Tokens, "D10"),
        (Fault::NoMetadata, "B2 D12 D13 D14 D27"),
        (Fault::NoSuffixedMetadata, "D12 D13 D14 D27"),
        (Fault::GuardedMetadata, "B2 D12 D13 D14 D27"),
        (Fault::WrongResource, "B2 D14 D27"),
        (Fault::ForeignIssuer, "B2 D12 D13 D14 D27"),
        (Fault::ForeignScope, "D14 D27"),
        (Fault::ChallengeWithoutMetadata, "D12"),
        (Fault::ForbiddenWithoutReason, "D2 D11"),
    ]
}

/// Other flaws; a server without authentication is at an origin.
pub(crate) fn other_behaviours(open: &str) -> Faults {
    let login = "http://127.0.0.1/login".to_owned();
    let as_login =
        "B1 B3 B4 B5 C3 D1 D4 D5 D6 D7 D8 D9 D12 D15 D17 D18 D19 D20 D21 D22 D23 D25 D26";
    vec![
        (
            Fault::NoAuthentication(open.to_owned()),
            "B1 B2 B3 B4 B5 C3 D1 D2 D3 D4 D5 D6 D7 D8 D9 D11 D12 D13 D14 D15 D17 D18 D19 D20 D21 D22 D23 D26 D27",
        ),
        (Fault::AnonymousCalls(open.to_owned()), "B3 D1 D15 D17 D18 D23 D26"),
        (Fault::AnonymousPath("/mcp", open.to_owned()), "B3 D1 D26"),
        (Fault::AnonymousPath("/create", open.to_owned()), "B1 D21"),
        (Fault::AnonymousPath("/details/1", open.to_owned()), "B1 D1 D21"),
        (Fault::AnonymousPath("/add", open.to_owned()), "B1 D1 D26"),
        (Fault::Unauthorized, "B2 B6 B7 B8 B9 B10 B11 C2 D1 D2 D10 D11 D12 D13 D14 D16 D26 D27"),
        (
            Fault::RedirectsToLogin(login),
            "B1 B3 B4 B5 C3 D1 D4 D5 D6 D7 D8 D9 D12 D15 D17 D18 D19 D20 D21 D22 D23 D25 D26 D27",
        ),
        (Fault::ReturnsLoginPage, as_login),
        (Fault::MissingTool("create_review_mcp"), "B7 B10 C2"),
        (Fault::MissingTool("get_details_mcp"), "B7 B9 B10 B11 C2 D26"),
        (Fault::DiscardsWrites("create_review_mcp"), "B10 C2 D26"),
        (Fault::DiscardsWrites("create_restaurant_mcp"), "B10 B11 C2 D26"),
        (Fault::Hangs, &EVERY_CASE),
        (Fault::EventStream, ""),
        (Fault::Unavailable(1..=2), ""),
        // It restarts in the middle: B1 alone makes the second to the fifth request.
        (Fault::Unavailable(5..=6), ""),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_check_turns_its_case_red_and_no_other() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let faults = missing_checks(app.server());
    let surprises = surprises(&app, faults).await;
    assert!(surprises.is_empty(), "{surprises:#?}");
}

/// Where the issuer looks at `resource`, a client that follows the MCP specification gets no token unless the endpoint's
/// address is one of the registration's identifier URIs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_that_the_issuer_refuses_turns_its_case_red() {
    let mut options = Options::default();
    options.issuer.checks_resource = true;
    let app = AppService::on_sqlite(options).await.unwrap();
    let proxy = FaultProxy::start(Fault::None, app.origin(), app.cloud()).await.unwrap();
    let probe = app.probe_at(proxy.origin()).unwrap();
    let report = run(&probe).await;
    assert_eq!(ids(&report, Verdict::Failed), ["D14"], "{:#?}", report.cases);
    let case = report.cases.iter().find(|case| case.id == "D14").unwrap();
    assert!(case.got.as_deref().unwrap().contains("AADSTS9010010"), "{case:?}");
    let resource = format!("{}/mcp/mcp", proxy.origin());
    assert!(case.fix.as_deref().unwrap().contains(&resource), "{case:?}");

    let name = |uri: String| {
        let mut directory = app.cloud().directory();
        let api = directory.applications.iter_mut().find(|it| it.app_id == sample::API);
        api.unwrap().identifier_uris.push(uri);
    };
    // With a slash at its end it is another one.
    name(format!("{resource}/"));
    assert_eq!(ids(&run(&probe).await, Verdict::Failed), ["D14"]);
    name(resource);
    let report = run(&probe).await;
    assert_eq!(ids(&report, Verdict::Failed), [""; 0], "{:#?}", report.cases);
}

/// Where the issuer says nothing of the resource, the case is not passed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_of_which_nothing_is_known_is_not_passed() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    // The address to which people come back is not registered, so that the issuer looks at nothing else.
    app.cloud().directory().applications.iter_mut().for_each(|it| drop(it.other.remove("web")));
    let mut probe = app.probe_at(app.origin()).unwrap();
    probe.cases.retain(|case| case.id == "D14");
    let report = run(&probe).await;
    assert_eq!((report.unjudged().count(), report.exit_code()), (1, 3), "{report:#?}");
    assert!(report.cases[0].cause.as_deref().unwrap().contains("AADSTS50011"), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_behaves_otherwise_is_seen_through() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let open = Server::builder().start().await.unwrap();
    let faults = other_behaviours(&open.url(""));
    let surprises = surprises(&app, faults).await;
    assert!(surprises.is_empty(), "{surprises:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_write_a_client_is_judged_still() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let fault = Fault::MissingTool("get_details_mcp");
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    let mut probe = app.probe_at(proxy.origin()).unwrap();
    probe.writes = false;
    let report = run(&probe).await;
    assert_eq!(ids(&report, Verdict::Failed), ["B7", "B9", "C2"]);
    assert!(report.rows.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_authentication_is_on_group_a_is_skipped_and_never_passed() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let report = run(&app.probe_at(app.origin()).unwrap()).await;
    assert_eq!(
        ids(&report, Verdict::Skipped),
        ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "C1"]
    );
    let causes: Vec<_> = report.cases.iter().filter_map(|case| case.cause.as_deref()).collect();
    assert_eq!(causes, ["authentication is on"; 9]);
    assert_eq!(ids(&report, Verdict::Passed), while_on(|_| true));
    assert_eq!(report.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_checks_tokens_itself_passes_too() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let cloud = emulator.cloud();
    let clients = sample::ALLOWED_CLIENTS.map(|id| id.to_string()).join(",");
    let server = Server::builder()
        .env("AUTH_MODE", "entra")
        .env("ENTRA_AUTHORITY", cloud.origin())
        .env("ENTRA_TENANT_ID", sample::TENANT_ID.to_string())
        .env("ENTRA_CLIENT_ID", sample::API.to_string())
        .env("ENTRA_ALLOWED_CLIENTS", clients)
        .start()
        .await
        .unwrap();
    let probe = restaurant_tests::app_service::probe(cloud, &server.url("")).unwrap();
    let report = run(&probe).await;
    assert_eq!(ids(&report, Verdict::Failed), [""; 0], "{:#?}", report.cases);
    assert_eq!(ids(&report, Verdict::Passed), while_on(|_| true));
}
