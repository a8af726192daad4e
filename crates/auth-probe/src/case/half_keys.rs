//! Two credentials, each of which is half of what is needed; and parts of a good token, on the part of an app that has seen
//! the whole.

use super::{
    everywhere::{Attempt, all_refused, call},
    identity_headers::beside_forged_principal,
    refusals::{refuses_of, unless_refused_anyway},
};
use crate::{
    AccessToken, TokenKind,
    context::{Caller, Context},
    http_client::Request,
    outcome::CaseFailure,
};

/// The statuses of a caller whose token is valid, and lacks the role or scope.
const WITHOUT_RIGHT: [u16; 2] = [403, 401];

/// A token without the role, and a garbled one, beside forged identity headers with the role; then tokens that share a part
/// with one that was just accepted.
pub(super) async fn halves(context: &Context<'_>) -> Result<String, CaseFailure> {
    let garbage = |request: Request| request.header("authorization", "Bearer garbage");
    all_refused(context, beside_forged_principal(context, garbage), &[401, 400, 403]).await?;
    let mut got = vec!["garbage and a forged identity are rejected".to_owned()];
    for kind in [TokenKind::Roleless, TokenKind::Scopeless] {
        let Some(token) = context.token(kind) else {
            got.push(format!("not judged with a token of the kind {}", kind.name()));
            continue;
        };
        let bear = |request: Request| request.bearer(token, kind.name());
        all_refused(context, beside_forged_principal(context, bear), &WITHOUT_RIGHT).await?;
        roles_added(context, token, kind).await?;
        got.push(format!("so is a {} token", kind.name()));
    }
    parts_of_a_good_token(context).await?;
    got.push("so are parts of a good token".to_owned());
    unless_refused_anyway(context, got.join("; ")).await
}

/// The role is written into a token after the issuer signed it. The app has seen the token as it was.
async fn roles_added(
    context: &Context<'_>,
    token: &AccessToken,
    kind: TokenKind,
) -> Result<(), CaseFailure> {
    let bearer = Caller::Bearer(token, kind.name());
    let call = |caller| context.message("tools/call", &context.profile().reading(), caller);
    all_refused(context, vec![Attempt::new(call(bearer))], &WITHOUT_RIGHT).await?;
    let role = context.target().role.clone();
    let changed = token.with_claims(|claims| {
        claims.insert("roles".to_owned(), serde_json::json!([role]));
    });
    let one = vec![Attempt::new(call(Caller::Anonymous))];
    refuses_of(context, changed, "the role written into it", one).await.map(drop)
}

/// After a good request: the same header and payload under another signature, another payload under the same signature, and
/// no signature.
async fn parts_of_a_good_token(context: &Context<'_>) -> Result<(), CaseFailure> {
    let Caller::Bearer(good, what) = context.bearer(TokenKind::Good)? else {
        return Ok(());
    };
    let longer = good.with_claims(|claims| {
        let expires = claims.get("exp").and_then(serde_json::Value::as_i64).unwrap_or_default();
        claims.insert("exp".to_owned(), serde_json::json!(expires + 3600));
    });
    let parts = [
        (good.with_broken_signature(), "a good token with a broken signature"),
        (longer, "a good token with a later exp, and its old signature"),
        (good.without_signature(), "a good token without its signature"),
    ];
    for (token, what_of_it) in parts {
        // Most caches hold a token for a while after it was accepted.
        context.send(call(context).bearer(good, what)).await?;
        refuses_of(context, token, what_of_it, vec![Attempt::new(call(context))]).await?;
    }
    Ok(())
}
