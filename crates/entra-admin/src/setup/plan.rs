//! What the steps of `setup` build upon.

use crate::{exposure::OwnCredential, registration::Registration, web_app::AppSettings};

/// For which registration authentication is to be.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) registration: &'a Registration,
    /// As they were at first.
    pub(super) app_settings: AppSettings,
    /// By what the platform proved itself at first.
    pub(super) credential: OwnCredential,
}
