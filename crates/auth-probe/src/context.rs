//! What a check works with: the app, the tokens, and a record of what was sent.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    AccessToken, Target, TokenKind,
    case::functions,
    clock::now,
    diagnosis::{self, Diagnosis},
    forgery::Forgery,
    http_client::{Answer, HttpClient, NoAnswer, Request},
    mcp,
    outcome::CaseFailure,
    redactor::Redactor,
    report::Row,
    requirements::Authentication,
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
    /// The restaurant that this run made, for all that it writes.
    restaurant: OnceCell<i64>,
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

    pub(crate) fn add_row(&self, case: &'static str, kind: &'static str, id: i64, text: &str) {
        lock(&self.rows).push(Row { case, kind, id, text: text.to_owned() });
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
        Self { run, id, authentication, phase, tokens, sent }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.run.target
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

    /// Sends a request; no answer is a fault of the app.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, CaseFailure> {
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

    /// The restaurant that this run writes to, so that nobody's average changes. Made by whoever needs it first.
    pub(crate) async fn restaurant(&self) -> Result<i64, CaseFailure> {
        let make = || async {
            let name = self.restaurant_name();
            let arguments = json!({
                "restaurant_name": name,
                "street_address": "nowhere",
                "description": "Made by a test of this app's authentication. It may be deleted.",
            });
            let made = self.call("create_restaurant_mcp", arguments, self.good()).await?;
            let id = made["id"]
                .as_i64()
                .ok_or_else(|| CaseFailure::failed(format!("no id in {made}")))?;
            self.run.add_row(self.id, "restaurant", id, &name);
            Ok(id)
        };
        self.phase.restaurant.get_or_try_init(make).await.copied()
    }

    /// Texts of restaurants and reviews, read with the good token; none without one, or where the app refuses it.
    pub(crate) async fn guarded_texts(&self) -> &[String] {
        let read = || async {
            let caller = self.bearer(TokenKind::Good)?;
            let content = self.call("list_restaurants_mcp", json!({}), caller).await?;
            let mut found = functions::check_restaurants(&content).map_err(CaseFailure::failed)?;
            if let Some(first) = found.first() {
                let arguments = json!({"restaurant_id": first["id"]});
                let details = self.call("get_details_mcp", arguments, caller).await;
                found.push(details.unwrap_or_default()["reviews"].take());
            }
            let mut texts = Vec::new();
            add_texts(&Value::Array(found), &mut texts);
            Ok::<_, CaseFailure>(texts)
        };
        self.phase.texts.get_or_try_init(read).await.map_or(&[], Vec::as_slice)
    }

    /// Its name, within the limit of 50 characters.
    pub(crate) fn restaurant_name(&self) -> String {
        let with = match self.authentication {
            Authentication::Off => "open",
            Authentication::On => "guarded",
        };
        format!("test-auth {} ({with})", self.run.id)
    }
}
