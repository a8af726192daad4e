//! What refusals must not contain: data of the app, its internals, and the credential that was presented.

use std::collections::HashSet;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;

use super::{guarded::Guarded, refusals::unmade};
use crate::{
    AccessToken, TokenKind,
    context::{Caller, Context},
    diagnosis::{self, Diagnosis},
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
    redactor::Redactor,
};

/// Signs of a stack trace, or of a program's error.
const TRACES: [&str; 20] = [
    "panicked at",
    "stack backtrace",
    "Traceback (most recent call last)",
    ".py\", line ",
    ".cs:line ",
    ".java:",
    ".php on line ",
    "goroutine ",
    "\n    at ",
    "\n   at ",
    "\tat ",
    "Exception:",
    "Exception in thread",
    "SQLSTATE[",
    "DATABASE_URL",
    "CLIENT_SECRET",
    "AccountKey=",
    "Password=",
    "BEGIN PRIVATE KEY",
    "BEGIN RSA PRIVATE KEY",
];

/// The shortest run of letters and digits of decoded claims that is an echo: the ids in them are in honest challenges too.
const DECODED_RUN: usize = 48;

/// Callers whose token is valid and not enough.
pub(super) const WITHOUT_ACCESS: &[TokenKind] =
    &[TokenKind::Roleless, TokenKind::UnlistedClient, TokenKind::Expired, TokenKind::WrongAudience];

/// A request that must be refused, and the credential that it presents.
struct Attempt {
    request: Request,
    credential: Option<String>,
    /// Whether a JSON-RPC error under another status than that of a refusal will do.
    may_be_error: bool,
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
        let credential = attempt.credential.as_deref();
        if attempt.may_be_error && mcp::response(&answer).is_ok() {
            continue;
        }
        let given = given(context, &guarded, &answer, credential);
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
    let attempt = |request| Attempt { request, credential: None, may_be_error: false };
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
            attempts.push(presenting(request, credential));
        }
    }
    let secret = STANDARD.encode(format!("test-auth:{}", uuid::Uuid::new_v4()));
    let request =
        list(context, Caller::Anonymous).header("authorization", &format!("Basic {secret}"));
    attempts.push(presenting(request, Some(secret)));
    if let Caller::Bearer(token, _) = context.good() {
        let request = list(context, context.good()).header("origin", "https://attacker.example");
        let credential = Some(token.expose().to_owned());
        attempts.push(presenting(request, credential));
    }
    attempts.extend(without_access(context));
    attempts.extend(malformed(context));
    Ok(attempts)
}

fn presenting(request: Request, credential: Option<String>) -> Attempt {
    Attempt { request, credential, may_be_error: false }
}

/// Calls with a token that is valid and not enough, where there is one.
fn without_access(context: &Context<'_>) -> Vec<Attempt> {
    let tokens = WITHOUT_ACCESS.iter().filter_map(|kind| Some((kind, context.token(*kind)?)));
    let calls = tokens.map(|(kind, token)| {
        let request = call(context, Caller::Bearer(token, kind.name()));
        presenting(request, Some(token.expose().to_owned()))
    });
    calls.collect()
}

/// Tokens and messages of which nothing can be read, the latter also of an accepted caller.
fn malformed(context: &Context<'_>) -> Vec<Attempt> {
    let tokens = ["Bearer a.b.c", "Bearer garbage"];
    let requests =
        tokens.map(|token| list(context, Caller::Anonymous).header("authorization", token));
    let mut attempts: Vec<_> = requests.map(|request| presenting(request, None)).into();
    let broken =
        |caller| list(context, caller).body("application/json", "{\"jsonrpc\": ").noted("cut off");
    attempts.push(presenting(broken(Caller::Anonymous), None));
    if let Caller::Bearer(token, _) = context.good() {
        let credential = Some(token.expose().to_owned());
        let attempt = presenting(broken(context.good()), credential);
        attempts.push(Attempt { may_be_error: true, ..attempt });
    }
    attempts
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
    // In JSON, line ends, tabs and quotes are escaped.
    let plain = all.replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"");
    let is_in = |sign: &&str| all.contains(*sign) || plain.contains(*sign);
    if let Some(sign) = TRACES.into_iter().find(is_in) {
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

/// Whether a text has a part of a credential, in any encoding, or of its claims.
fn echoes(text: &str, credential: &str) -> bool {
    let mut redactor = Redactor::default();
    redactor.learn_text(credential);
    let claims = AccessToken::new(credential).ok().and_then(|token| {
        let claims = token.expose().split('.').nth(1)?.to_owned();
        String::from_utf8(URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    });
    redactor.is_token_in(text) || claims.is_some_and(|it| shares(text, &it))
}

/// Whether a text has a run of letters and digits of claims.
fn shares(text: &str, claims: &str) -> bool {
    let [text, claims] = [text, claims].map(|it| {
        let kept = it.bytes().filter(u8::is_ascii_alphanumeric);
        kept.map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>()
    });
    let runs: HashSet<_> = claims.windows(DECODED_RUN).collect();
    text.windows(DECODED_RUN).any(|run| runs.contains(run))
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
            claims.replace(',', ",\n  "),
        ] {
            assert!(echoes(&text, &token), "{text}");
        }
        for text in ["401", "the audience api://0e8a6f53-5f4c-4d1e-b6a4-7f9e0c2b3d33 is wrong"] {
            assert!(!echoes(text, &token), "{text}");
        }
    }
}
