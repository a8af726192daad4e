//! What a check works with: the app, the tokens, and a record of what was sent.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    AccessToken, Profile, Target, TokenKind,
    case::functions,
    clock::now,
    diagnosis::{self, Diagnosis},
    forgery::Forgery,
    http_client::{Answer, HttpClient, NoAnswer, Request},
    mcp,
    outcome::CaseFailure,
    profile::Values,
    redactor::Redactor,
    report::Row,
    requirements::{Authentication, Part},
    session::{SESSION, Sessions, within},
};

/// What all cases of a run share.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) target: Target,
    pub(crate) http: HttpClient,
    pub(crate) python: Option<PathBuf>,
    pub(crate) writes: bool,
    rows: Mutex<Vec<Row>>,
    redactor: Mutex<Redactor>,
    /// What was sent when a part of a token came back.
    echo: Mutex<Option<String>>,
}

/// What the cases share for which authentication is on, or off.
#[derive(Debug, Default)]
pub(crate) struct Phase {
    /// The id of what this run made to write into, by the profile's `[parent]`.
    parent: OnceCell<Value>,
    /// Texts that only callers with a good token may see.
    texts: OnceCell<Vec<String>>,
}

/// What one case has.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) run: &'a Run,
    pub(crate) id: &'static str,
    authentication: Authentication,
    phase: &'a Phase,
    tokens: BTreeMap<TokenKind, AccessToken>,
    sent: &'a Mutex<Vec<String>>,
    sessions: Mutex<Sessions>,
}

/// Who makes a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Caller<'a> {
    Anonymous,
    /// With a token, and what it is called.
    Bearer(&'a AccessToken, &'a str),
}

impl Run {
    pub(crate) fn new(
        target: Target,
        python: Option<PathBuf>,
        writes: bool,
    ) -> reqwest::Result<Self> {
        let id = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        let http = HttpClient::new(&target.origin)?;
        let mut redactor = Redactor::default();
        redactor.learn_public(&target.tenant_id.to_string());
        redactor.learn_public(&target.client_id.to_string());
        Ok(Self {
            id,
            target,
            http,
            python,
            writes,
            rows: Mutex::default(),
            redactor: Mutex::new(redactor),
            echo: Mutex::default(),
        })
    }

    /// Remembers a token, so that no report shows it.
    pub(crate) fn keep_secret(&self, token: &AccessToken) {
        lock(&self.redactor).learn(token);
    }

    /// A text without any part of a token.
    pub(crate) fn redact(&self, text: &str) -> String {
        lock(&self.redactor).redact(text)
    }

    /// Whether an answer gives a part of a token back, which is remembered with what was sent.
    fn notice_echo(&self, sent: &str, answer: &Answer) {
        let redactor = lock(&self.redactor);
        let headers =
            answer.headers.values().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let is_in_headers = headers.into_iter().any(|value| redactor.is_token_in(&value));
        if is_in_headers || redactor.is_token_in(&answer.body) {
            lock(&self.echo).get_or_insert_with(|| redactor.redact(sent));
        }
    }

    /// What was sent when a part of a token came back, if one did.
    pub(crate) fn echo(&self) -> Option<String> {
        lock(&self.echo).clone()
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        lock(&self.rows).clone()
    }

    pub(crate) fn add_row(&self, case: &'static str, kind: &str, id: &Value, text: &str) {
        let (kind, id, text) = (kind.to_owned(), id.clone(), text.to_owned());
        lock(&self.rows).push(Row { case, kind, id, text });
    }
}

/// The texts of a JSON value, at any depth.
fn add_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => {
            for item in items {
                add_texts(item, texts);
            }
        }
        Value::Object(members) => {
            for member in members.values() {
                add_texts(member, texts);
            }
        }
        _ => {}
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        run: &'a Run,
        id: &'static str,
        authentication: Authentication,
        phase: &'a Phase,
        tokens: BTreeMap<TokenKind, AccessToken>,
        sent: &'a Mutex<Vec<String>>,
    ) -> Self {
        Self { run, id, authentication, phase, tokens, sent, sessions: Mutex::default() }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.run.target
    }

    /// What the app is like.
    pub(crate) fn profile(&self) -> &'a Profile {
        &self.run.target.profile
    }

    /// The token of a kind, where there is one.
    pub(crate) fn token(&self, kind: TokenKind) -> Option<&AccessToken> {
        self.tokens.get(&kind)
    }

    /// The caller that is to be let in: with a good token where authentication is on.
    pub(crate) fn good(&self) -> Caller<'_> {
        match (self.authentication, self.token(TokenKind::Good)) {
            (Authentication::On, Some(token)) => Caller::Bearer(token, "a good token"),
            _ => Caller::Anonymous,
        }
    }

    /// A caller with a token of this kind.
    pub(crate) fn bearer(&self, kind: TokenKind) -> Result<Caller<'_>, CaseFailure> {
        let token = self.token(kind).ok_or_else(|| {
            CaseFailure::Inconclusive(Diagnosis::without_fix(format!(
                "there is no token of the kind {}",
                kind.name()
            )))
        })?;
        Ok(Caller::Bearer(token, kind.name()))
    }

    /// A token in the making, from a good one where there is one.
    pub(crate) fn forgery(&self) -> Forgery {
        match self.token(TokenKind::Good) {
            Some(good) => Forgery::of(good),
            None => Forgery::invented(&self.run.target, now()),
        }
    }

    /// Sends a request; no answer is a fault of the app. To a stateful server it goes in a session: that of its caller, or
    /// else that of the good one, so that a refusal is not for want of a session.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, CaseFailure> {
        if !self.profile().mcp.sessions || !request.is_to(&self.target().mcp) {
            return self.send_alone(request).await;
        }
        if request.rpc_method() == "initialize" {
            return self.open_session(request).await;
        }
        if request.has_header(SESSION) {
            return self.send_alone(request).await;
        }
        let own = lock(&self.sessions).of(request.token());
        let id = match own {
            Some(id) => Some(id),
            None => self.good_session().await,
        };
        self.send_alone(id.map_or_else(|| request.clone(), |id| within(request.clone(), &id))).await
    }

    /// Sends `initialize`, and completes the session that it opens.
    async fn open_session(&self, request: Request) -> Result<Answer, CaseFailure> {
        let token = request.token().cloned();
        let answer = self.send_alone(request).await?;
        let url = &self.target().mcp;
        let then = lock(&self.sessions).opened_by(url, token.as_ref(), &answer);
        if let Some(then) = then {
            self.send_alone(then).await?;
        }
        Ok(answer)
    }

    /// The session of the caller that is to be let in.
    async fn good_session(&self) -> Option<String> {
        let caller = self.good();
        let token = match caller {
            Caller::Anonymous => None,
            Caller::Bearer(token, _) => Some(token),
        };
        if let Some(id) = lock(&self.sessions).of(token) {
            return Some(id);
        }
        let request = self.message("initialize", &mcp::initialize(), caller);
        self.open_session(request).await.ok()?;
        lock(&self.sessions).of(token)
    }

    /// Ends the sessions of the case.
    pub(crate) async fn end_sessions(&self) {
        let sessions = std::mem::take(&mut *lock(&self.sessions));
        sessions.end(&self.run.http, &self.target().mcp).await;
    }

    async fn send_alone(&self, request: Request) -> Result<Answer, CaseFailure> {
        if let Some(token) = request.token() {
            self.run.keep_secret(token);
        }
        self.record(request.line());
        let answer = self.run.http.send(&request).await;
        if let Ok(answer) = &answer {
            self.run.notice_echo(request.line(), answer);
        }
        answer.map_err(|no_answer| {
            let got = format!("no answer: {}", no_answer.reason());
            let diagnosis = diagnosis::no_answer(self.target(), &no_answer);
            match no_answer {
                NoAnswer::Unreachable(_) => CaseFailure::Inconclusive(diagnosis),
                NoAnswer::Broken(_) => CaseFailure::Failed { got, diagnosis: Some(diagnosis) },
            }
        })
    }

    /// Notes something that was sent.
    pub(crate) fn record(&self, line: &str) {
        lock(self.sent).push(self.run.redact(line));
    }

    /// A request to the MCP endpoint.
    pub(crate) fn message(&self, method: &str, params: &Value, caller: Caller<'_>) -> Request {
        let url = self.target().mcp.clone();
        let tool = params["name"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
        let line = format!("POST {url} {method}{tool}");
        let request = Request::message(url, &mcp::request(method, params), line);
        match caller {
            Caller::Anonymous => request,
            Caller::Bearer(token, what) => request.bearer(token, what),
        }
    }

    /// Asks the MCP endpoint something.
    pub(crate) async fn ask(
        &self,
        method: &str,
        params: &Value,
        caller: Caller<'_>,
    ) -> Result<Answer, CaseFailure> {
        self.send(self.message(method, params, caller)).await
    }

    /// What `initialize` is answered.
    pub(crate) async fn initialize(&self, caller: Caller<'_>) -> Result<Answer, CaseFailure> {
        self.ask("initialize", &mcp::initialize(), caller).await
    }

    /// The result of a request that has to be let in.
    pub(crate) async fn result(
        &self,
        method: &str,
        params: &Value,
        caller: Caller<'_>,
    ) -> Result<Value, CaseFailure> {
        let answer = self.ask(method, params, caller).await?;
        mcp::result(&answer).map_err(|why| self.not_let_in(&answer, caller, &why))
    }

    /// An answer that is none to a caller who has to be let in.
    pub(crate) fn not_let_in(&self, answer: &Answer, caller: Caller<'_>, why: &str) -> CaseFailure {
        let token = match caller {
            Caller::Anonymous => None,
            Caller::Bearer(token, _) => Some(token),
        };
        let diagnosis = diagnosis::not_let_in(self.target(), answer, token);
        CaseFailure::Failed { got: format!("{} ({why})", answer.summary()), diagnosis }
    }

    /// What a tool gives.
    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: Value,
        caller: Caller<'_>,
    ) -> Result<Value, CaseFailure> {
        let params = json!({"name": tool, "arguments": arguments});
        let result = self.result("tools/call", &params, caller).await?;
        mcp::content(&result).map_err(|why| CaseFailure::failed(format!("{tool}: {why}")))
    }

    /// The values of placeholders for a write of this text.
    pub(crate) async fn values(&self, text: &str) -> Result<Values, CaseFailure> {
        let values = Values::default().with("text", text);
        if self.profile().parent.is_none() {
            return Ok(values);
        }
        Ok(values.with("parent", self.parent().await?))
    }

    /// The id of what this run writes into, so that it changes nothing of others. Made by the case that needs it first.
    pub(crate) async fn parent(&self) -> Result<Value, CaseFailure> {
        let make = || async {
            let missing =
                || CaseFailure::Inconclusive(Diagnosis::without_fix(Part::Parent.missing()));
            let parent = self.profile().parent.as_ref().ok_or_else(missing)?;
            let text = self.parent_text();
            let values = Values::default().with("text", text.as_str());
            let arguments = json!(values.fill_all(&parent.arguments));
            let made = self.call(&parent.tool, arguments, self.good()).await?;
            let id = parent.id_of(&made, &values).map_err(CaseFailure::failed)?;
            self.run.add_row(self.id, &parent.noun, &id, &text);
            Ok(id)
        };
        self.phase.parent.get_or_try_init(make).await.cloned()
    }

    /// Texts that a good token reads; none without one, or where the app refuses it.
    pub(crate) async fn guarded_texts(&self) -> &[String] {
        let read = || async {
            let caller = self.bearer(TokenKind::Good)?;
            let mut found = functions::listed(self, caller).await?.unwrap_or_default();
            if let (Some(first), Some(details)) = (found.first(), &self.profile().details) {
                let arguments = json!(Values::of(first).fill_all(&details.arguments));
                let content = self.call(&details.tool, arguments, caller).await;
                found.push(content.unwrap_or_default());
            }
            let mut texts = Vec::new();
            add_texts(&Value::Array(found), &mut texts);
            Ok::<_, CaseFailure>(texts)
        };
        self.phase.texts.get_or_try_init(read).await.map_or(&[], Vec::as_slice)
    }

    /// The text of what this run writes into: at most 50 characters.
    pub(crate) fn parent_text(&self) -> String {
        let with = match self.authentication {
            Authentication::Off => "open",
            Authentication::On => "guarded",
        };
        format!("test-auth {} ({with})", self.run.id)
    }
}
