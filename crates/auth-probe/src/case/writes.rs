//! Writes that are refused, which must leave nothing behind.

use serde_json::{Value, json};

use super::refusals::unmade;
use crate::{
    TokenKind,
    context::{Caller, Context},
    diagnosis::{self, Diagnosis},
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
    profile::{Call, Form, Read, Values, Write},
};

/// A write that must be refused.
struct Attempt {
    request: Request,
    /// The text by which it is found if it is stored.
    text: String,
    /// Whether another case judges an app that accepts it.
    is_judged_elsewhere: bool,
}

/// Sends writes that must be refused, and reads back with a good token that they are not stored.
pub(super) async fn leave_nothing(context: &Context<'_>) -> Result<String, CaseFailure> {
    context.bearer(TokenKind::Good)?;
    let values = context.values(&prefix(context)).await?;
    let (mut texts, mut accepted) = (Vec::new(), None);
    for attempt in attempts(context, &values)? {
        let line = attempt.request.line().to_owned();
        let answer = context.send(attempt.request).await?;
        note_row(context, &answer, &attempt.text);
        let is_error = matches!(answer.status.as_u16(), 400..=499);
        if !is_error && attempt.is_judged_elsewhere {
            continue;
        }
        if !is_error && accepted.is_none() {
            let diagnosis = diagnosis::not_refused(context.target(), &answer, &[401]);
            let got = format!("{line}: {}", answer.summary());
            accepted = Some(CaseFailure::Failed { got, diagnosis });
        }
        texts.push((line, attempt.text));
    }
    let stored = stored(context, &values).await?;
    if let Some((line, _)) = texts.iter().find(|(_, text)| stored.contains(text)) {
        return Err(CaseFailure::Failed {
            got: format!("{line}: is refused or not answered with success, and it is stored"),
            diagnosis: Some(Diagnosis::without_fix(
                "the app runs the request before it authenticates the caller: authenticate first",
            )),
        });
    }
    accepted
        .map_or_else(|| Ok(format!("{} writes are refused, and left nothing", texts.len())), Err)
}

/// Notes the row that an answer says was made, so that the report names it.
fn note_row(context: &Context<'_>, answer: &Answer, text: &str) {
    let made = mcp::result(answer).and_then(|result| mcp::content(&result));
    let Ok(made) = made else { return };
    let ids = writes(context).filter_map(|write| made.pointer(write.id.as_ref()?));
    if let Some(id) = ids.into_iter().next() {
        context.run.add_row(context.id, "refused write", id, text);
    }
}

/// How the texts of this case begin.
fn prefix(context: &Context<'_>) -> String {
    format!("test-auth {} {}", context.run.id, context.id)
}

fn writes<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Write> {
    let profile = context.profile();
    [&profile.write, &profile.parent].into_iter().flatten()
}

fn attempts(context: &Context<'_>, values: &Values) -> Result<Vec<Attempt>, CaseFailure> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut add = |is_judged_elsewhere, request: &dyn Fn(&Values) -> Request| {
        let text = format!("{} no {}", prefix(context), attempts.len());
        let request = request(&values.clone().with("text", text.as_str()));
        attempts.push(Attempt { request, text, is_judged_elsewhere });
    };
    let params = |write: &Write, values: &Values| -> Value {
        json!({"name": write.tool, "arguments": values.fill_all(&write.arguments)})
    };
    let token = context.forgery().by_own_key().map_err(unmade)?;
    context.run.keep_secret(&token);
    let forged = Caller::Bearer(&token, "signed by somebody else");
    let url = &context.target().mcp;
    for write in writes(context) {
        let call =
            |values: &Values, caller| context.message("tools/call", &params(write, values), caller);
        add(false, &|values| call(values, Caller::Anonymous));
        add(false, &|values| {
            let params = params(write, values);
            let message = json!({"jsonrpc": "2.0", "method": "tools/call", "params": params});
            let line = format!("POST {url} tools/call {}, as a notification", write.tool);
            Request::message(url.clone(), &message, line)
        });
        add(true, &|values| call(values, forged));
        add(true, &|values| {
            call(values, context.good()).header("origin", "https://attacker.example")
        });
        if let Some(form) = &write.form {
            add(false, &|values| post(context, form, values));
        }
    }
    Ok(attempts)
}

fn post(context: &Context<'_>, form: &Form, values: &Values) -> Request {
    let path = values.fill(&form.path.as_str().into());
    let mut url = context.target().url(path.as_str().unwrap_or_default());
    let request = Request::of("POST", url.clone());
    url.set_query(None);
    for (name, value) in &form.fields {
        let value = values.fill(&value.as_str().into());
        url.query_pairs_mut().append_pair(name, value.as_str().unwrap_or_default());
    }
    let body = url.query().unwrap_or_default().to_owned();
    request.body("application/x-www-form-urlencoded", body).noted("a form")
}

/// Everything that is stored with the texts of this case.
async fn stored(context: &Context<'_>, values: &Values) -> Result<String, CaseFailure> {
    let mut stored = String::new();
    for write in writes(context) {
        let found = match (&write.find, &context.profile().read) {
            (Some(call), read) => match (find(context, call, values).await, read) {
                // An app without a search rejects it.
                (Err(_), Some(read)) => everything(context, read).await?,
                (found, _) => found?,
            },
            (None, _) if !write.read_back.needs_id() => {
                find(context, &write.read_back, values).await?
            }
            (None, Some(read)) => everything(context, read).await?,
            (None, None) => {
                let cause = format!("the profile names no call that finds a {}", write.noun);
                return Err(CaseFailure::Inconclusive(Diagnosis::without_fix(cause)));
            }
        };
        stored.push_str(&found.to_string());
    }
    Ok(stored)
}

async fn find(context: &Context<'_>, call: &Call, values: &Values) -> Result<Value, CaseFailure> {
    let arguments = json!(values.fill_all(&call.arguments));
    context.call(&call.tool, arguments, context.good()).await
}

async fn everything(context: &Context<'_>, read: &Read) -> Result<Value, CaseFailure> {
    context.call(&read.tool, json!(read.arguments), context.good()).await
}
