//! What the emulator's parts share: the tenant, the issuer's keys, the web apps, and the options.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    Directory, Options, Site,
    issuer::{DeviceCodes, Grants},
    keys::SigningKeys,
};

/// The state of the emulated cloud. A handle: clones share it.
#[derive(Debug, Clone)]
pub struct Cloud(Arc<State>);

#[derive(Debug)]
struct State {
    /// The origin under which the issuer, Graph and ARM are reached, such as `http://127.0.0.1:49152`.
    origin: String,
    options: Options,
    directory: Mutex<Directory>,
    tenant_id: Uuid,
    keys: Mutex<SigningKeys>,
    key_requests: AtomicU64,
    grants: Mutex<Grants>,
    device_codes: Mutex<DeviceCodes>,
    identity_header: String,
    emulator_key: String,
    sites: Mutex<Vec<Site>>,
    site_changes: watch::Sender<()>,
    changes: watch::Sender<()>,
}

impl Cloud {
    pub(crate) fn new(origin: String, options: Options, directory: Directory) -> io::Result<Self> {
        Ok(Self(Arc::new(State {
            origin,
            options,
            tenant_id: directory.tenant_id,
            directory: Mutex::new(directory),
            keys: Mutex::new(SigningKeys::generate()?),
            key_requests: AtomicU64::new(0),
            grants: Mutex::default(),
            device_codes: Mutex::default(),
            identity_header: Uuid::new_v4().to_string(),
            emulator_key: Uuid::new_v4().simple().to_string(),
            sites: Mutex::default(),
            site_changes: watch::Sender::default(),
            changes: watch::Sender::default(),
        })))
    }

    /// The origin under which the issuer, Graph and ARM are reached: the authority, without the tenant.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The origin of Graph for tools that tell services apart by their origins, as the Azure CLI does: the one loopback name
    /// where [`Self::origin`] has the other, or the same.
    pub(crate) fn graph_origin(&self) -> String {
        let origin = self.origin();
        if origin.contains("://127.0.0.1:") {
            origin.replacen("127.0.0.1", "localhost", 1)
        } else {
            origin.replacen("://localhost:", "://127.0.0.1:", 1)
        }
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

    /// Reports each change that Resource Manager makes to a web app, after which the platform restarts the app.
    #[must_use]
    pub fn site_changes(&self) -> watch::Receiver<()> {
        self.0.site_changes.subscribe()
    }

    /// Reports each write that Graph or Resource Manager has made.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changes.subscribe()
    }

    pub(crate) fn tell_of_change(&self) {
        self.0.changes.send_replace(());
    }

    pub(crate) fn tell_of_site_change(&self) {
        self.0.site_changes.send_replace(());
    }

    /// The tenant's id.
    #[must_use]
    pub fn tenant_id(&self) -> Uuid {
        self.0.tenant_id
    }

    /// The number of requests for the issuer's public keys.
    #[must_use]
    pub fn key_requests(&self) -> u64 {
        self.0.key_requests.load(Ordering::Relaxed)
    }

    pub(crate) fn count_key_request(&self) {
        self.0.key_requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Where a program of this machine gets its managed identity's tokens: `IDENTITY_ENDPOINT` on App Service.
    #[must_use]
    pub fn identity_endpoint(&self) -> String {
        format!("{}/msi/token", self.origin())
    }

    /// The secret that it sends there in `X-IDENTITY-HEADER`: `IDENTITY_HEADER` on App Service.
    #[must_use]
    pub fn identity_header(&self) -> &str {
        &self.0.identity_header
    }

    /// The key that the addresses under `/emulator/` want in `X-Emulator-Key`.
    #[must_use]
    pub fn emulator_key(&self) -> &str {
        &self.0.emulator_key
    }

    /// The time.
    #[expect(clippy::unused_self, reason = "the clock is the cloud's, as the keys are")]
    #[expect(clippy::disallowed_methods, reason = "the emulator's own clock is the machine's")]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        self.0.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn device_codes(&self) -> MutexGuard<'_, DeviceCodes> {
        self.0.device_codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keys(&self) -> MutexGuard<'_, SigningKeys> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
