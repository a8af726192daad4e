//! One case: its tokens, its check under the time limit, and what is said of it.

use std::{collections::BTreeMap, error::Error, sync::Mutex, time::Instant};

use super::Session;
use crate::{
    AccessToken, Case, Remedy, TokenKind, Verdict,
    clock::now,
    context::{Context, Phase, lock},
    diagnosis::{self, Diagnosis},
    outcome::CaseFailure,
    report::CaseReport,
    requirements::Writes,
};

/// How many characters of what came back a report shows.
const SHOWN: usize = 300;

pub(super) const NO_WRITES: &str = "it writes, and --no-writes was given";

pub(super) const INTERRUPTED: &str = "interrupted";

/// The tokens that were had already, or could not be.
pub(super) type KeptTokens = Mutex<BTreeMap<TokenKind, Result<AccessToken, Diagnosis>>>;

/// The tokens of a case, and those that nobody gave.
struct Tokens {
    found: BTreeMap<TokenKind, AccessToken>,
    missing: Vec<TokenKind>,
}

impl Session<'_> {
    pub(super) async fn judge(&self, case: &'static Case, phase: &Phase) -> CaseReport {
        self.observer.started(case);
        let mut report = blank(case);
        if self.interrupt.is_cancelled() {
            report.cause = Some(INTERRUPTED.to_owned());
            return report;
        }
        if let Some(part) = self.probe.target.profile.lacks(case.needs) {
            report.cause = Some(part.missing().to_owned());
            report.deliberate = true;
            return report;
        }
        if case.writes == Writes::Only && !self.probe.writes {
            report.cause = Some(NO_WRITES.to_owned());
            report.deliberate = true;
            return report;
        }
        let tokens = match self.tokens_of(case).await {
            Ok(tokens) => tokens,
            Err(diagnosis) => return self.skipped(report, diagnosis),
        };
        if tokens.found.is_empty() && !tokens.missing.is_empty() {
            return self.not_given(report, &tokens.missing);
        }
        let missing = tokens.missing;
        let sent = Mutex::default();
        let began = Instant::now();
        let context =
            Context::new(&self.run, case.id, case.authentication, phase, tokens.found, &sent);
        let judged = tokio::select! {
            judged = tokio::time::timeout(self.probe.timeout, (case.check)(&context)) => judged,
            () = self.interrupt.cancelled() => Ok(Err(CaseFailure::Inconclusive(Diagnosis::without_fix(INTERRUPTED)))),
        };
        let judged = judged.unwrap_or_else(|_| Err(self.too_late()));
        report.ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        // What hangs does not hang twice.
        let _ = tokio::time::timeout(self.probe.timeout, context.end_sessions()).await;
        report.sent.clone_from(&lock(&sent));
        let report = self.conclude(report, judged, &missing);
        if case.writes == Writes::Also && !self.probe.writes { in_part(report) } else { report }
    }

    fn too_late(&self) -> CaseFailure {
        CaseFailure::Failed {
            got: format!("no answer within {:?}", self.probe.timeout),
            diagnosis: Some(diagnosis::too_late()),
        }
    }

    fn conclude(
        &self,
        mut report: CaseReport,
        judged: Result<String, CaseFailure>,
        missing: &[TokenKind],
    ) -> CaseReport {
        match judged {
            Ok(got) => {
                report.got = Some(self.shown(&got));
                report.verdict = Verdict::Passed;
                if missing.is_empty() { report } else { self.not_given(report, missing) }
            }
            Err(CaseFailure::Failed { got, diagnosis }) => {
                report.verdict = Verdict::Failed;
                report.got = Some(self.shown(&got));
                report.cause = diagnosis.as_ref().map(|it| self.shown(&it.cause));
                report.fix = diagnosis.and_then(|it| it.remedy).map(|it| self.worded(&it));
                report
            }
            Err(CaseFailure::Inconclusive(diagnosis)) => self.skipped(report, diagnosis),
        }
    }

    /// A text as the report has it: without tokens, and only then cut, so that no part of one is left.
    pub(super) fn shown(&self, text: &str) -> String {
        let text = printable(&self.run.redact(text));
        let start: String = text.chars().take(SHOWN).collect();
        if start.len() < text.len() { format!("{start}…") } else { text }
    }

    fn skipped(&self, mut report: CaseReport, diagnosis: Diagnosis) -> CaseReport {
        report.verdict = Verdict::Skipped;
        report.cause = Some(self.shown(&diagnosis.cause));
        report.fix = diagnosis.remedy.map(|it| self.worded(&it));
        report
    }

    /// A case for which tokens are missing. Those that only an owner can have are an offer; without the others, which every
    /// credential brings, what was asked for could not be judged.
    fn not_given(&self, mut report: CaseReport, missing: &[TokenKind]) -> CaseReport {
        let names: Vec<_> = missing.iter().map(|kind| kind.name()).collect();
        let core = [TokenKind::Good, TokenKind::WrongAudience];
        report.verdict = Verdict::Skipped;
        report.deliberate = !missing.iter().any(|kind| core.contains(kind));
        report.cause = Some(format!("there is no token of the kind {}", names.join(", ")));
        report.fix = missing.first().map(|kind| self.worded(&Remedy::GiveToken(*kind)));
        report
    }

    /// A remedy in the words of the program that runs the proof.
    pub(super) fn worded(&self, remedy: &Remedy) -> String {
        let text = self.probe.wording.remedy(remedy, &self.probe.target);
        printable(&self.run.redact(&text))
    }

    /// The tokens that a case works with. The good one may be missing where a token is forged.
    async fn tokens_of(&self, case: &Case) -> Result<Tokens, Diagnosis> {
        let mut tokens = Tokens { found: BTreeMap::new(), missing: Vec::new() };
        for kind in case.tokens {
            match self.token(*kind).await {
                Some(Ok(token)) => drop(tokens.found.insert(*kind, token)),
                Some(Err(diagnosis)) => return Err(diagnosis),
                None => tokens.missing.push(*kind),
            }
        }
        for kind in case.also {
            match self.token(*kind).await {
                Some(Ok(token)) => drop(tokens.found.insert(*kind, token)),
                Some(Err(diagnosis)) => return Err(diagnosis),
                None => {}
            }
        }
        if case.forges
            && let Some(Ok(good)) = self.token(TokenKind::Good).await
        {
            tokens.found.insert(TokenKind::Good, good);
        }
        Ok(tokens)
    }

    /// A token of a kind: the one that was given, or the good one where that is of the kind too.
    pub(super) async fn token(&self, kind: TokenKind) -> Option<Result<AccessToken, Diagnosis>> {
        if let Some(kept) = lock(&self.kept).get(&kind) {
            return Some(kept.clone());
        }
        let target = &self.probe.target;
        let Some(source) = self.probe.tokens.source(kind) else {
            let stands_in = [TokenKind::V1, TokenKind::V2, TokenKind::Delegated].contains(&kind);
            let good =
                if stands_in { Box::pin(self.token(TokenKind::Good)).await?.ok() } else { None };
            return good.filter(|good| kind.check(&good.claims(), target, now()).is_ok()).map(Ok);
        };
        let token = tokio::select! {
            token = tokio::time::timeout(self.probe.timeout, source.get()) => token,
            () = self.interrupt.cancelled() => return Some(Err(Diagnosis::without_fix(INTERRUPTED))),
        };
        let token = match token {
            Ok(Ok(token)) => {
                self.run.keep_secret(&token);
                let fits = fits(kind, &token, target);
                let of_whom = self.is_of_the_good_client(kind, &token).await;
                fits.and(of_whom).map(|()| token)
            }
            Ok(Err(error)) => Err(diagnosis::no_token(&chain(&error))),
            Err(_) => Err(diagnosis::no_token("it did not arrive in time")),
        };
        lock(&self.kept).insert(kind, token.clone());
        Some(token)
    }

    /// Of a token whose time alone is in question, whether its client is one that is let in.
    async fn is_of_the_good_client(
        &self,
        kind: TokenKind,
        token: &AccessToken,
    ) -> Result<(), Diagnosis> {
        if ![TokenKind::Expired, TokenKind::NotYetValid].contains(&kind) {
            return Ok(());
        }
        match Box::pin(self.token(TokenKind::Good)).await {
            Some(Ok(good)) if good.claims().client() != token.claims().client() => {
                Err(proves_nothing(kind, "its client (appid, azp) is not that of the good token"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a token proves what its kind shall. A good one that does not is for the app to refuse, and for us to tell why.
fn fits(kind: TokenKind, token: &AccessToken, target: &crate::Target) -> Result<(), Diagnosis> {
    if kind == TokenKind::Good {
        return Ok(());
    }
    let is_checkable = if token.header().contains_key("nonce") {
        Err("there is a nonce in its header, as in Microsoft Graph's, whose signatures nobody else can check".to_owned())
    } else {
        Ok(())
    };
    is_checkable
        .and_then(|()| kind.check(&token.claims(), target, now()))
        .map_err(|why| proves_nothing(kind, &why))
}

fn proves_nothing(kind: TokenKind, why: &str) -> Diagnosis {
    let cause = format!("the token that was given as {} proves nothing: {why}", kind.name());
    Diagnosis::new(cause, Remedy::ReplaceToken(kind))
}

/// A case of which nothing is said yet.
pub(super) fn blank(case: &Case) -> CaseReport {
    CaseReport {
        id: case.id,
        title: case.title,
        proves: case.proves,
        leaves_open: case.leaves_open,
        verdict: Verdict::Skipped,
        sent: Vec::new(),
        expected: case.expects,
        got: None,
        cause: None,
        fix: None,
        deliberate: false,
        ms: 0,
    }
}

/// A case of which all but the writes was judged: a failure is one, and a pass is not.
fn in_part(mut report: CaseReport) -> CaseReport {
    if report.verdict == Verdict::Passed {
        report.verdict = Verdict::Skipped;
        report.deliberate = true;
        let got = report.got.as_deref().unwrap_or_default();
        report.cause = Some(format!("{NO_WRITES}; the rest of it is well: {got}"));
    }
    report
}

/// A text from outside on one line, without what would move a terminal's cursor, turn the direction of the text or stay
/// unseen: by that an app could draw a report of its own.
fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() || is_ignorable(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

/// Whether a character is not shown by itself: Unicode's `Default_Ignorable_Code_Point`
/// (`DerivedCoreProperties.txt`), and the separators of lines and interlinear annotations.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// An error with all that is behind it, on one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
