//! Callers that must not come in.

use reqwest::Url;
use serde_json::{Value, json};

use super::functions;
use crate::{
    AccessToken, Remedy, TokenKind,
    context::{Caller, Context},
    diagnosis::{self, Diagnosis},
    forgery::public_key_forms,
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
};

/// `initialize` with a real token that makes its bearer nobody.
pub(super) async fn stranger(
    context: &Context<'_>,
    kind: TokenKind,
) -> Result<String, CaseFailure> {
    let answer = context.initialize(context.bearer(kind)?).await?;
    refused(context, &answer, &[401])
}

/// The platform says 403 of a client that it does not list; an app that checks the token itself tells strangers nothing.
pub(super) async fn unlisted(context: &Context<'_>) -> Result<String, CaseFailure> {
    let answer = context.initialize(context.bearer(TokenKind::UnlistedClient)?).await?;
    refused(context, &answer, &[403, 401])
}

/// `initialize` by somebody who is known, and has not the right.
pub(super) async fn without_right(
    context: &Context<'_>,
    kind: TokenKind,
) -> Result<String, CaseFailure> {
    let answer = context.initialize(context.bearer(kind)?).await?;
    let got = refused(context, &answer, &[403])?;
    let challenges = answer.headers.get_all("www-authenticate").iter();
    let mut challenges = challenges.filter_map(|value| value.to_str().ok());
    if challenges.any(|challenge| challenge.contains("insufficient_scope")) {
        return Ok(format!("{got} insufficient_scope"));
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
        got = refuses(context, token, "HS256 by the public key").await?;
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

/// `initialize` with a forged token.
async fn refuses(
    context: &Context<'_>,
    token: Result<AccessToken, String>,
    what: &str,
) -> Result<String, CaseFailure> {
    let token = token.map_err(unmade)?;
    context.run.keep_secret(&token);
    let answer = context.initialize(Caller::Bearer(&token, what)).await?;
    refused(context, &answer, &[401])
}

pub(super) fn unmade(why: impl Into<String>) -> CaseFailure {
    CaseFailure::Inconclusive(Diagnosis::without_fix(format!(
        "the token cannot be forged: {}",
        why.into()
    )))
}

/// The key that the issuer publishes under an id, or its first one. No token goes there.
async fn issuer_key(context: &Context<'_>, kid: Option<&str>) -> Result<Value, CaseFailure> {
    let target = context.target();
    let mut url = target.authority.clone();
    url.set_path(&format!("{}/discovery/v2.0/keys", target.tenant_id));
    let keys = get_json(context, url).await?;
    let keys = keys["keys"].as_array().cloned().unwrap_or_default();
    let known = keys.iter().find(|key| key["kid"].as_str() == kid && kid.is_some());
    known.or(keys.first()).cloned().ok_or_else(|| unmade("the issuer publishes no key"))
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

/// Headers that the platform alone may set, saying that somebody else calls.
const FORGED_NAME: &str = "forged by a test";

fn with_forged_principal(request: Request, context: &Context<'_>, role: Option<&str>) -> Request {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let id = "00000000-0000-4000-8000-00000000f00d";
    let mut claims = vec![
        json!({"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": id}),
        json!({"typ": "http://schemas.microsoft.com/identity/claims/tenantid", "val": context.target().tenant_id}),
        json!({"typ": "appid", "val": id}),
        json!({"typ": "idtyp", "val": "app"}),
        json!({"typ": "name", "val": FORGED_NAME}),
    ];
    claims.extend(role.map(|role| json!({"typ": "roles", "val": role})));
    let principal = json!({
        "auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles",
    });
    request
        .header("x-ms-client-principal", &STANDARD.encode(principal.to_string()))
        .header("x-ms-client-principal-id", id)
        .header("x-ms-client-principal-name", FORGED_NAME)
        .header("x-ms-client-principal-idp", "aad")
}

/// Without a token, somebody who claims the role is nobody. With a good one, somebody who claims to be without it is
/// still who the token says.
pub(super) async fn forged_principal(context: &Context<'_>) -> Result<String, CaseFailure> {
    let list = |caller| context.message("tools/list", &json!({}), caller);
    let role = context.target().role.as_str();
    let request = with_forged_principal(list(Caller::Nobody), context, Some(role));
    let answer = context.send(request).await?;
    let got = refused(context, &answer, &[401])?;
    let request = with_forged_principal(list(context.good()), context, None);
    let answer = context.send(request).await?;
    let result = mcp::result(&answer).map_err(|_| CaseFailure::Failed {
        got: format!("with a good token: {}", answer.summary()),
        diagnosis: Some(diagnosis::headers_pass()),
    })?;
    let tools = result["tools"].as_array().map_or(0, Vec::len);
    Ok(format!("{got}; with a good token {tools} tools, as without the headers"))
}

pub(super) async fn token_in_query(context: &Context<'_>) -> Result<String, CaseFailure> {
    let Caller::Bearer(token, what) = context.bearer(TokenKind::Good)? else {
        return Err(unmade("there is no token"));
    };
    let message = context.message("initialize", &mcp::initialize(), Caller::Nobody);
    let answer = context.send(message.token_in_query(token, what)).await?;
    unless_refused_anyway(context, refused(context, &answer, &[401, 400])?).await
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
