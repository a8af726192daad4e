//! The state that the handlers share.

use std::{sync::Arc, time::Duration};

use restaurant_domain::Repository;
use tokio_util::task::TaskTracker;

use crate::templates::Templates;

/// The state that the handlers share.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) templates: Arc<Templates>,
    pub(crate) body_limit: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) tasks: TaskTracker,
    pub(crate) sign_out_path: Option<Arc<str>>,
}
