//! The real Azure CLI, signed in at an emulated cloud.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use easyauth_emulator::{Cloud, sample};
use serde_json::{Value, json};

use crate::{
    installation::check,
    python::{self, Environment},
};

/// The name under which the emulated cloud is registered.
const CLOUD: &str = "Emulator";

/// The Azure CLI with settings of its own in a folder, for an emulated cloud over TLS.
#[derive(Debug, Clone)]
pub struct AzureCli {
    interpreter: PathBuf,
    folder: PathBuf,
    authority: PathBuf,
    resource_manager: String,
    more: Vec<(&'static str, String)>,
}

impl AzureCli {
    /// The Azure CLI, whose settings are below `folder`; `authority` is the file with the certificate authority's
    /// certificate. `None`, and a line on standard error, where it cannot be installed.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn find(cloud: &Cloud, folder: &Path, authority: &Path) -> Result<Option<Self>> {
        let Some(interpreter) = interpreter() else { return Ok(None) };
        let folder = folder.join("azure");
        fs::create_dir_all(&folder)?;
        let resource_manager = cloud.origin().to_owned();
        let authority = authority.to_owned();
        Ok(Some(Self { interpreter, folder, authority, resource_manager, more: Vec::new() }))
    }

    /// The same, with more variables.
    #[must_use]
    pub fn with(mut self, more: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.more.extend(more);
        self
    }

    /// The interpreter whose module `azure.cli` is the command `az`.
    #[must_use]
    pub fn interpreter(&self) -> &Path {
        &self.interpreter
    }

    /// The variables that the CLI needs. Its authority is not one that Microsoft's libraries know.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut variables = vec![
            ("AZURE_CONFIG_DIR", text(&self.folder)),
            ("AZURE_CORE_COLLECT_TELEMETRY", "false".to_owned()),
            ("AZURE_CORE_INSTANCE_DISCOVERY", "false".to_owned()),
            ("AZURE_CORE_NO_COLOR", "true".to_owned()),
            ("REQUESTS_CA_BUNDLE", text(&self.authority)),
        ];
        variables.extend(self.more.iter().cloned());
        variables
    }

    /// The commands that register the cloud and sign in as the sample's operator.
    #[must_use]
    pub fn sign_in(&self) -> Vec<Vec<String>> {
        let (client, tenant) = (sample::OPERATOR.to_string(), sample::TENANT_ID.to_string());
        let endpoint = self.resource_manager.as_str();
        let secret = sample::OPERATOR_SECRET;
        [
            &["cloud", "register", "--name", CLOUD, "--endpoint-resource-manager", endpoint][..],
            &["cloud", "set", "--name", CLOUD],
            &["login", "--service-principal", "-u", &client, "-p", secret, "--tenant", &tenant],
        ]
        .map(|command| command.iter().map(|&word| word.to_owned()).collect())
        .into()
    }

    /// Runs commands in one process, and returns the JSON that each printed; null where one printed nothing.
    ///
    /// # Errors
    /// A command fails; the error has what it said.
    pub fn run(&self, commands: &[Vec<String>]) -> Result<Vec<Value>> {
        let mut command = Command::new(&self.interpreter);
        command.arg(python::program("az.py")).arg(json!(commands).to_string());
        // The CLI writes certificates that it makes to the home folder.
        command.env("HOME", &self.folder).envs(self.environment());
        let output = command.output()?;
        check(&output).context("the Azure CLI failed")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let results: Vec<Value> = serde_json::from_slice(&output.stdout).context(said.clone())?;
        for (command, result) in commands.iter().zip(&results) {
            ensure!(result["code"] == 0, "az {} failed: {said}", command.join(" "));
        }
        let printed = results.iter().map(|result| result["printed"].as_str().unwrap_or_default());
        let read = |text: &str| {
            let json = if text.trim().is_empty() { "null" } else { text };
            serde_json::from_str(json).with_context(|| format!("no JSON: {text}"))
        };
        printed.map(read).collect()
    }

    /// The folder with its settings, which is the home folder of [`Self::run`].
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The interpreter that has the Azure CLI. `None`, and a line on standard error, where it cannot be installed.
#[must_use]
pub fn interpreter() -> Option<PathBuf> {
    match Environment::AzureCli.interpreter() {
        Ok(interpreter) => Some(interpreter),
        Err(error) => {
            let reason = format!("{error:#}").lines().next().unwrap_or_default().to_owned();
            eprintln!("the Azure CLI cannot be installed, so nothing is tested with it: {reason}");
            None
        }
    }
}
