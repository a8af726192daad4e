//! Writes that are refused, which must leave nothing behind.

use serde_json::{Value, json};

use super::{functions, refusals::unmade};
use crate::{
    TokenKind,
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
    /// Whether another case judges an app that accepts it.
    is_judged_elsewhere: bool,
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

fn attempts(context: &Context<'_>, restaurant: i64) -> Result<Vec<Attempt>, CaseFailure> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut add = |is_judged_elsewhere, request: &dyn Fn(&str) -> Request| {
        let text = format!("test-auth {} {} no {}", context.run.id, context.id, attempts.len());
        attempts.push(Attempt { request: request(&text), text, is_judged_elsewhere });
    };
    let review = |text: &str, caller| {
        let arguments = functions::review(restaurant, text);
        let params = json!({"name": "create_review_mcp", "arguments": arguments});
        context.message("tools/call", &params, caller)
    };
    let token = context.forgery().by_own_key().map_err(unmade)?;
    context.run.keep_secret(&token);
    let forged = Caller::Bearer(&token, "signed by somebody else");
    let url = &context.target().mcp;
    add(false, &|text| review(text, Caller::Anonymous));
    add(false, &|text| {
        let arguments = functions::review(restaurant, text);
        let params = json!({"name": "create_review_mcp", "arguments": arguments});
        let message = json!({"jsonrpc": "2.0", "method": "tools/call", "params": params});
        let line = format!("POST {url} tools/call create_review_mcp, as a notification");
        Request::message(url.clone(), &message, line)
    });
    add(false, &|text| {
        let params = json!({"name": "create_restaurant_mcp", "arguments": restaurant_of(text)});
        context.message("tools/call", &params, Caller::Anonymous)
    });
    add(true, &|text| review(text, forged));
    add(true, &|text| review(text, context.good()).header("origin", "https://attacker.example"));
    add(false, &|text| {
        let text = text.replace(' ', "+");
        let form = format!("user_name=test-auth&rating=3&review_text={text}");
        post(context, &format!("/review/{restaurant}"), form)
    });
    add(false, &|text| {
        let text = text.replace(' ', "+");
        let form = format!("restaurant_name={text}&street_address=nowhere&description=Refused.");
        post(context, "/add", form)
    });
    Ok(attempts)
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
