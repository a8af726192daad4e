//! What only callers with a good token may see, and how a response gives it away.

use crate::{
    context::Context,
    http_client::{Answer, Request},
    outcome::CaseFailure,
};

/// Signs of guarded data in a response.
#[derive(Debug)]
pub(super) struct Guarded<'a> {
    tools: Vec<&'a str>,
    texts: &'a [String],
}

/// A shorter text, or one of a single word, may be in any response. In bytes; the same for the names of tools.
const MIN_TEXT: usize = 10;

impl<'a> Guarded<'a> {
    /// The names of the profile's tools; and texts that a good token reads, where there is one.
    pub(super) async fn of(context: &'a Context<'_>) -> Self {
        let is_telling = |name: &&str| name.len() >= MIN_TEXT && name.contains(['_', '-']);
        let tools = context.profile().tools().filter(is_telling).collect();
        Self { tools, texts: context.guarded_texts().await }
    }

    /// What a text has of the guarded data.
    pub(super) fn found_in(&self, text: &str) -> Option<&'static str> {
        if self.tools.iter().any(|tool| text.contains(tool)) {
            return Some("the name of a tool");
        }
        // Pages write some characters as references.
        let plain = text.replace("&#x27;", "'").replace("&#39;", "'").replace("&amp;", "&");
        let is_telling = |it: &&String| it.len() >= MIN_TEXT && it.trim().contains(' ');
        if self.texts.iter().filter(is_telling).any(|it| plain.contains(it.as_str())) {
            return Some("a text that only accepted callers may read");
        }
        has_result(text).then_some("a JSON-RPC result")
    }

    /// What a response has of the guarded data, in its body or its headers.
    pub(super) fn found(&self, answer: &Answer) -> Option<&'static str> {
        let headers = answer.headers.values();
        let headers = headers.map(|value| String::from_utf8_lossy(value.as_bytes()));
        headers
            .into_iter()
            .find_map(|value| self.found_in(&value))
            .or_else(|| self.found_in(&answer.body))
    }
}

/// Whether there is a JSON-RPC result: alone, in a batch, or in an event stream.
fn has_result(text: &str) -> bool {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    squeezed.contains("\"jsonrpc\":") && squeezed.contains("\"result\":")
}

/// The forms of a refusal that a case accepts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    /// An empty success: the answer to `OPTIONS`.
    pub(super) empty: bool,
    /// A redirect to another path of the app, except to a sign-in page.
    pub(super) redirect: bool,
}

/// A client error, and nothing else.
pub(super) const ONLY_ERRORS: Refusal = Refusal { empty: false, redirect: false };

/// Sends requests that must be refused, one after the other. The first one that is not ends the case.
pub(super) async fn refuse_all(
    context: &Context<'_>,
    requests: Vec<(Request, Refusal)>,
) -> Result<String, CaseFailure> {
    let guarded = Guarded::of(context).await;
    let mut statuses = std::collections::BTreeSet::new();
    let mut count = 0;
    for (request, refusal) in requests {
        let line = request.line().to_owned();
        let answer = context.send(request).await?;
        refused(context, &guarded, &answer, refusal).map_err(|why| CaseFailure::Failed {
            got: format!("{line}: {} ({why})", answer.summary()),
            diagnosis: crate::diagnosis::not_refused(context.target(), &answer, &[401]),
        })?;
        statuses.insert(answer.status.as_u16().to_string());
        count += 1;
    }
    let statuses: Vec<_> = statuses.into_iter().collect();
    Ok(format!("{count} requests: {}", statuses.join(", ")))
}

fn refused(
    context: &Context<'_>,
    guarded: &Guarded<'_>,
    answer: &Answer,
    refusal: Refusal,
) -> Result<(), String> {
    if let Some(found) = guarded.found(answer) {
        return Err(format!("it contains {found}"));
    }
    let is_empty = answer.body.trim().is_empty();
    match answer.status.as_u16() {
        // 501: the server does not know the method.
        400..=499 | 501 => Ok(()),
        200 | 204 if refusal.empty && is_empty => Ok(()),
        301 | 307 | 308 if refusal.redirect && is_own_path(context, answer) => Ok(()),
        _ => Err("not refused".to_owned()),
    }
}

/// Whether a redirect leads to a path of the app that is no sign-in page.
fn is_own_path(context: &Context<'_>, answer: &Answer) -> bool {
    let origin = &context.target().origin;
    let to = answer.header("location").and_then(|location| origin.join(location).ok());
    to.is_some_and(|to| to.origin() == origin.origin() && !to.path().starts_with("/.auth"))
}
