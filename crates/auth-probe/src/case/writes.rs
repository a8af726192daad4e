//! Writes that are refused, which must leave nothing behind.

use reqwest::Url;
use serde_json::{Value, json};

use super::{answers::WITHOUT_ACCESS, everywhere::call, messages::stateless, refusals::unmade};
use crate::{
    AccessToken, TokenKind,
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
    /// A call that reads, with the same credential: if the app accepts that too, other cases judge it.
    reads: Option<Request>,
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
        if let Some(reads) = attempt.reads.filter(|_| !is_error)
            && !matches!(context.send(reads).await?.status.as_u16(), 400..=499)
        {
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

/// The writes of a case, each with a text of its own.
struct Attempts<'a> {
    context: &'a Context<'a>,
    values: &'a Values,
    made: Vec<Attempt>,
}

fn attempts(context: &Context<'_>, values: &Values) -> Result<Vec<Attempt>, CaseFailure> {
    let mut attempts = Attempts { context, values, made: Vec::new() };
    let token = context.forgery().by_own_key().map_err(unmade)?;
    context.run.keep_secret(&token);
    let page = |request: Request| request.header("origin", "https://attacker.example");
    let reads = context.message("tools/call", &context.profile().reading(), context.good());
    for write in writes(context) {
        attempts.add_messages(write);
        attempts.add_forms(write);
        attempts.add(Some(page(reads.clone())), |values| {
            page(context.message("tools/call", &params(write, values), context.good()))
        });
        attempts.add_borne(write, &token, "signed by somebody else");
        for kind in WITHOUT_ACCESS {
            if let Some(token) = context.token(*kind) {
                attempts.add_borne(write, token, kind.name());
            }
        }
    }
    Ok(attempts.made)
}

fn params(write: &Write, values: &Values) -> Value {
    json!({"name": write.tool, "arguments": values.fill_all(&write.arguments)})
}

impl Attempts<'_> {
    fn add(&mut self, reads: Option<Request>, request: impl Fn(&Values) -> Request) {
        // The full stop keeps the first one from being found in the eleventh.
        let text = format!("{} no {}.", prefix(self.context), self.made.len());
        let request = request(&self.values.clone().with("text", text.as_str()));
        self.made.push(Attempt { request, text, reads });
    }

    /// Calls without a token, in the forms in which a guard may overlook them.
    fn add_messages(&mut self, write: &Write) {
        let context = self.context;
        let target = context.target();
        let post = |path: &str, body: &Value, what: &str| {
            let url = target.url(path);
            let line = format!("POST {url} tools/call {}, {what}", write.tool);
            Request::message(url, body, line)
        };
        let mcp = target.mcp.path();
        self.add(None, |it| context.message("tools/call", &params(write, it), Caller::Anonymous));
        self.add(None, |it| {
            let body =
                json!({"jsonrpc": "2.0", "method": "tools/call", "params": params(write, it)});
            post(mcp, &body, "as a notification")
        });
        self.add(None, |it| {
            let body = json!([mcp::request("tools/call", &params(write, it))]);
            post(mcp, &body, "in a batch")
        });
        self.add(None, |it| stateless(context, "tools/call", params(write, it)));
        for path in target.other_endpoints() {
            self.add(None, |it| {
                post(path, &mcp::request("tools/call", &params(write, it)), "without a token")
            });
        }
    }

    /// A form without a token, also in an address.
    fn add_forms(&mut self, write: &Write) {
        let context = self.context;
        let Some(form) = &write.form else { return };
        self.add(None, |it| post(context, form, it));
        self.add(None, |it| Request::get(filled(context, form, it)));
    }

    /// Calls with a token that gives no access.
    fn add_borne(&mut self, write: &Write, token: &AccessToken, what: &str) {
        let context = self.context;
        let reads = call(context).bearer(token, what);
        let caller = Caller::Bearer(token, what);
        self.add(Some(reads), |it| context.message("tools/call", &params(write, it), caller));
    }
}

/// The address of a form with its fields in the query.
fn filled(context: &Context<'_>, form: &Form, values: &Values) -> Url {
    let path = values.fill(&form.path.as_str().into());
    let mut url = context.target().url(path.as_str().unwrap_or_default());
    url.set_query(None);
    for (name, value) in &form.fields {
        let value = values.fill(&value.as_str().into());
        url.query_pairs_mut().append_pair(name, value.as_str().unwrap_or_default());
    }
    url
}

fn post(context: &Context<'_>, form: &Form, values: &Values) -> Request {
    let path = values.fill(&form.path.as_str().into());
    let request = Request::of("POST", context.target().url(path.as_str().unwrap_or_default()));
    let body = filled(context, form, values).query().unwrap_or_default().to_owned();
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
