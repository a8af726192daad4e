//! What refusals must not contain: data of the app, its internals, and the credential that was presented.

use std::collections::HashSet;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;

use super::{guarded::Guarded, refusals::unmade};
use crate::{
    AccessToken,
    context::{Caller, Context},
    diagnosis::{self, Diagnosis},
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
};

/// Signs of a stack trace, or of a program's error.
const TRACES: [&str; 9] = [
    "panicked at",
    "stack backtrace",
    "Traceback (most recent call last)",
    ".py\", line ",
    "\n    at ",
    "\n   at ",
    "\tat ",
    "Exception:",
    "Exception in thread",
];

/// The shortest run of a credential's characters that is an echo, in bytes.
const RUN: usize = 16;

/// The same for its decoded claims: the ids in them are in honest challenges too.
const DECODED_RUN: usize = 64;

/// A request that must be refused, and the credential that it presents.
struct Attempt {
    request: Request,
    credential: Option<String>,
}

pub(super) async fn give_nothing_away(context: &Context<'_>) -> Result<String, CaseFailure> {
    let guarded = Guarded::of(context).await;
    let mut refusals = 0;
    for attempt in attempts(context)? {
        let line = attempt.request.line().to_owned();
        let answer = context.send(attempt.request).await?;
        // Other cases judge an app that accepts the caller.
        if mcp::result(&answer).is_ok() {
            continue;
        }
        let given = given(context, &guarded, &answer, attempt.credential.as_deref());
        given.map_err(|(got, diagnosis)| CaseFailure::Failed {
            got: format!("{line}: {got}"),
            diagnosis,
        })?;
        refusals += 1;
    }
    if refusals == 0 {
        return Err(CaseFailure::failed("no request is refused"));
    }
    Ok(format!("{refusals} refusals contain nothing"))
}

fn attempts(context: &Context<'_>) -> Result<Vec<Attempt>, CaseFailure> {
    let initialize = context.message("initialize", &mcp::initialize(), Caller::Anonymous);
    let anonymous =
        [initialize, list(context, Caller::Anonymous), call(context, Caller::Anonymous)];
    let attempt = |request| Attempt { request, credential: None };
    let mut attempts: Vec<_> = anonymous.into_iter().map(attempt).collect();
    let forgery = context.forgery();
    let forged = [
        (forgery.clone().by_own_key(), "signed by somebody else"),
        (forgery.unsigned(), "alg none"),
    ];
    for (token, what) in forged {
        let token = token.map_err(unmade)?;
        context.run.keep_secret(&token);
        let caller = Caller::Bearer(&token, what);
        for request in [list(context, caller), call(context, caller)] {
            let credential = Some(token.expose().to_owned());
            attempts.push(Attempt { request, credential });
        }
    }
    let secret = STANDARD.encode(format!("test-auth:{}", uuid::Uuid::new_v4()));
    let request =
        list(context, Caller::Anonymous).header("authorization", &format!("Basic {secret}"));
    attempts.push(Attempt { request, credential: Some(secret) });
    if let Caller::Bearer(token, _) = context.good() {
        let request = list(context, context.good()).header("origin", "https://attacker.example");
        let credential = Some(token.expose().to_owned());
        attempts.push(Attempt { request, credential });
    }
    Ok(attempts)
}

fn list(context: &Context<'_>, caller: Caller<'_>) -> Request {
    context.message("tools/list", &json!({}), caller)
}

fn call(context: &Context<'_>, caller: Caller<'_>) -> Request {
    context.message("tools/call", &context.profile().reading(), caller)
}

/// Whether a refusal is one, and contains nothing; otherwise what it is or contains.
fn given(
    context: &Context<'_>,
    guarded: &Guarded<'_>,
    answer: &Answer,
    credential: Option<&str>,
) -> Result<(), (String, Option<Diagnosis>)> {
    let all = text(answer);
    if credential.is_some_and(|credential| echoes(&all, credential)) {
        let got = format!("{} (the credential is in the response)", answer.status.as_u16());
        let cause = "the app returns the credential of a request, which then is in logs and caches";
        return Err((got, Some(Diagnosis::without_fix(cause))));
    }
    if let Some(found) = guarded.found(answer) {
        return Err((format!("{} (it contains {found})", answer.summary()), None));
    }
    if let Some(sign) = TRACES.into_iter().find(|sign| all.contains(sign)) {
        let got = format!("{} (it contains a stack trace: {:?})", answer.summary(), sign.trim());
        let cause = "the app shows its internals in error responses: turn the debug mode off";
        return Err((got, Some(Diagnosis::without_fix(cause))));
    }
    let status = answer.status.as_u16();
    if matches!(status, 400..=499) {
        return Ok(());
    }
    Err((answer.summary(), diagnosis::not_refused(context.target(), answer, &[401])))
}

/// The headers and the body of a response.
fn text(answer: &Answer) -> String {
    let mut text = String::new();
    for value in answer.headers.values() {
        text.push_str(&String::from_utf8_lossy(value.as_bytes()));
        text.push('\n');
    }
    text.push_str(&answer.body);
    text
}

/// Whether a text has a part of a credential: as it is, turned round, encoded once more, or decoded.
fn echoes(text: &str, credential: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let reversed: String = credential.chars().rev().collect();
    let digits = |byte: u8| [byte >> 4, byte & 15].map(|it| char::from_digit(it.into(), 16));
    let hex: String = credential.bytes().flat_map(digits).flatten().collect();
    // Base64 of a part of a text depends on where the part begins.
    let encoded = (0..3).filter_map(|skip| credential.get(skip..)).map(|it| STANDARD.encode(it));
    let forms = [credential.to_owned(), reversed, hex].into_iter().chain(encoded);
    let decoded = AccessToken::new(credential).ok().and_then(|token| {
        let claims = token.expose().split('.').nth(1)?.to_owned();
        String::from_utf8(URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    });
    forms.into_iter().any(|form| shares(&text, &form, RUN))
        || decoded.is_some_and(|it| shares(&text, &it, DECODED_RUN))
}

/// Whether a lower-case text has a run of a credential's characters, of this length.
fn shares(text: &str, credential: &str, length: usize) -> bool {
    let credential = credential.to_ascii_lowercase();
    let runs: HashSet<_> = credential.as_bytes().windows(length).collect();
    text.as_bytes().windows(length).any(|run| runs.contains(run))
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };

    use super::echoes;

    #[test]
    fn an_echo_is_known_in_every_form() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let claims = r#"{"aud":"api://0e8a6f53-5f4c-4d1e-b6a4-7f9e0c2b3d33","iss":"https://sts.windows.net/"}"#;
        let token =
            format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(claims), part("signature"));
        let reversed: String = token.chars().rev().collect();
        for text in [
            token.clone(),
            format!("invalid token: {}...", &token[..20]),
            format!("cut {}", &token[token.len() - 18..]),
            token.to_uppercase(),
            reversed,
            STANDARD.encode(format!("x{token}")),
            claims.to_owned(),
        ] {
            assert!(echoes(&text, &token), "{text}");
        }
        for text in ["401", "the audience api://0e8a6f53-5f4c-4d1e-b6a4-7f9e0c2b3d33 is wrong"] {
            assert!(!echoes(text, &token), "{text}");
        }
    }
}
