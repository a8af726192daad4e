//! Writes that are refused, which must leave nothing behind.

use serde_json::{Value, json};

use super::{
    answers::WITHOUT_ACCESS,
    everywhere::{ENDPOINTS, call, list_restaurants},
    functions,
    messages::stateless,
    refusals::unmade,
};
use crate::{
    AccessToken, TokenKind,
    context::{Caller, Context},
    diagnosis::{self, Diagnosis},
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
};

/// A write that must be refused.
struct Attempt {
    request: Request,
    /// The text by which it is found if it is stored.
    text: String,
    /// A call that reads, with the same credential: if the app accepts that too, other cases judge it.
    reads: Option<Request>,
}

/// Sends reviews and restaurants that must be refused, and reads back with a good token that they are not stored.
pub(super) async fn leave_nothing(context: &Context<'_>) -> Result<String, CaseFailure> {
    context.bearer(TokenKind::Good)?;
    let restaurant = context.restaurant().await?;
    let (mut texts, mut accepted) = (Vec::new(), None);
    for attempt in attempts(context, restaurant)? {
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
    let stored = stored(context, restaurant).await?;
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
    if let Some(id) = made.ok().and_then(|made| made["id"].as_i64()) {
        context.run.add_row(context.id, "refused write", id, text);
    }
}

/// The writes of a case, each with a text of its own.
struct Attempts<'a> {
    context: &'a Context<'a>,
    restaurant: i64,
    made: Vec<Attempt>,
}

fn attempts(context: &Context<'_>, restaurant: i64) -> Result<Vec<Attempt>, CaseFailure> {
    let mut attempts = Attempts { context, restaurant, made: Vec::new() };
    attempts.add_messages();
    attempts.add_forms();
    let page = |request: Request| request.header("origin", "https://attacker.example");
    let reads = context.message("tools/call", &list_restaurants(), context.good());
    attempts.add(Some(page(reads)), |it, text| {
        page(it.context.message("tools/call", &it.review(text), it.context.good()))
    });
    let token = context.forgery().by_own_key().map_err(unmade)?;
    context.run.keep_secret(&token);
    attempts.add_borne(&token, "signed by somebody else");
    for kind in WITHOUT_ACCESS {
        if let Some(token) = context.token(*kind) {
            attempts.add_borne(token, kind.name());
        }
    }
    Ok(attempts.made)
}

impl Attempts<'_> {
    fn add(&mut self, reads: Option<Request>, request: impl Fn(&Self, &str) -> Request) {
        let (context, nth) = (self.context, self.made.len());
        // The full stop keeps the first one from being found in the eleventh.
        let text = format!("test-auth {} {} no {nth}.", context.run.id, context.id);
        let request = request(self, &text);
        self.made.push(Attempt { request, text, reads });
    }

    fn review(&self, text: &str) -> Value {
        let arguments = functions::review(self.restaurant, text);
        json!({"name": "create_review_mcp", "arguments": arguments})
    }

    fn post(&self, path: &str, body: &Value, what: &str) -> Request {
        let url = self.context.target().url(path);
        let line = format!("POST {url} tools/call create_review_mcp, {what}");
        Request::message(url, body, line)
    }

    /// Calls without a token, in the forms in which a guard may overlook them.
    fn add_messages(&mut self) {
        let mcp = self.context.target().mcp.path().to_owned();
        self.add(None, |it, text| {
            it.context.message("tools/call", &it.review(text), Caller::Anonymous)
        });
        self.add(None, |it, text| {
            let body = json!({"jsonrpc": "2.0", "method": "tools/call", "params": it.review(text)});
            it.post(&mcp, &body, "as a notification")
        });
        self.add(None, |it, text| {
            let body = json!([mcp::request("tools/call", &it.review(text))]);
            it.post(&mcp, &body, "in a batch")
        });
        self.add(None, |it, text| stateless(it.context, "tools/call", it.review(text)));
        for path in ENDPOINTS.into_iter().filter(|path| *path != mcp) {
            self.add(None, |it, text| {
                it.post(path, &mcp::request("tools/call", &it.review(text)), "without a token")
            });
        }
        self.add(None, |it, text| {
            let params = json!({"name": "create_restaurant_mcp", "arguments": restaurant_of(text)});
            it.context.message("tools/call", &params, Caller::Anonymous)
        });
    }

    /// Forms without a token, also in an address.
    fn add_forms(&mut self) {
        self.add(None, |it, text| {
            let text = text.replace(' ', "+");
            let form = format!("user_name=test-auth&rating=3&review_text={text}");
            post(it.context, &format!("/review/{}", it.restaurant), form)
        });
        self.add(None, |it, text| post(it.context, "/add", form_of(text)));
        self.add(None, |it, text| {
            let request = Request::get(it.context.target().url("/"));
            request.target(&format!("/add?{}", form_of(text)))
        });
    }

    /// Calls with a token that gives no access.
    fn add_borne(&mut self, token: &AccessToken, what: &str) {
        let reads = call(self.context).bearer(token, what);
        let caller = Caller::Bearer(token, what);
        self.add(Some(reads.clone()), |it, text| {
            it.context.message("tools/call", &it.review(text), caller)
        });
        self.add(Some(reads), |it, text| {
            let params = json!({"name": "create_restaurant_mcp", "arguments": restaurant_of(text)});
            it.context.message("tools/call", &params, caller)
        });
    }
}

fn form_of(name: &str) -> String {
    let name = name.replace(' ', "+");
    format!("restaurant_name={name}&street_address=nowhere&description=Refused.")
}

fn restaurant_of(name: &str) -> Value {
    json!({"restaurant_name": name, "street_address": "nowhere", "description": "Refused."})
}

fn post(context: &Context<'_>, path: &str, form: String) -> Request {
    let request = Request::of("POST", context.target().url(path));
    request.body("application/x-www-form-urlencoded", form).noted("a form")
}

/// Everything that is stored with the text of this case.
async fn stored(context: &Context<'_>, restaurant: i64) -> Result<String, CaseFailure> {
    let arguments = json!({"restaurant_id": restaurant});
    let details = context.call("get_details_mcp", arguments, context.good()).await?;
    // An app without a search ignores or rejects it.
    let search = json!({"search": format!("{} {}", context.run.id, context.id)});
    let found = match context.call("list_restaurants_mcp", search, context.good()).await {
        Ok(found) => found,
        Err(_) => context.call("list_restaurants_mcp", json!({}), context.good()).await?,
    };
    Ok(format!("{details} {found}"))
}
