//! What an error page says.

use std::borrow::Cow;

use http::StatusCode;
use restaurant_domain::{BudgetExhausted, DeleteError, Forbidden, Permission, StoreError, quoted};

use super::PageError;
use crate::{app_state::Site, byline::Byline, page_context::PageContext};

impl PageError {
    /// A heading and what the visitor can do, in their words. Nothing of the inside is in it.
    pub(super) fn wording(
        &self,
        site: &Site,
        caller: &PageContext,
    ) -> (&'static str, Cow<'static, str>) {
        const UNREADABLE: &str = "This request cannot be read";
        let (heading, explanation) = match self {
            Self::BadRequest(what) => (UNREADABLE, *what),
            Self::Repeated(field) => {
                let twice = format!("The field {} was sent twice. Send it once.", quoted(field));
                return (UNREADABLE, twice.into());
            }
            Self::NotUtf8(field) => {
                let no_text = format!("The field {} is not UTF-8 text.", quoted(field));
                return (UNREADABLE, no_text.into());
            }
            Self::BudgetExhausted(exhausted) => return used_up(exhausted),
            Self::Forbidden(Forbidden(permission)) => {
                return missing_right(*permission, site, caller);
            }
            Self::NoPost => (
                "There is no such text",
                "It may have been hidden, deleted or restored a moment ago. The activity page says what was done.",
            ),
            Self::CannotUndo(error) => cannot_undo(error),
            Self::CrossOrigin => (
                "This form came from another site",
                "To protect you, forms are taken from this site's own pages alone. Open the page here and send the form again.",
            ),
            Self::TooLarge => (
                "This is too much",
                "What you sent is larger than this site takes. Shorten it and try again.",
            ),
            Self::NoForm => (
                "This is no form",
                "This address takes a web form (application/x-www-form-urlencoded).",
            ),
            Self::SlowForm => (
                "Your form did not arrive in time",
                "Nothing was saved. Check your connection, go back, and send the form again.",
            ),
            Self::BadCursor(of) => {
                let cut = "The link was cut off or changed. Start again from the first page of";
                return ("This page does not exist", format!("{cut} {of}.").into());
            }
            Self::Store(StoreError::ReadOnly(_)) => (
                "Nothing can be added right now",
                "The database takes no changes at the moment, so nothing was saved. You can read on; try again in a few minutes.",
            ),
            _ => status_wording(self.status()),
        };
        (heading, explanation.into())
    }
}

fn used_up(budget: &BudgetExhausted) -> (&'static str, Cow<'static, str>) {
    let BudgetExhausted { limit, period, frees_at, .. } = budget;
    let frees_at = frees_at.format("%-d %B %Y, %H:%M:%S UTC");
    let period = period.as_str();
    let explanation = format!(
        "You may add {limit} restaurants and reviews per {period}, and have done so. Nothing was saved. You may write again on {frees_at}."
    );
    ("You have written enough for now", explanation.into())
}

fn cannot_undo(error: &DeleteError) -> (&'static str, &'static str) {
    let why = match error {
        DeleteError::NotOwn => {
            "Another account posted it. Ask the operator of this site to hide it."
        }
        DeleteError::Reviewed => {
            "Others have reviewed the restaurant meanwhile. Ask the operator of this site to hide it."
        }
        _ => "It was posted too long ago. Ask the operator of this site to hide it.",
    };
    ("This cannot be undone", why)
}

/// What the caller lacks, and where to get it.
fn missing_right(
    permission: Permission,
    site: &Site,
    caller: &PageContext,
) -> (&'static str, Cow<'static, str>) {
    if site.read_only && permission != Permission::Read {
        let explanation = "Nothing can be added or changed here, by any account. You can read on.";
        return ("This site is read-only", explanation.into());
    }
    let (right, role) = match permission {
        Permission::Read => ("to read here", &site.roles.read),
        Permission::Moderate => ("to hide and restore what others wrote", &site.roles.moderate),
        _ => ("to write here; it may read", &site.roles.write),
    };
    let account = caller.signed_in.as_ref().and_then(Byline::name);
    let account =
        account.map_or("Your account".to_owned(), |name| format!("Your account, {name},"));
    let role = role.as_ref().map_or("it".to_owned(), |role| format!("the app role {role}"));
    let explanation = format!(
        "{account} does not have the right {right}. Ask the operator of this site for {role}."
    );
    ("You may not do this", explanation.into())
}

fn status_wording(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => (
            "There is no such page",
            "Nothing is at this address. The link may be old or mistyped.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "This does not work here",
            "This address does not take this kind of request. If you came here by reloading a form, start again from the list.",
        ),
        StatusCode::SERVICE_UNAVAILABLE => (
            "Not available right now",
            "Wait a few seconds and try again. If you sent a form, go back and send it again: it cannot be posted twice.",
        ),
        status if status.is_server_error() => (
            "Something went wrong",
            "The failure is on our side and has been logged. If it stays, tell the operator of this site the request id.",
        ),
        _ => ("This did not work", "The request could not be answered."),
    }
}
