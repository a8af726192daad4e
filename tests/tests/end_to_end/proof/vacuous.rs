//! Refusals that prove nothing, since what was sent is refused for another reason than the one in question.

use auth_probe::{AccessToken, Case, Probe, Report, TokenKind, TokenSource, Verdict};
use easyauth_emulator::{Options, sample};
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{Check, Fault, FaultProxy},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ids, run};

fn claims(app: &AppService, client: Uuid) -> Value {
    app.cloud().app_claims(client, sample::API).unwrap()
}

fn signed(app: &AppService, header: &Value, claims: &Value) -> TokenSource {
    TokenSource::Ready(AccessToken::new(&app.cloud().sign(header, claims)).unwrap())
}

/// What the proof says of some cases of an app with a fault, when it is given a token.
async fn judged(
    app: &AppService,
    fault: Fault,
    cases: &[&str],
    kind: TokenKind,
    token: TokenSource,
) -> Report {
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    let probe: Probe = app.probe_at(proxy.origin()).unwrap();
    let tokens = probe.tokens.clone().with(kind, token);
    let cases = cases.iter().copied().filter_map(Case::by_id).collect();
    let mut probe = Probe::new(probe.target, tokens);
    probe.cases = cases;
    run(&probe).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_made_of_a_token_that_is_refused() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let header = app.cloud().token_header();
    let mut expired = claims(&app, sample::AGENT);
    expired["exp"] = json!(expired["iat"].as_i64().unwrap() - 600);
    let expired = || signed(&app, &header, &expired);
    let roleless = signed(&app, &header, &claims(&app, sample::ROLELESS));
    let unsigned = Fault::Unchecked(Check::Signature);
    let good = TokenKind::Good;
    for report in [
        judged(&app, unsigned, &["B4", "D7", "D8", "D9"], good, expired()).await,
        judged(&app, Fault::AcceptsQueryToken, &["D15"], good, expired()).await,
        judged(&app, Fault::IgnoresOrigin, &["D16"], good, roleless).await,
    ] {
        assert_eq!(ids(&report, Verdict::Passed), [""; 0], "{report:#?}");
        assert_eq!(report.exit_code(), 3);
        let cause = report.cases[0].cause.as_deref().unwrap();
        assert!(cause.contains("the good token itself"), "{cause}");
    }
}

/// Where the app itself checks tokens, it says the same of a client that is not allowed as of a token that has expired.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_of_a_client_that_is_not_let_in() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let mut expired = claims(&app, sample::UNLISTED);
    let now = expired["iat"].as_i64().unwrap();
    expired["nbf"] = json!(now - 4200);
    expired["exp"] = json!(now - 600);
    let token = signed(&app, &app.cloud().token_header(), &expired);
    let report = judged(&app, Fault::None, &["D4"], TokenKind::Expired, token).await;
    assert_eq!((report.unjudged().count(), report.exit_code()), (1, 3), "{report:#?}");
    assert!(report.cases[0].cause.as_deref().unwrap().contains("client"));
}

/// Nobody but Microsoft Graph can check the signatures of its tokens: there is a `nonce` in the header.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_whose_signature_nobody_can_check() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let mut header = app.cloud().token_header();
    header["nonce"] = json!("AQAB");
    let claims = app.cloud().app_claims(sample::AGENT, sample::OTHER_API).unwrap();
    let token = signed(&app, &header, &claims);
    let report = judged(&app, Fault::None, &["B5"], TokenKind::WrongAudience, token).await;
    assert_eq!((report.unjudged().count(), report.exit_code()), (1, 3), "{report:#?}");
    assert!(report.cases[0].cause.as_deref().unwrap().contains("nonce"));
}

/// Cases that are left out on purpose are no proof, when nothing else was judged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_in_which_nothing_was_judged() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let mut probe = app.probe_at(app.origin()).unwrap();
    probe.cases.retain(|case| case.group() == 'A');
    let report = run(&probe).await;
    assert_eq!((report.count(Verdict::Skipped), report.exit_code()), (8, 3));
    probe.cases.clear();
    assert_eq!(run(&probe).await.exit_code(), 3);
}

/// Every validator tolerates some minutes, because clocks differ.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_expired_a_moment_ago() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let mut expired = claims(&app, sample::AGENT);
    let now = expired["iat"].as_i64().unwrap();
    expired["nbf"] = json!(now - 3600);
    expired["exp"] = json!(now - 120);
    let token = signed(&app, &app.cloud().token_header(), &expired);
    let report = judged(&app, Fault::None, &["D4"], TokenKind::Expired, token).await;
    assert_eq!((report.unjudged().count(), report.exit_code()), (1, 3), "{report:#?}");
    expired["exp"] = json!(now - 1800);
    let token = signed(&app, &app.cloud().token_header(), &expired);
    let report = judged(&app, Fault::None, &["D4"], TokenKind::Expired, token).await;
    assert_eq!(ids(&report, Verdict::Passed), ["D4"], "{report:#?}");
    let got = report.cases[0].got.as_deref().unwrap();
    assert!(got.contains("expired 30 minutes ago"), "{got}");
    // Apps that tolerate an hour reject this one too.
    expired["nbf"] = json!(now - 9000);
    expired["exp"] = json!(now - 7200);
    let token = signed(&app, &app.cloud().token_header(), &expired);
    let report = judged(&app, Fault::None, &["D4"], TokenKind::Expired, token).await;
    assert_eq!((report.unjudged().count(), report.exit_code()), (1, 3), "{report:#?}");
    assert!(report.cases[0].cause.as_deref().unwrap().contains("120 minutes"), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_whose_key_was_withdrawn() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let mut expired = claims(&app, sample::AGENT);
    expired["nbf"] = json!(1);
    expired["exp"] = json!(expired["iat"].as_i64().unwrap() - 600);
    let mut header = app.cloud().token_header();
    header["kid"] = json!("withdrawn");
    let token = signed(&app, &header, &expired);
    let report = judged(&app, Fault::None, &["D4"], TokenKind::Expired, token).await;
    assert_eq!((report.unjudged().count(), report.exit_code()), (1, 3), "{report:#?}");
    assert!(report.cases[0].cause.as_deref().unwrap().contains("key"), "{report:#?}");
}
