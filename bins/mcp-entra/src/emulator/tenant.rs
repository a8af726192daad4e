//! The tenant: the sample, or that of `--directory`, which `--save` keeps up to date.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use easyauth_emulator::{Cloud, Directory, TenantFile, sample};
use tokio::task::JoinHandle;

use super::Arguments;

/// The name of the sample's web app.
const SITE: &str = "app";

/// Returns the tenant of the options.
pub(super) fn read(arguments: &Arguments) -> Result<TenantFile> {
    let Some(file) = &arguments.directory else { return sample_tenant(arguments) };
    let cannot = || format!("--directory: {}", file.display());
    let text = fs::read_to_string(file).with_context(cannot)?;
    let tenant =
        if is_json(file) { TenantFile::from_json(&text) } else { TenantFile::from_toml(&text) };
    tenant.with_context(cannot)
}

fn sample_tenant(arguments: &Arguments) -> Result<TenantFile> {
    let template = match &arguments.auth_settings {
        Some(file) => fs::read_to_string(file)
            .with_context(|| format!("--auth-settings: cannot read {}", file.display()))?,
        None => sample::AUTH_SETTINGS.to_owned(),
    };
    let site = sample::site(SITE, &template).context("--auth-settings")?;
    let mut directory = Directory::sample_with_agents().with_visual_studio_code();
    let mut applications = directory.applications.iter_mut();
    let api = applications.find(|application| application.app_id == sample::API);
    if let Some(api) = api.filter(|_| arguments.access_token_version == 2) {
        api.api.requested_access_token_version = Some(2);
    }
    Ok(TenantFile::new(directory, vec![site]))
}

/// Returns the name of the web app that the gateway guards.
pub(super) fn site(arguments: &Arguments, cloud: &Cloud) -> Result<String> {
    let sites = cloud.sites();
    let names: Vec<_> = sites.iter().map(|site| site.name.as_str()).collect();
    match (&arguments.site, names.as_slice()) {
        (Some(name), names) if names.contains(&name.as_str()) => Ok(name.clone()),
        (None, [name]) => Ok((*name).to_owned()),
        (_, names) => {
            bail!("--site: give one of the web apps in --directory: {}", names.join(", "))
        }
    }
}

/// Writes the tenant to its file after each change.
pub(super) struct Saving {
    file: PathBuf,
    cloud: Cloud,
    task: JoinHandle<()>,
}

impl Saving {
    /// Starts, with `--save`.
    pub(super) fn start(arguments: &Arguments, cloud: &Cloud) -> Option<Self> {
        let file = arguments.directory.clone().filter(|_| arguments.save)?;
        let task = tokio::spawn(after_each_change(file.clone(), cloud.clone()));
        Some(Self { file, cloud: cloud.clone(), task })
    }

    /// Writes it a last time: the last change may just have been made.
    pub(super) async fn finish(self) -> Result<()> {
        self.task.abort();
        // It was aborted, between two writes.
        let _ = self.task.await;
        write(&self.file, &TenantFile::of(&self.cloud)).context("--save")
    }
}

async fn after_each_change(file: PathBuf, cloud: Cloud) {
    let mut changes = cloud.changes();
    while changes.changed().await.is_ok() {
        if let Err(error) = write(&file, &TenantFile::of(&cloud)) {
            tracing::error!("--save: {error:#}");
        }
    }
}

/// Replaces the file as a whole. It keeps its permissions: it holds secrets.
fn write(file: &Path, tenant: &TenantFile) -> Result<()> {
    let text = if is_json(file) { tenant.to_json() } else { tenant.to_toml()? };
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".new");
    fs::write(&unfinished, text)?;
    fs::set_permissions(&unfinished, fs::metadata(file)?.permissions())?;
    Ok(fs::rename(unfinished, file)?)
}

fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}
