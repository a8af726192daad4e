//! The policy: each identity calls each tool, and the app does what the rule says.

use std::{collections::BTreeMap, sync::Mutex};

use serde_json::{Value, json};

use super::{Session, judge};
use crate::{
    AccessToken, TokenKind, Verdict,
    context::{Caller, Context, Phase},
    mcp,
    outcome::CaseFailure,
    policy::{ANONYMOUS, Cell, Rule},
    profile::Values,
    requirements::Authentication,
};

/// What a call of a tool is answered.
enum Answered {
    /// A result.
    Result,
    /// 401 or 403.
    Refused(String),
    /// An error, which may be about the caller or about the call.
    Error(String),
}

/// An identity with its token, or why it has none.
type Bearer = Result<Option<AccessToken>, String>;

impl Session<'_> {
    /// Judges the cells, tool by tool, first those that allow: a refusal proves something only where the same call works
    /// for another identity.
    pub(super) async fn judge_policy(&self) -> Vec<Cell> {
        let Some(policy) = &self.probe.policy else { return Vec::new() };
        let mut bearers = BTreeMap::new();
        for name in policy.identities() {
            bearers.insert(name, self.bearer_of(name).await);
        }
        let good = self.token(TokenKind::Good).await.and_then(Result::ok);
        let good = good.map(|good| (TokenKind::Good, good)).into_iter().collect();
        let (phase, sent) = (Phase::default(), Mutex::default());
        let context = Context::new(&self.run, "policy", Authentication::On, &phase, good, &sent);
        let mut cells = Vec::new();
        for (tool, rules) in policy.tools() {
            let mut works = false;
            for (identity, rule) in rules {
                let cell =
                    self.judge_cell(&context, (identity, &bearers[identity]), tool, rule, works);
                let cell = cell.await;
                works |= cell.got == Some(Rule::Allowed);
                cells.push(cell);
            }
        }
        let _ = tokio::time::timeout(self.probe.timeout, context.end_sessions()).await;
        cells
    }

    async fn bearer_of(&self, name: &str) -> Bearer {
        if name == ANONYMOUS {
            return Ok(None);
        }
        if let Some(source) = self.probe.identities.get(name) {
            let token = source.get().await.map_err(|error| judge::chain(&error))?;
            self.run.keep_secret(&token);
            return Ok(Some(token));
        }
        let token = match TokenKind::by_name(name) {
            Some(kind) => self.token(kind).await,
            None => None,
        };
        match token {
            Some(Ok(token)) => Ok(Some(token)),
            Some(Err(diagnosis)) => Err(diagnosis.cause),
            None => Err(format!("there is no token of the identity {name}")),
        }
    }

    async fn judge_cell(
        &self,
        context: &Context<'_>,
        (identity, bearer): (&str, &Bearer),
        tool: &str,
        expected: Rule,
        works: bool,
    ) -> Cell {
        let mut cell = Cell {
            identity: identity.to_owned(),
            tool: tool.to_owned(),
            expected,
            got: None,
            verdict: Verdict::Skipped,
            cause: None,
            deliberate: false,
        };
        if !self.probe.writes && !context.profile().only_reads(tool) {
            cell.cause = Some(judge::NO_WRITES.to_owned());
            cell.deliberate = true;
            return cell;
        }
        let caller = match bearer {
            Ok(None) => Caller::Anonymous,
            Ok(Some(token)) => Caller::Bearer(token, identity),
            Err(why) => {
                cell.cause = Some(self.shown(why));
                return cell;
            }
        };
        let answered = async {
            let arguments = self.arguments_of(context, tool).await?;
            answer(context, tool, &arguments, caller).await
        };
        let answered = tokio::select! {
            answered = tokio::time::timeout(self.probe.timeout, answered) => answered.unwrap_or_else(|_| Err("no answer in time".to_owned())),
            () = self.interrupt.cancelled() => Err(judge::INTERRUPTED.to_owned()),
        };
        let (got, cause) = match answered {
            Ok(Answered::Result) => (Some(Rule::Allowed), None),
            Ok(Answered::Refused(got)) => (Some(Rule::Denied), Some(got)),
            // The call is good, so the error is about the caller.
            Ok(Answered::Error(got)) if works || expected == Rule::Allowed => {
                (Some(Rule::Denied), Some(got))
            }
            Ok(Answered::Error(got)) => {
                (None, Some(format!("no identity shows that the call works: {got}")))
            }
            Err(why) => (None, Some(why)),
        };
        cell.cause = cause.map(|cause| self.shown(&cause));
        cell.got = got;
        cell.verdict = match got {
            Some(got) if got == expected => Verdict::Passed,
            Some(_) => Verdict::Failed,
            None => Verdict::Skipped,
        };
        cell
    }

    /// The arguments of a call: those of the policy, or those of the profile.
    async fn arguments_of(&self, context: &Context<'_>, tool: &str) -> Result<Value, String> {
        let profile = context.profile();
        let policy = self.probe.policy.as_ref().and_then(|policy| policy.arguments.get(tool));
        let Some(arguments) = policy.or_else(|| profile.arguments_of(tool)) else {
            return Ok(json!({}));
        };
        let text = format!("test-auth {} policy", self.run.id);
        let values = if profile.only_reads(tool) {
            Values::default().with("text", text)
        } else {
            context.values(&text).await.map_err(why)?
        };
        let items = crate::case::functions::items(context).await;
        let first = items.ok().flatten().and_then(|items| items.into_iter().next());
        Ok(json!(values.and(first.as_ref()).fill_all(arguments)))
    }
}

async fn answer(
    context: &Context<'_>,
    tool: &str,
    arguments: &Value,
    caller: Caller<'_>,
) -> Result<Answered, String> {
    if context.profile().mcp.sessions {
        // A session of its own: a server may bind it to its caller. If it is refused, so is the call.
        drop(context.initialize(caller).await);
    }
    let params = json!({"name": tool, "arguments": arguments});
    let answer = context.ask("tools/call", &params, caller).await.map_err(why)?;
    if [401, 403].contains(&answer.status.as_u16()) {
        return Ok(Answered::Refused(answer.status.as_u16().to_string()));
    }
    mcp::response(&answer).map_err(|why| format!("{} ({why})", answer.summary()))?;
    let result = mcp::result(&answer).and_then(|result| mcp::content(&result));
    Ok(match result {
        Ok(made) => {
            let writes = [&context.profile().write, &context.profile().parent];
            let write = writes.into_iter().flatten().find(|write| write.tool == tool);
            if let Some(id) = write.and_then(|write| made.pointer(write.id.as_ref()?)) {
                context.run.add_row(
                    "policy",
                    &write.map(|it| it.noun.clone()).unwrap_or_default(),
                    id,
                    tool,
                );
            }
            Answered::Result
        }
        Err(_) => Answered::Error(answer.summary()),
    })
}

fn why(failure: CaseFailure) -> String {
    match failure {
        CaseFailure::Failed { got, .. } => got,
        CaseFailure::Inconclusive(diagnosis) => diagnosis.cause,
    }
}
