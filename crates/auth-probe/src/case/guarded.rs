//! What only callers with a good token may see, and how a response gives it away.

use std::collections::{BTreeSet, HashSet, VecDeque};

use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::{
    context::Context,
    http_client::{Answer, Request},
    outcome::CaseFailure,
};

/// Signs of guarded data in a response.
#[derive(Debug)]
pub(super) struct Guarded<'a> {
    tools: Vec<&'a str>,
    texts: Vec<&'a str>,
}

/// A shorter text, or one of a single word, may be in any response. In bytes; the same for the names of tools.
const MIN_TEXT: usize = 10;

impl<'a> Guarded<'a> {
    /// The names of the profile's tools; and texts that a good token reads, where there is one.
    pub(super) async fn of(context: &'a Context<'_>) -> Self {
        let is_name = |name: &&str| name.len() >= MIN_TEXT && name.contains(['_', '-']);
        let tools = context.profile().tools().filter(is_name).collect();
        let texts = context.guarded_texts().await.iter().map(String::as_str);
        let of_refusals = refusal_words();
        Self { tools, texts: texts.filter(|text| is_telling(text, &of_refusals)).collect() }
    }

    /// What a text has of the guarded data.
    pub(super) fn found_in(&self, text: &str) -> Option<&'static str> {
        let unescaped = serde_json::from_str::<Value>(text).map(|value| value.to_string());
        let unescaped = unescaped.ok().and_then(|text| self.found_as_written(&text));
        unescaped.or_else(|| self.found_as_written(text))
    }

    fn found_as_written(&self, text: &str) -> Option<&'static str> {
        if self.tools.iter().any(|tool| text.contains(tool)) {
            return Some("the name of a tool");
        }
        // Pages write some characters as references.
        let plain = text.replace("&#x27;", "'").replace("&#39;", "'").replace("&amp;", "&");
        if self.texts.iter().any(|text| plain.contains(text)) {
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

/// Whether a text is unlikely in a response that does not show it. One that reads as a refusal does is in refusals too:
/// people write "401 Unauthorized" into reviews.
fn is_telling(text: &str, of_refusals: &HashSet<String>) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_of_refusals = |word: &str| {
        word.bytes().all(|byte| byte.is_ascii_digit()) || of_refusals.contains(&word.to_lowercase())
    };
    text.len() >= MIN_TEXT && text.trim().contains(' ') && !words.all(is_of_refusals)
}

/// The words of reason phrases, and others of refusals, in lower case.
fn refusal_words() -> HashSet<String> {
    let reasons =
        (400..=511).filter_map(|code| StatusCode::from_u16(code).ok()?.canonical_reason());
    let words = reasons.flat_map(|reason| reason.split([' ', '-'])).chain(REFUSAL_WORDS);
    words.map(str::to_lowercase).collect()
}

/// Words of refusals that are in no reason phrase.
const REFUSAL_WORDS: [&str; 40] = [
    "a",
    "access",
    "an",
    "and",
    "app",
    "are",
    "authentication",
    "authorization",
    "authorized",
    "bearer",
    "credentials",
    "denied",
    "do",
    "error",
    "expired",
    "have",
    "http",
    "in",
    "invalid",
    "is",
    "login",
    "missing",
    "no",
    "of",
    "or",
    "page",
    "permission",
    "please",
    "resource",
    "sign",
    "the",
    "this",
    "to",
    "token",
    "valid",
    "view",
    "was",
    "you",
    "your",
    "need",
];

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

/// How many redirects of a case are followed, each of which must be refused too.
const MAX_REDIRECTS: usize = 20;

/// A client error, and nothing else.
pub(super) const ONLY_ERRORS: Refusal = Refusal { empty: false, redirect: false };

/// Sends requests that must be refused, one after the other. The first one that is not ends the case.
pub(super) async fn refuse_all(
    context: &Context<'_>,
    requests: Vec<(Request, Refusal)>,
) -> Result<String, CaseFailure> {
    let guarded = Guarded::of(context).await;
    let mut statuses = BTreeSet::new();
    let mut count = 0;
    let mut requests = VecDeque::from(requests);
    let mut followed = 0;
    while let Some((request, refusal)) = requests.pop_front() {
        let line = request.line().to_owned();
        let answer = context.send(request.clone()).await?;
        let redirect =
            refused(context, &guarded, &answer, refusal).map_err(|why| CaseFailure::Failed {
                got: format!("{line}: {} ({why})", answer.summary()),
                diagnosis: crate::diagnosis::not_refused(context.target(), &answer, &[401]),
            })?;
        if let Some(to) = redirect.filter(|_| followed < MAX_REDIRECTS) {
            followed += 1;
            requests.push_front((request.target(&path_and_query(&to)), refusal));
        }
        statuses.insert(answer.status.as_u16().to_string());
        count += 1;
    }
    let statuses: Vec<_> = statuses.into_iter().collect();
    Ok(format!("{count} requests: {}", statuses.join(", ")))
}

/// Returns where the answer leads, if it is a redirect that the case accepts.
fn refused(
    context: &Context<'_>,
    guarded: &Guarded<'_>,
    answer: &Answer,
    refusal: Refusal,
) -> Result<Option<Url>, String> {
    if let Some(found) = guarded.found(answer) {
        return Err(format!("it contains {found}"));
    }
    let is_empty = answer.body.trim().is_empty();
    match answer.status.as_u16() {
        // 501: the server does not know the method.
        400..=499 | 501 => Ok(None),
        200 | 204 if refusal.empty && is_empty => Ok(None),
        301 | 307 | 308 if refusal.redirect => match own_path(context, answer) {
            Some(to) => Ok(Some(to)),
            None => Err("not refused".to_owned()),
        },
        _ => Err("not refused".to_owned()),
    }
}

/// Where a redirect leads, if it is a path of the app and no sign-in page.
fn own_path(context: &Context<'_>, answer: &Answer) -> Option<Url> {
    let origin = &context.target().origin;
    let to = answer.header("location").and_then(|location| origin.join(location).ok())?;
    let is_own = to.origin() == origin.origin() && !to.path().starts_with("/.auth");
    is_own.then_some(to)
}

fn path_and_query(url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", url.path())
}

#[cfg(test)]
mod tests {
    use super::{Guarded, is_telling, refusal_words};

    #[test]
    fn a_text_that_reads_as_a_refusal_tells_nothing() {
        for text in ["401 Unauthorized", "You do not have permission to view this page.", "Nice"] {
            assert!(!is_telling(text, &refusal_words()), "{text}");
        }
        for text in ["Contoso Café", "401 Unauthorized Street", "I was not authorized by Ada"] {
            assert!(is_telling(text, &refusal_words()), "{text}");
        }
    }

    #[test]
    fn an_escape_hides_nothing() {
        let guarded = Guarded { tools: vec!["list_restaurants_mcp"], texts: vec!["Fourth Coffee"] };
        for text in
            [r#"{"a": "Fourth\u0020Coffee"}"#, r#"["list\u005frestaurants_mcp"]"#, "Fourth Coffee"]
        {
            assert!(guarded.found_in(text).is_some(), "{text}");
        }
        assert_eq!(guarded.found_in(r#"{"a": "Fifth Coffee"}"#), None);
    }
}
