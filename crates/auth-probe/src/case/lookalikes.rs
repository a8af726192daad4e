//! Tokens that only look right.

use super::{
    everywhere::{Attempt, all_refused, call, list_tools, page},
    refusals::{refuses_of, two, unless_refused_anyway, unmade},
};
use crate::{TokenKind, context::Context, outcome::CaseFailure};

/// The kinds that the owner of an issuer can make.
pub(super) const SIGNED: &[TokenKind] = &[
    TokenKind::IdToken,
    TokenKind::WithoutAudience,
    TokenKind::WithoutExpiry,
    TokenKind::NearAudience,
    TokenKind::NearRole,
];

/// `tools/call` and a page with each forged token; and these, `initialize` and `tools/list` with each signed one that was given.
pub(super) async fn refused(context: &Context<'_>) -> Result<String, CaseFailure> {
    let forged = context.forgery().lookalikes(context.target()).map_err(unmade)?;
    let mut got = format!("{} forged tokens are rejected", forged.len());
    for (what, token) in forged {
        // Pages may have a guard of their own.
        let attempts = [call(context)].into_iter().chain(page(context)).map(Attempt::new).collect();
        refuses_of(context, Ok(token), what, attempts).await?;
    }
    let mut missing = Vec::new();
    for kind in SIGNED {
        let Some(token) = context.token(*kind) else {
            missing.push(kind.name());
            continue;
        };
        let mut attempts = two(context);
        attempts.push(Attempt::new(list_tools(context)));
        // Pages need no role.
        let at_pages = page(context).filter(|_| *kind != TokenKind::NearRole).map(Attempt::new);
        attempts.extend(at_pages);
        let attempts =
            attempts.into_iter().map(|it| it.map(|request| request.bearer(token, kind.name())));
        all_refused(context, attempts.collect(), &[401, 403]).await?;
        got = format!("{got}; so is the signed one of the kind {}", kind.name());
    }
    if !missing.is_empty() {
        got = format!("{got}; not judged with signed ones of the kinds {}", missing.join(", "));
    }
    unless_refused_anyway(context, got).await
}
