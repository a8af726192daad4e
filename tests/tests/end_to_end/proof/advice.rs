//! What the report advises: nothing that would open the app, and the right thing.

use auth_probe::{AccessToken, Case, CaseReport, TokenKind, TokenSource};
use easyauth_emulator::{Options, sample};
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{Fault, FaultProxy},
};

use super::run;

/// What is said of a case of an app with a fault, with this in place of the good token.
async fn said(app: &AppService, fault: Fault, case: &str, good: Option<String>) -> CaseReport {
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    let mut probe = app.probe_at(proxy.origin()).unwrap();
    probe.cases = Case::by_id(case).into_iter().collect();
    if let Some(good) = good {
        let token = TokenSource::Ready(AccessToken::new(&good).unwrap());
        probe.tokens = probe.tokens.with(TokenKind::Good, token);
    }
    run(&probe).await.cases.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_to_take_tokens_of_another_api() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let claims = app.cloud().app_claims(sample::AGENT, sample::OTHER_API).unwrap();
    let other = app.cloud().sign(&app.cloud().token_header(), &claims);
    let report = said(&app, Fault::None, "B6", Some(other)).await;
    let fix = report.fix.unwrap();
    assert!(fix.contains(&format!("--scope api://{}/.default", sample::API)), "{fix}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenge_without_metadata_is_not_taken_for_guarded_metadata() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let report = said(&app, Fault::ChallengeWithoutMetadata, "D12", None).await;
    let cause = report.cause.unwrap();
    assert!(cause.contains("challenge") && !cause.contains("behind authentication"), "{cause}");
    assert!(report.fix.unwrap().contains("WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES"));
}
