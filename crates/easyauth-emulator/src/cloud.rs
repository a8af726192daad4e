//! What the emulator's parts share: the tenant, the issuer's keys, the web apps, and the options.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{Directory, Options, Site, keys::SigningKeys};

/// The state of the emulated cloud. A handle: clones share it.
#[derive(Debug, Clone)]
pub struct Cloud(Arc<State>);

#[derive(Debug)]
struct State {
    /// The origin under which the issuer, Graph and ARM are reached, such as `http://127.0.0.1:49152`.
    origin: String,
    options: Options,
    directory: Mutex<Directory>,
    keys: Mutex<SigningKeys>,
    sites: Mutex<Vec<Site>>,
}

impl Cloud {
    pub(crate) fn new(origin: String, options: Options, directory: Directory) -> Self {
        Self(Arc::new(State {
            origin,
            options,
            directory: Mutex::new(directory),
            keys: Mutex::default(),
            sites: Mutex::default(),
        }))
    }

    /// The origin under which the issuer, Graph and ARM are reached: the authority, without the tenant.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// What is uncertain, as this emulator takes it.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// The tenant, to read or change. Nothing else of the emulator answers while it is held.
    pub fn directory(&self) -> MutexGuard<'_, Directory> {
        self.0.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The web apps, to read or change.
    pub fn sites(&self) -> MutexGuard<'_, Vec<Site>> {
        self.0.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time.
    #[expect(clippy::disallowed_methods, reason = "the emulator's own clock is the machine's")]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// The claims of a token that this issuer signed and that is valid now.
    #[expect(clippy::unused_self, reason = "the keys are needed")]
    pub(crate) fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
    }

    pub(crate) fn keys(&self) -> MutexGuard<'_, SigningKeys> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
