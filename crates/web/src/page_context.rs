//! The context of every page: the caller's rights and name.

use restaurant_domain::Actor;
use serde::Serialize;

use crate::{app_state::AppState, byline::Byline};

/// The values that the layout shows; the default is those of an unauthenticated caller.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct PageContext {
    /// Whether the page offers the forms.
    pub(crate) may_write: bool,
    /// The signed-in caller; `None` without authentication.
    pub(crate) signed_in: Option<Byline>,
    /// The path of the sign-out.
    sign_out_path: Option<String>,
}

impl PageContext {
    pub(crate) fn of(actor: &Actor, state: &AppState) -> Self {
        let signed_in = Byline::of(actor.author());
        let sign_out_path =
            state.sign_out_path.as_deref().map(str::to_owned).filter(|_| signed_in.is_some());
        Self { may_write: actor.may_write().is_ok(), signed_in, sign_out_path }
    }

    /// The name of a signed-in person.
    pub(crate) fn person(&self) -> Option<&str> {
        self.signed_in.as_ref().and_then(Byline::person)
    }
}
