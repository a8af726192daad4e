//! Callers that must not come in.

use reqwest::Url;
use serde_json::Value;

use super::{
    everywhere::{self, Attempt, all_refused},
    functions,
};
use crate::{
    AccessToken, Remedy, TokenKind,
    clock::now,
    context::{Caller, Context},
    diagnosis::{self, Diagnosis},
    forgery::public_key_forms,
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
};

/// Every request with a real token whose bearer must not be identified.
pub(super) async fn stranger(
    context: &Context<'_>,
    kind: TokenKind,
) -> Result<String, CaseFailure> {
    let age = evidence(context, kind).await?;
    let answer = all_refused(context, borne(context, kind, Extent::Everywhere)?, &[401]).await?;
    let Some((minutes, what)) = age else { return Ok(answer.status.as_u16().to_string()) };
    if minutes > MAX_AGE_MINUTES {
        // That the app accepts it would be a failure, so it was sent.
        let cause = format!(
            "the app rejects the token, which {what}: an app that tolerates {MAX_AGE_MINUTES} minutes rejects it too"
        );
        let diagnosis = Diagnosis::new(cause, Remedy::ReplaceToken(kind));
        return Err(CaseFailure::Inconclusive(diagnosis));
    }
    let status = answer.status.as_u16();
    Ok(format!("{status}; the token {what}, so the app may tolerate less than that"))
}

/// The distance in time beyond which the rejection of a token no longer shows that the app checks its time: apps that
/// tolerate an hour are in use.
const MAX_AGE_MINUTES: f64 = 60.0;

/// The distance in minutes of a token's time from now, in words: an app may tolerate less than that. A token whose key the issuer has withdrawn is
/// rejected for its key.
async fn evidence(
    context: &Context<'_>,
    kind: TokenKind,
) -> Result<Option<(f64, String)>, CaseFailure> {
    let Some(token) = context.token(kind) else { return Ok(None) };
    let (name, what) = match kind {
        TokenKind::Expired => ("exp", "expired"),
        TokenKind::NotYetValid => ("nbf", "is not valid yet, by"),
        _ => return Ok(None),
    };
    let header = token.header();
    let key_id = header.get("kid").and_then(Value::as_str);
    // An issuer that does not answer proves nothing against the token.
    if let Ok(keys) = issuer_keys(context).await
        && !keys.iter().any(|key| key["kid"].as_str() == key_id)
    {
        let cause = format!(
            "the issuer no longer publishes the key of the token that was given as {}, so it is rejected for its key",
            kind.name()
        );
        let remedy = Remedy::ReplaceToken(kind);
        return Err(CaseFailure::Inconclusive(Diagnosis::new(cause, remedy)));
    }
    let at = token.claims().seconds(name).unwrap_or_default();
    let minutes = ((at - now()).abs() / 60.0).floor();
    let ago = if kind == TokenKind::Expired { " ago" } else { "" };
    Ok(Some((minutes, format!("{what} {minutes} minutes{ago}"))))
}

/// The platform says 403 of a client that it does not list; an app that checks the token itself tells strangers nothing.
pub(super) async fn unlisted(context: &Context<'_>) -> Result<String, CaseFailure> {
    let attempts = borne(context, TokenKind::UnlistedClient, Extent::Everywhere)?;
    let answer = all_refused(context, attempts, &[403, 401]).await?;
    Ok(answer.status.as_u16().to_string())
}

/// The addresses that a caller tries.
#[derive(Debug, Clone, Copy)]
enum Extent {
    /// The endpoint and a page.
    Everywhere,
    /// The endpoint alone: pages need no app role.
    Mcp,
}

/// The attempts of a caller with a token of this kind.
fn borne(
    context: &Context<'_>,
    kind: TokenKind,
    extent: Extent,
) -> Result<Vec<Attempt>, CaseFailure> {
    let Caller::Bearer(token, what) = context.bearer(kind)? else {
        return Err(unmade("there is no token"));
    };
    let attempts = match extent {
        Extent::Everywhere => everywhere::everywhere(context),
        Extent::Mcp => everywhere::at_mcp(context),
    };
    Ok(attempts.into_iter().map(|it| it.map(|request| request.bearer(token, what))).collect())
}

/// Requests of MCP by a caller that is known, and lacks the role or scope.
pub(super) async fn without_right(
    context: &Context<'_>,
    kind: TokenKind,
) -> Result<String, CaseFailure> {
    let answer = all_refused(context, borne(context, kind, Extent::Mcp)?, &[403]).await?;
    let challenges = answer.headers.get_all("www-authenticate").iter();
    let mut challenges = challenges.filter_map(|value| value.to_str().ok());
    if challenges.any(|challenge| challenge.contains("insufficient_scope")) {
        return Ok("403 insufficient_scope".to_owned());
    }
    let diagnosis = Diagnosis::without_fix(
        "the platform refuses the caller before the app sees the role, or the app does not say what is missing: clients \
         cannot tell the one from the other",
    );
    let got = format!("{} (without insufficient_scope in WWW-Authenticate)", answer.summary());
    Err(CaseFailure::Failed { got, diagnosis: Some(diagnosis) })
}

/// A delegated token with the scope comes in, one without does not.
pub(super) async fn delegated(context: &Context<'_>) -> Result<String, CaseFailure> {
    let mut got = Vec::new();
    if context.token(TokenKind::Delegated).is_some() {
        functions::initialize_as(context, context.bearer(TokenKind::Delegated)?).await?;
        got.push("with the scope: let in".to_owned());
    }
    if context.token(TokenKind::Scopeless).is_some() {
        let refusal = without_right(context, TokenKind::Scopeless).await?;
        got.push(format!("without: {refusal}"));
    }
    Ok(got.join("; "))
}

pub(super) async fn forged(context: &Context<'_>) -> Result<String, CaseFailure> {
    let token = context.forgery().by_own_key();
    let got = refuses(context, token, "signed by somebody else").await?;
    unless_refused_anyway(context, got).await
}

pub(super) async fn unknown_key(context: &Context<'_>) -> Result<String, CaseFailure> {
    let token = context.forgery().by_unknown_key();
    let got = refuses(context, token, "of an unknown kid").await?;
    unless_refused_anyway(context, got).await
}

pub(super) async fn unsigned(context: &Context<'_>) -> Result<String, CaseFailure> {
    let token = context.forgery().unsigned();
    let got = refuses(context, token, "alg none").await?;
    unless_refused_anyway(context, got).await
}

pub(super) async fn by_public_key(context: &Context<'_>) -> Result<String, CaseFailure> {
    let forgery = context.forgery();
    let key = issuer_key(context, forgery.kid()).await?;
    let forms = public_key_forms(&key).map_err(unmade)?;
    let mut got = String::new();
    for form in forms {
        let token = forgery.by_public_key(&form);
        let attempts = if got.is_empty() { everywhere::everywhere(context) } else { two(context) };
        got = refuses_of(context, token, "HS256 by the public key", attempts).await?;
    }
    unless_refused_anyway(context, format!("{got}, in every form")).await
}

/// A refusal of what was made of the good token proves nothing where that token is refused too: it may be expired, or for
/// another app, and the app look at nothing else.
pub(super) async fn unless_refused_anyway(
    context: &Context<'_>,
    got: String,
) -> Result<String, CaseFailure> {
    if context.token(TokenKind::Good).is_none() {
        return Ok(format!("{got}; with made-up claims, for want of a good token"));
    }
    let answer = context.initialize(context.good()).await?;
    if mcp::result(&answer).is_ok() {
        return Ok(got);
    }
    let cause =
        format!("the good token itself is refused, so this proves nothing: {}", answer.summary());
    Err(CaseFailure::Inconclusive(Diagnosis::new(cause, Remedy::FixCaseFirst("B6"))))
}

/// Every request with a forged token.
async fn refuses(
    context: &Context<'_>,
    token: Result<AccessToken, String>,
    what: &str,
) -> Result<String, CaseFailure> {
    refuses_of(context, token, what, everywhere::everywhere(context)).await
}

/// `initialize` and a call of a tool.
pub(super) fn two(context: &Context<'_>) -> Vec<Attempt> {
    let initialize = context.message("initialize", &mcp::initialize(), Caller::Anonymous);
    [initialize, everywhere::call(context)].into_iter().map(Attempt::new).collect()
}

/// These requests with a forged token.
pub(super) async fn refuses_of(
    context: &Context<'_>,
    token: Result<AccessToken, String>,
    what: &str,
    attempts: Vec<Attempt>,
) -> Result<String, CaseFailure> {
    let token = token.map_err(unmade)?;
    context.run.keep_secret(&token);
    let attempts = attempts.into_iter();
    let attempts = attempts.map(|it| it.map(|request| request.bearer(&token, what))).collect();
    let answer = all_refused(context, attempts, &[401]).await?;
    Ok(answer.status.as_u16().to_string())
}

pub(super) fn unmade(why: impl Into<String>) -> CaseFailure {
    CaseFailure::Inconclusive(Diagnosis::without_fix(format!(
        "the token cannot be forged: {}",
        why.into()
    )))
}

/// The key that the issuer publishes under an id, or its first one.
async fn issuer_key(context: &Context<'_>, kid: Option<&str>) -> Result<Value, CaseFailure> {
    let keys = issuer_keys(context).await?;
    let known = keys.iter().find(|key| key["kid"].as_str() == kid && kid.is_some());
    known.or(keys.first()).cloned().ok_or_else(|| unmade("the issuer publishes no key"))
}

/// The keys that the issuer publishes. No token goes there.
async fn issuer_keys(context: &Context<'_>) -> Result<Vec<Value>, CaseFailure> {
    let target = context.target();
    let mut url = target.authority.clone();
    url.set_path(&format!("{}/discovery/v2.0/keys", target.tenant_id));
    let keys = get_json(context, url).await?;
    Ok(keys["keys"].as_array().cloned().unwrap_or_default())
}

async fn get_json(context: &Context<'_>, url: Url) -> Result<Value, CaseFailure> {
    let request = Request::get(url);
    context.record(request.line());
    let answer = context.run.http.send(&request).await;
    let answer =
        answer.map_err(|no| unmade(format!("the issuer does not answer: {}", no.reason())))?;
    serde_json::from_str(&answer.body)
        .map_err(|_| unmade(format!("the issuer's keys cannot be read: {}", answer.summary())))
}

/// An answer that must be one of these statuses.
pub(super) fn refused(
    context: &Context<'_>,
    answer: &Answer,
    expected: &[u16],
) -> Result<String, CaseFailure> {
    if expected.contains(&answer.status.as_u16()) {
        return Ok(answer.status.as_u16().to_string());
    }
    let diagnosis = diagnosis::not_refused(context.target(), answer, expected);
    Err(CaseFailure::Failed { got: answer.summary(), diagnosis })
}

/// The failure of a case by an answer to a request that had to be rejected with one of these statuses.
pub(super) fn not_refused(
    context: &Context<'_>,
    line: &str,
    answer: &Answer,
    expected: &[u16],
) -> CaseFailure {
    let diagnosis = diagnosis::not_refused(context.target(), answer, expected);
    CaseFailure::Failed { got: format!("{line}: {}", answer.summary()), diagnosis }
}
