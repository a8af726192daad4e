//! Authentication off, and on again whatever happens.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use auth_probe::{
    CancellationToken, Case, CaseReport, Observer, Probe, Report, TokenSource, Verdict,
};
use easyauth_emulator::{ArmOptions, FailingWrite, Options, sample};
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{Fault, FaultProxy},
};
use serde_json::{Value, json};

use super::{
    Notes, ids,
    relay::{Relay, Wrong},
};

/// An app with settings that are nobody's business, and the proof of its group A.
async fn app(options: Options) -> (AppService, Probe, tempfile::TempDir) {
    let app = AppService::on_sqlite(options).await.unwrap();
    {
        let mut sites = app.cloud().sites();
        let settings = &mut sites[0].auth_settings;
        settings["login"]["cookieExpiration"] = json!({"convention": "FixedTime"});
        settings["somethingNew"] = json!({"deep": [1, null, "x"]});
    }
    let mut probe = app.probe().unwrap();
    probe.cases.retain(|case| case.group() == 'A');
    let folder = tempfile::tempdir().unwrap();
    probe.auth_switch = Some(app.switch(app.cloud().origin(), folder.path()).unwrap());
    (app, probe, folder)
}

/// All of the app that must be the same after a run.
fn state(app: &AppService) -> (Value, Value) {
    let site = app.site();
    (site.auth_settings, json!(site.app_settings))
}

async fn is_shut(app: &AppService) {
    let answer = reqwest::get(app.origin()).await.unwrap();
    assert_eq!(answer.status(), 401);
}

/// The only file in a folder.
fn saved(folder: &tempfile::TempDir) -> Value {
    let files: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    serde_json::from_slice(&std::fs::read(&files[0]).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_are_saved_changed_and_put_back() {
    let (app, probe, folder) = app(Options::default()).await;
    let before = state(&app);
    let notes = Notes::default();
    let report = probe.run(&notes, &CancellationToken::new()).await.unwrap();
    assert_eq!(ids(&report, Verdict::Passed).len(), 8, "{:#?}", report.cases);
    assert_eq!(state(&app), before);
    assert_eq!(saved(&folder), json!({"properties": before.0}));
    is_shut(&app).await;
    let notes = notes.0.lock().unwrap().join("\n");
    assert!(notes.contains("az rest --method put") && notes.contains("authsettingsV2"), "{notes}");
}

/// Somebody who ends the run when a case has ended.
struct Ends<'a>(&'static str, &'a CancellationToken);

impl Observer for Ends<'_> {
    fn started(&self, _case: &Case) {}

    fn finished(&self, case: &CaseReport) {
        if case.id == self.0 {
            self.1.cancel();
        }
    }

    fn note(&self, _text: &str) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_leaves_authentication_on() {
    let (app, probe, _folder) = app(Options::default()).await;
    let before = state(&app);
    let interrupt = CancellationToken::new();
    let report = probe.run(&Ends("A3", &interrupt), &interrupt).await.unwrap();
    assert_eq!(ids(&report, Verdict::Passed), ["A1", "A2", "A3"]);
    assert_eq!(report.exit_code(), 130);
    assert_eq!(state(&app), before);
    is_shut(&app).await;
}

/// Somebody who fails when a case has ended.
struct Fails(&'static str);

impl Observer for Fails {
    fn started(&self, _case: &Case) {}

    fn finished(&self, case: &CaseReport) {
        assert_ne!(case.id, self.0, "on purpose");
    }

    fn note(&self, _text: &str) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_leaves_authentication_on() {
    let (app, probe, _folder) = app(Options::default()).await;
    let before = state(&app);
    let report = probe.run(&Fails("A2"), &CancellationToken::new()).await.unwrap();
    assert_eq!(report.exit_code(), 1);
    assert!(report.warnings[0].contains("failed"), "{:?}", report.warnings);
    assert_eq!(report.cases.len(), 8);
    assert_eq!(state(&app), before);
    is_shut(&app).await;
}

/// Somebody who cannot be told anything any more, once a case has ended: a terminal that was closed.
struct Gone(&'static str, AtomicBool);

impl Gone {
    fn tell(&self) {
        assert!(!self.1.load(Ordering::SeqCst), "on purpose");
    }
}

impl Observer for Gone {
    fn started(&self, _case: &Case) {
        self.tell();
    }

    fn finished(&self, case: &CaseReport) {
        self.1.fetch_or(case.id == self.0, Ordering::SeqCst);
        self.tell();
    }

    fn note(&self, _text: &str) {
        self.tell();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authentication_comes_on_when_nobody_listens_any_more() {
    for last in ["A2", "A8"] {
        let (app, probe, _folder) = app(Options::default()).await;
        let before = state(&app);
        let gone = Gone(last, AtomicBool::new(false));
        let report = probe.run(&gone, &CancellationToken::new()).await.unwrap();
        assert_eq!((report.exit_code(), report.cases.len()), (1, 8));
        assert_eq!(state(&app), before);
        is_shut(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_that_takes_too_long_leaves_authentication_on() {
    let (app, mut probe, _folder) = app(Options::default()).await;
    let before = state(&app);
    let fault = Fault::ToolHangs("list_restaurants_mcp");
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    probe.target = app.probe_at(proxy.origin()).unwrap().target;
    // Long enough for all that answers, also on a machine that is busy.
    probe.timeout = Duration::from_secs(4);
    let report: Report = probe.run(&Notes::default(), &CancellationToken::new()).await.unwrap();
    assert_eq!(ids(&report, Verdict::Failed), ["A5", "A6"]);
    assert_eq!(report.exit_code(), 1);
    assert_eq!(state(&app), before);
    is_shut(&app).await;
}

fn failing(writes: std::ops::RangeInclusive<u32>) -> Options {
    let failing_writes =
        writes.map(|nth| FailingWrite { nth, status: 503, retry_after: Some(0) }).collect();
    let mut arm = ArmOptions::default();
    arm.failing_writes = failing_writes;
    let mut options = Options::default();
    options.arm = arm;
    options
}

/// The writes are: the app's settings, authentication off, authentication on, the app's settings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_fails_for_a_while_is_repeated() {
    let (app, probe, _folder) = app(failing(3..=5)).await;
    let before = state(&app);
    let report = probe.run(&Notes::default(), &CancellationToken::new()).await.unwrap();
    assert_eq!((report.exit_code(), report.warnings.len()), (0, 0), "{:?}", report.warnings);
    assert_eq!(state(&app), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_even_the_way_back_fails_the_owner_is_told_what_to_run() {
    let (app, probe, _folder) = app(failing(3..=100)).await;
    let before = state(&app);
    let report = probe.run(&Notes::default(), &CancellationToken::new()).await.unwrap();
    assert_eq!(report.exit_code(), 1);
    let warning = &report.warnings[0];
    assert!(warning.contains("AUTHENTICATION MAY BE OFF"), "{warning}");
    let id = app.site().id;
    for part in ["az rest --method put", &format!("{id}/config/authsettingsV2"), "ALLOW_INSECURE"] {
        assert!(warning.contains(part), "{warning}");
    }
    assert_ne!(state(&app), before);
}

/// The platform's authentication is given up after five writes. The app settings come after them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_settings_are_restored_even_where_the_platform_stays_off() {
    let (app, probe, _folder) = app(failing(3..=7)).await;
    let before = state(&app);
    let report = probe.run(&Notes::default(), &CancellationToken::new()).await.unwrap();
    assert!(report.warnings[0].contains("AUTHENTICATION MAY BE OFF"), "{:?}", report.warnings);
    assert_eq!(app.auth_settings()["platform"]["enabled"], false);
    assert_eq!(state(&app).1, before.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_copy_nothing_is_changed() {
    let (app, mut probe, folder) = app(Options::default()).await;
    let before = state(&app);
    let nowhere = folder.path().join("nowhere");
    probe.auth_switch = Some(app.switch(app.cloud().origin(), &nowhere).unwrap());
    let report = probe.run(&Notes::default(), &CancellationToken::new()).await.unwrap();
    assert_eq!(report.unjudged().count(), 8);
    assert_eq!(report.exit_code(), 3);
    assert_eq!(app.site().restarts, 0);
    assert_eq!(state(&app), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_cannot_be_read_whole_are_not_written() {
    let (app, mut probe, folder) = app(Options::default()).await;
    let before = state(&app);
    for wrong in [
        Wrong::BreaksOff("authsettingsV2"),
        Wrong::BreaksOff("appsettings/list"),
        Wrong::HasNone("authsettingsV2"),
        Wrong::HasNone("appsettings/list"),
    ] {
        let relay = Relay::start(wrong, app.cloud().origin()).await;
        probe.auth_switch = Some(app.switch(&relay.origin, folder.path()).unwrap());
        let report = probe.run(&Notes::default(), &CancellationToken::new()).await.unwrap();
        assert_eq!((report.unjudged().count(), report.exit_code()), (8, 3));
        let cause = report.cases[0].cause.as_deref().unwrap();
        assert!(cause.contains("not whole"), "{cause}");
    }
    assert_eq!(app.site().restarts, 0);
    assert_eq!(state(&app), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_switches_off_never_arrives_after_what_switches_on() {
    let (app, mut probe, folder) = app(Options::default()).await;
    let before = state(&app);
    let interrupt = CancellationToken::new();
    let wrong = Wrong::IsLate(interrupt.clone());
    let relay = Relay::start(wrong, app.cloud().origin()).await;
    probe.auth_switch = Some(app.switch(&relay.origin, folder.path()).unwrap());
    let report = probe.run(&Notes::default(), &interrupt).await.unwrap();
    assert_eq!((report.warnings.len(), report.exit_code()), (0, 130), "{:?}", report.warnings);
    assert_eq!(state(&app), before);
    is_shut(&app).await;
}

/// Another operator, who shuts a client out, and sets something of their own.
fn shut_out(site: &mut easyauth_emulator::Site) {
    let entra = &mut site.auth_settings["identityProviders"]["azureActiveDirectory"];
    let validation = &mut entra["validation"];
    for (part, list) in [
        ("defaultAuthorizationPolicy", "allowedApplications"),
        ("jwtClaimChecks", "allowedClientApplications"),
    ] {
        let clients = validation[part][list].as_array_mut().unwrap();
        clients.retain(|client| *client != json!(sample::AGENT));
    }
    site.app_settings.insert("OVEN".to_owned(), "hot".to_owned());
}

/// What the settings have to be after a run in which somebody else shut a client out.
fn with_client_shut_out(app: &AppService) -> (Value, Value) {
    let mut site = app.site();
    shut_out(&mut site);
    (site.auth_settings, json!(site.app_settings))
}

/// Somebody who writes when a case has ended.
struct Writes<'a>(&'static str, &'a AppService);

impl Observer for Writes<'_> {
    fn started(&self, _case: &Case) {}

    fn finished(&self, case: &CaseReport) {
        if case.id == self.0 {
            shut_out(&mut self.1.cloud().sites()[0]);
        }
    }

    fn note(&self, _text: &str) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_write_while_authentication_is_off_stays() {
    let (app, probe, _folder) = app(Options::default()).await;
    let after = with_client_shut_out(&app);
    let report = probe.run(&Writes("A3", &app), &CancellationToken::new()).await.unwrap();
    assert_eq!((report.exit_code(), report.warnings.len()), (0, 0), "{:?}", report.warnings);
    assert_eq!(state(&app), after);
    is_shut(&app).await;
}

/// The writes are: the app's settings, authentication off, authentication on, the app's settings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_write_while_a_write_is_on_its_way_stays() {
    for nth in 1..=4 {
        let (app, mut probe, folder) = app(Options::default()).await;
        let after = with_client_shut_out(&app);
        let cloud = app.cloud().clone();
        let act = move || shut_out(&mut cloud.sites()[0]);
        let wrong = Wrong::IsOvertaken(nth, Box::new(act));
        let relay = Relay::start(wrong, app.cloud().origin()).await;
        probe.auth_switch = Some(app.switch(&relay.origin, folder.path()).unwrap());
        let report = probe.run(&Notes::default(), &CancellationToken::new()).await.unwrap();
        assert_eq!((report.exit_code(), report.warnings.len()), (0, 0), "{:?}", report.warnings);
        assert_eq!(state(&app), after, "write {nth}");
        is_shut(&app).await;
    }
}

/// Somebody who sets the app's own setting when the last case has ended.
struct Sets<'a>(&'a AppService);
impl Observer for Sets<'_> {
    fn started(&self, _case: &Case) {}

    fn finished(&self, case: &CaseReport) {
        if case.id == "A8" {
            let site = &mut self.0.cloud().sites()[0];
            site.app_settings.insert("ALLOW_INSECURE".to_owned(), "false".to_owned());
        }
    }

    fn note(&self, _text: &str) {}
}

/// Whoever has set the app's own setting meanwhile is not undone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_the_run_changed_is_put_back() {
    let (app, probe, _folder) = app(Options::default()).await;
    probe.run(&Sets(&app), &CancellationToken::new()).await.unwrap();
    assert_eq!(app.site().app_settings["ALLOW_INSECURE"], "false");
    assert_eq!(app.auth_settings()["platform"]["enabled"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_web_app_than_the_one_that_is_asked_stays_shut() {
    let (app, mut probe, _folder) = app(Options::default()).await;
    let name = "WEBSITE_HOSTNAME".to_owned();
    app.cloud().sites()[0].app_settings.insert(name, "other.example".to_owned());
    let before = state(&app);
    probe.patience = Duration::from_secs(1);
    let report = probe.run(&Notes::default(), &CancellationToken::new()).await.unwrap();
    assert_eq!((report.unjudged().count(), report.exit_code()), (8, 3), "{:?}", report.warnings);
    let cause = report.cases[0].cause.as_deref().unwrap();
    assert!(cause.contains("other.example"), "{cause}");
    assert_eq!(app.site().restarts, 0);
    assert_eq!(state(&app), before);
}

/// Takes a file away when a case has ended.
struct Takes<'a>(&'static str, &'a Path);

impl Observer for Takes<'_> {
    fn started(&self, _case: &Case) {}

    fn finished(&self, case: &CaseReport) {
        if case.id == self.0 {
            std::fs::remove_file(self.1).unwrap();
        }
    }

    fn note(&self, _text: &str) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_sign_in_any_more_still_switches_on() {
    let (app, mut probe, folder) = app(Options::default()).await;
    let before = state(&app);
    let resource_manager = uuid::uuid!("797f4846-ba00-4fd7-ba43-dac1f8f63013");
    let claims = app.cloud().app_claims(sample::OPERATOR, resource_manager).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let token = app.cloud().sign(&app.cloud().token_header(), &claims);
    std::fs::write(file.path(), token).unwrap();
    let token = TokenSource::File(file.path().to_owned());
    let switch = app.switch_with(token, app.cloud().origin(), folder.path());
    probe.auth_switch = Some(switch.unwrap());
    let takes = Takes("A8", file.path());
    let report = probe.run(&takes, &CancellationToken::new()).await.unwrap();
    assert_eq!((report.exit_code(), report.warnings.len()), (0, 0), "{:?}", report.warnings);
    assert_eq!(state(&app), before);
    is_shut(&app).await;
}
