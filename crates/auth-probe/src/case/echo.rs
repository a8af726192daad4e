//! Answers that give a token back: what logs, caches and pages keep, others can read.

use serde_json::json;

use crate::{
    Remedy,
    context::{Caller, Context},
    diagnosis::Diagnosis,
    outcome::CaseFailure,
};

/// No answer of the run has a part of a token in it.
pub(super) async fn absent(context: &Context<'_>) -> Result<String, CaseFailure> {
    let forged = context.forgery().by_own_key();
    let forged = forged.map_err(|why| CaseFailure::Inconclusive(Diagnosis::without_fix(why)))?;
    for caller in [context.good(), Caller::Bearer(&forged, "signed by somebody else")] {
        context.initialize(caller).await?;
        context.ask("tools/list", &json!({}), caller).await?;
    }
    match context.run.echo() {
        None => Ok("no answer of this run had a part of a token in it".to_owned()),
        Some(sent) => Err(CaseFailure::Failed {
            got: format!("a part of a token in the answer to: {sent}"),
            diagnosis: Some(Diagnosis::new(
                "the app writes what it was sent into its answers, so tokens get into logs, caches and pages",
                Remedy::ChangeApp("leave request headers out of answers and error pages"),
            )),
        }),
    }
}
