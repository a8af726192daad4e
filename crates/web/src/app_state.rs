//! The state that the handlers share.

use std::{ops::Deref, sync::Arc, time::Duration};

use chrono::TimeDelta;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use restaurant_domain::Repository;
use tokio_util::task::TaskTracker;

use crate::{
    RoleNames, RouterError, WebConfig, config::Connection, kept_pages::KeptPages,
    templates::Templates,
};

/// The state that the handlers share. Each layer of a request clones it, so a clone counts one reference.
#[derive(Clone)]
pub(crate) struct AppState(Arc<AppParts>);

/// The parts of [`AppState`].
pub(crate) struct AppParts {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) site: Site,
    pub(crate) kept_pages: KeptPages,
    pub(crate) connection: Connection,
    pub(crate) body_limit: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) tasks: TaskTracker,
}

impl AppState {
    pub(crate) fn new(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

/// What every page stands in: also one that needs no authentication.
#[derive(Clone)]
pub(crate) struct Site(Arc<SiteParts>);

/// The parts of [`Site`].
pub(crate) struct SiteParts {
    pub(crate) templates: Templates,
    pub(crate) read_only: bool,
    pub(crate) roles: RoleNames,
    sign_in_path: Option<String>,
    pub(crate) sign_out_path: Option<String>,
    pub(crate) undo_within: TimeDelta,
}

impl Deref for Site {
    type Target = SiteParts;

    fn deref(&self) -> &SiteParts {
        &self.0
    }
}

impl Site {
    pub(crate) fn new(config: &WebConfig) -> Result<Self, RouterError> {
        Ok(Self(Arc::new(SiteParts {
            templates: Templates::new().map_err(RouterError::Template)?,
            read_only: config.read_only,
            roles: config.roles.clone(),
            sign_in_path: config.sign_in_path.clone(),
            sign_out_path: config.sign_out_path.clone(),
            undo_within: config.undo_within,
        })))
    }
}

impl SiteParts {
    /// Whether users sign in at a browser.
    pub(crate) fn signs_in(&self) -> bool {
        self.sign_in_path.is_some()
    }

    /// The path where a user signs in, and then sees the page at `path`; without a sign-in, that page.
    pub(crate) fn path_after_sign_in(&self, path: &str) -> String {
        match &self.sign_in_path {
            Some(sign_in) => {
                format!("{sign_in}{}", utf8_percent_encode(path, NON_ALPHANUMERIC))
            }
            None => path.to_owned(),
        }
    }
}
