//! The real Azure CLI, signed in at an emulated cloud.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
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
    /// certificate.
    ///
    /// # Errors
    /// The Azure CLI cannot be installed, or the folder cannot be written.
    pub fn find(cloud: &Cloud, folder: &Path, authority: &Path) -> Result<Self> {
        let interpreter = Environment::AzureCli.interpreter()?;
        let folder = folder.join("azure");
        fs::create_dir_all(&folder)?;
        let resource_manager = cloud.origin().to_owned();
        let authority = authority.to_owned();
        Ok(Self { interpreter, folder, authority, resource_manager, more: Vec::new() })
    }

    /// The same, with more variables.
    #[must_use]
    pub fn with(mut self, more: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.more.extend(more);
        self
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
        let output = self.command(commands).output()?;
        check(&output).context("the Azure CLI failed")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        results(commands, &output.stdout).context(said)
    }

    /// Signs in, and makes a program `az` in the folder `programs`. Its commands run in forks of one process, which saves most
    /// of the time that the Azure CLI takes to start.
    ///
    /// # Errors
    /// Signing in fails, or a file cannot be written.
    pub fn serve(&self, programs: &Path) -> Result<AzureCliServer> {
        let socket = self.folder.join("az.socket");
        let mut commands = self.sign_in();
        // It loads the modules of the command that other programs use, so that each fork has them.
        commands.push(["account", "get-access-token"].map(str::to_owned).into());
        let mut command = self.command(&commands);
        let mut process =
            command.arg(&socket).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut printed = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut printed)?;
        let server = AzureCliServer { process };
        results(&commands, printed.as_bytes()).context("the Azure CLI does not sign in")?;
        let python = python::python().context("Python 3 is not installed")?;
        let words = [&python, &python::program("az_client.py"), &socket];
        let [python, client, socket] = words.map(|word| word.display());
        let az = programs.join("az");
        fs::write(&az, format!("#!/bin/sh\nexec '{python}' -I -S '{client}' '{socket}' \"$@\"\n"))?;
        fs::set_permissions(&az, fs::Permissions::from_mode(0o755))?;
        Ok(server)
    }

    fn command(&self, commands: &[Vec<String>]) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg(python::program("az.py")).arg(json!(commands).to_string());
        // The CLI writes certificates that it makes to the home folder.
        command.env("HOME", &self.folder).envs(self.environment());
        command
    }
}

/// The process in which the commands of a program `az` run. It ends when this value is dropped.
#[derive(Debug)]
pub struct AzureCliServer {
    process: Child,
}

impl Drop for AzureCliServer {
    fn drop(&mut self) {
        // The end of its standard input ends it.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// What each command printed.
fn results(commands: &[Vec<String>], printed: &[u8]) -> Result<Vec<Value>> {
    let results: Vec<Value> = serde_json::from_slice(printed)?;
    for (command, result) in commands.iter().zip(&results) {
        ensure!(result["code"] == 0, "az {} failed", command.join(" "));
    }
    let printed = results.iter().map(|result| result["printed"].as_str().unwrap_or_default());
    let read = |text: &str| {
        let json = if text.trim().is_empty() { "null" } else { text };
        serde_json::from_str(json).with_context(|| format!("no JSON: {text}"))
    };
    printed.map(read).collect()
}
