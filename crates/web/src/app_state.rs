//! The state that the handlers share.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use restaurant_domain::Repository;
use tokio_util::task::TaskTracker;

use crate::{
    RoleNames, RouterError, WebConfig, config::Connection, kept_pages::KeptPages,
    templates::Templates,
};

/// The state that the handlers share.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) site: Site,
    pub(crate) kept_pages: Arc<KeptPages>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) body_limit: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) tasks: TaskTracker,
}

/// What every page stands in: also one that needs no authentication.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) templates: Arc<Templates>,
    pub(crate) read_only: bool,
    pub(crate) roles: Arc<RoleNames>,
    sign_in_path: Option<Arc<str>>,
    pub(crate) sign_out_path: Option<Arc<str>>,
    pub(crate) undo_within: TimeDelta,
}

impl Site {
    pub(crate) fn new(config: &WebConfig) -> Result<Self, RouterError> {
        Ok(Self {
            templates: Arc::new(Templates::new().map_err(RouterError::Template)?),
            read_only: config.read_only,
            roles: Arc::new(config.roles.clone()),
            sign_in_path: config.sign_in_path.as_deref().map(Arc::from),
            sign_out_path: config.sign_out_path.as_deref().map(Arc::from),
            undo_within: config.undo_within,
        })
    }

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
