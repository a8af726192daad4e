//! What stands around every page: what the caller may do, and who they are.

use restaurant_domain::Actor;
use serde::Serialize;

use crate::{credit::Credit, router::Site};

/// The frame around a page; the default is that of nobody in particular.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Frame {
    /// Whether to offer the forms.
    pub(crate) may_write: bool,
    /// Whoever signed in; `None` where nobody is asked.
    pub(crate) signed_in: Option<Credit>,
    /// Where they sign out.
    sign_out_path: Option<String>,
}

impl Frame {
    pub(crate) fn of(actor: &Actor, site: &Site) -> Self {
        let signed_in = Credit::of(actor.author());
        let sign_out_path =
            site.sign_out_path.as_deref().map(str::to_owned).filter(|_| signed_in.is_some());
        Self { may_write: actor.may_write().is_ok(), signed_in, sign_out_path }
    }

    /// The name that a person signed in with.
    pub(crate) fn person(&self) -> Option<&str> {
        self.signed_in.as_ref().and_then(Credit::person)
    }
}
