//! The run: which cases, in which order, with what; and authentication off and on again around those that need it off.

mod judge;
mod policy;
mod state;

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    panic::AssertUnwindSafe,
    path::PathBuf,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

use self::state::State;
use crate::{
    AuthSwitch, Case, Policy, Remedy, Report, SavedSettings, Target, TokenSource, Tokens, Wording,
    context::{Phase, Run},
    http_client::{NoAnswer, Request},
    policy::Cell,
    remedy::PlainWording,
    report::CaseReport,
    requirements::Authentication,
};

/// How long to wait between two looks at whether the app has changed.
const PAUSE: Duration = Duration::from_millis(250);

/// The case that looks at the answers of all others.
const LOOKS_BACK: &str = "D30";

/// What is to be proven, and how.
#[derive(Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The app.
    pub target: Target,
    /// The tokens to try it with.
    pub tokens: Tokens,
    /// The cases to judge.
    pub cases: Vec<&'static Case>,
    /// Whether it may write into the app. Default: yes.
    pub writes: bool,
    /// How long a case may take. Default: 30 seconds.
    pub timeout: Duration,
    /// How long an app may take that starts, or whose authentication was switched. Default: 5 minutes.
    pub patience: Duration,
    /// A Python interpreter that has the package `mcp`, version 2, for the cases of group C. Default: none.
    pub python: Option<PathBuf>,
    /// The switch by which authentication may be turned off for the cases that need it off. Default: none.
    pub auth_switch: Option<Box<dyn AuthSwitch>>,
    /// The rules of who may call which tool. Default: none.
    pub policy: Option<Policy>,
    /// The tokens of the policy's identities. Identities that are named as a kind of token have the token of that kind.
    pub identities: BTreeMap<String, TokenSource>,
    /// The words for remedies in the report. Default: plain words, without a command.
    pub wording: Box<dyn Wording>,
}

/// Who wants to know how a run goes on.
pub trait Observer: Sync {
    /// A case begins.
    fn started(&self, case: &Case);
    /// A case has ended.
    fn finished(&self, case: &CaseReport);
    /// Something else is worth telling: lines for people.
    fn note(&self, text: &str);
}

/// The app cannot be reached, so nothing was judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// No connection.
    #[error("{origin} cannot be reached: {reason}")]
    App {
        /// The app.
        origin: String,
        /// Why.
        reason: String,
    },
    /// This machine's own means of reaching it fail.
    #[error("no request can be sent from here")]
    Client(#[source] reqwest::Error),
}

impl Probe {
    /// A proof of every case.
    #[must_use]
    pub fn new(target: Target, tokens: Tokens) -> Self {
        Self {
            target,
            tokens,
            cases: Case::all().collect(),
            writes: true,
            timeout: Duration::from_secs(30),
            patience: Duration::from_secs(300),
            python: None,
            auth_switch: None,
            policy: None,
            identities: BTreeMap::new(),
            wording: Box::new(PlainWording),
        }
    }

    /// Judges the cases, one after the other: first those that want authentication on, in an
    /// order by chance, then those that want it off.
    /// When `interrupt` is cancelled, the case at hand is given up, and authentication is switched on again all the same.
    /// End it by that alone: a future that is dropped cannot switch anything on again.
    ///
    /// # Errors
    /// When the app cannot be reached at all.
    pub async fn run(
        &self,
        observer: &dyn Observer,
        interrupt: &CancellationToken,
    ) -> Result<Report, Unreachable> {
        let run = Run::new(self.target.clone(), self.python.clone(), self.writes);
        let run = run.map_err(Unreachable::Client)?;
        let session =
            Session { probe: self, run, observer, interrupt, kept: judge::KeptTokens::default() };
        session.wait_for_start().await?;
        let mut outcome = Outcome::default();
        session.judge_all(Authentication::On, &mut outcome).await;
        outcome.policy = session.judge_policy().await;
        session.judge_open(&mut outcome).await;
        Ok(session.report(outcome))
    }
}

/// A run under way.
struct Session<'a> {
    probe: &'a Probe,
    run: Run,
    observer: &'a dyn Observer,
    interrupt: &'a CancellationToken,
    kept: judge::KeptTokens,
}

/// What came of it so far.
#[derive(Default)]
struct Outcome {
    cases: Vec<CaseReport>,
    policy: Vec<Cell>,
    warnings: Vec<String>,
}

impl Session<'_> {
    /// Waits for an app that starts. One that hangs is judged, not waited for.
    async fn wait_for_start(&self) -> Result<(), Unreachable> {
        let deadline = Instant::now() + self.probe.patience;
        let mut is_told = false;
        loop {
            let request = Request::get(self.probe.target.url("/"));
            let answer =
                tokio::time::timeout(self.probe.timeout, self.run.http.send(&request)).await;
            match answer {
                Ok(Ok(answer)) if matches!(answer.status.as_u16(), 502..=504) => {
                    if !is_told {
                        self.observer.note("the app is starting");
                        is_told = true;
                    }
                }
                Ok(Err(NoAnswer::Unreachable(reason))) => {
                    return Err(Unreachable::App {
                        origin: self.probe.target.origin().to_owned(),
                        reason,
                    });
                }
                _ => return Ok(()),
            }
            if Instant::now() > deadline || self.interrupt.is_cancelled() {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await; // tidy: polls another machine, with a deadline
        }
    }

    fn cases(&self, authentication: Authentication) -> impl Iterator<Item = &'static Case> + '_ {
        self.probe.cases.iter().copied().filter(move |case| case.authentication == authentication)
    }

    /// Judges the cases. While authentication is on, their order differs each time, because an app could recognize the
    /// command by it. The case that looks at the answers of the others is the last.
    async fn judge_all(&self, authentication: Authentication, outcome: &mut Outcome) {
        let phase = Phase::default();
        let order = RandomState::new();
        let mut cases: Vec<_> = self.cases(authentication).collect();
        if authentication == Authentication::On {
            cases.sort_by_cached_key(|case| (case.id == LOOKS_BACK, order.hash_one(case.id)));
        }
        for case in cases {
            let report = self.judge(case, &phase).await;
            self.push(&report, outcome);
        }
    }

    fn push(&self, report: &CaseReport, outcome: &mut Outcome) {
        outcome.cases.push(report.clone());
        self.observer.finished(report);
    }

    /// The cases that want authentication off.
    async fn judge_open(&self, outcome: &mut Outcome) {
        if self.cases(Authentication::Off).next().is_none() {
            return;
        }
        match (self.state().await, &self.probe.auth_switch) {
            (State::Open, _) => self.judge_all(Authentication::Off, outcome).await,
            (State::Shut, Some(switch)) => self.judge_switched_off(&**switch, outcome).await,
            (State::Shut, None) => {
                let remedy = Some(Remedy::NameWebApp);
                self.skip_open(outcome, "authentication is on", remedy.as_ref(), true);
            }
            (State::Unclear(got), _) => {
                let why = format!("whether authentication is on cannot be told: {got}");
                self.skip_open(outcome, &why, None, false);
            }
        }
    }

    fn skip_open(
        &self,
        outcome: &mut Outcome,
        why: &str,
        remedy: Option<&Remedy>,
        deliberate: bool,
    ) {
        for case in self.cases(Authentication::Off) {
            let mut report = judge::blank(case);
            report.cause = Some(self.shown(why));
            report.fix = remedy.map(|remedy| self.worded(remedy));
            report.deliberate = deliberate;
            self.push(&report, outcome);
        }
    }

    /// Saves the settings, switches authentication off, judges, and puts the settings back whatever happens.
    async fn judge_switched_off(&self, switch: &dyn AuthSwitch, outcome: &mut Outcome) {
        if self.interrupt.is_cancelled() {
            return self.skip_open(outcome, judge::INTERRUPTED, None, false);
        }
        let saved = match switch.save(self.probe.target.host(), &self.run.id).await {
            Ok(saved) => saved,
            Err(error) => return self.skip_open(outcome, &judge::chain(&*error), None, false),
        };
        self.observer.note(&format!(
            "switching authentication off; its settings are saved in {}. Should this program be killed, restore them by\n{}",
            saved.location(),
            saved.restore_commands()
        ));
        let judged = AssertUnwindSafe(async {
            self.judge_between(&*saved, outcome).await;
            self.observer.note("switching authentication on again");
        });
        let judged = judged.catch_unwind().await;
        // From here to the restored settings nobody else's code is called: an observer whose terminal is gone may panic.
        if judged.is_err() {
            outcome
                .warnings
                .push("the proof itself failed while authentication was off".to_owned());
        }
        self.restore(&*saved, outcome).await;
        let left: Vec<_> = self
            .cases(Authentication::Off)
            .filter(|case| outcome.cases.iter().all(|report| report.id != case.id))
            .collect();
        for case in left {
            let mut report = judge::blank(case);
            report.cause = Some("the proof ended before it".to_owned());
            outcome.cases.push(report);
        }
    }

    async fn judge_between(&self, saved: &dyn SavedSettings, outcome: &mut Outcome) {
        // Not given up halfway: a write on its way could arrive after the one that switches on again.
        let written = saved.switch_off().await.map_err(|error| judge::chain(&*error));
        let open = async {
            written?;
            self.until(&State::Open).await
        };
        let off = tokio::select! {
            off = open => off,
            () = self.interrupt.cancelled() => Err(judge::INTERRUPTED.to_owned()),
        };
        match off {
            Ok(()) => self.judge_all(Authentication::Off, outcome).await,
            Err(why) => {
                let why = format!("authentication could not be switched off: {why}");
                self.skip_open(outcome, &why, None, false);
            }
        }
    }

    async fn restore(&self, saved: &dyn SavedSettings, outcome: &mut Outcome) {
        if let Err(error) = saved.restore().await {
            outcome.warnings.push(format!(
                "AUTHENTICATION MAY BE OFF: its settings could not be restored ({}). Restore them by\n{}",
                self.shown(&judge::chain(&*error)),
                saved.restore_commands()
            ));
        } else if let Err(why) = self.until(&State::Shut).await {
            outcome
                .warnings
                .push(format!("the settings of authentication are restored, but {why}"));
        }
    }

    fn report(&self, outcome: Outcome) -> Report {
        let mut cases = outcome.cases;
        let order = |id: &str| Case::all().position(|case| case.id == id);
        cases.sort_by_key(|case| order(case.id));
        Report {
            run: self.run.id.clone(),
            url: self.probe.target.origin().to_owned(),
            mcp: self.probe.target.mcp.to_string(),
            cases,
            policy: outcome.policy,
            opened: Vec::new(),
            rows: self.run.rows(),
            warnings: outcome.warnings.iter().map(|warning| self.run.redact(warning)).collect(),
            interrupted: self.interrupt.is_cancelled(),
        }
    }
}
