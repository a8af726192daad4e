//! Python programs, each in an environment of its own choice.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    installation::{self, check},
    workspace,
};

/// Packages that go together, pinned in a `requirements.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// The MCP project's client, version 1.
    Mcp1,
    /// The MCP project's client, version 2, and the libraries that get an agent its token.
    Agent,
    /// What checks the infrastructure.
    Infrastructure,
    /// The Azure CLI.
    AzureCli,
}

impl Environment {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mcp1, Self::Agent, Self::Infrastructure, Self::AzureCli];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mcp1 => "mcp1",
            Self::Agent => "agent",
            Self::Infrastructure => "infrastructure",
            Self::AzureCli => "azure_cli",
        }
    }

    /// The folder with its `requirements.txt`.
    #[must_use]
    pub fn folder(self) -> PathBuf {
        match self {
            Self::Infrastructure => workspace::root().join("infra/check"),
            _ => folder().join(self.name()),
        }
    }

    /// Runs a program of `tests/python` and reads the JSON that it prints.
    ///
    /// Blocks the thread until the program has ended: call it from `spawn_blocking` where something
    /// else must go on meanwhile.
    ///
    /// # Errors
    /// Python or a package is not there, the program fails, or prints something else; the error has
    /// what it said.
    pub fn run<A: AsRef<OsStr>>(self, program: &str, args: &[A]) -> Result<Value> {
        self.run_with(program, args, &[])
    }

    /// Runs it like [`Self::run`], with these variables in its environment.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_with<A: AsRef<OsStr>>(
        self,
        program: &str,
        args: &[A],
        env: &[(&str, &str)],
    ) -> Result<Value> {
        let output = self.command(program)?.args(args).envs(env.iter().copied()).output()?;
        check(&output).with_context(|| format!("{program} failed"))?;
        serde_json::from_slice(&output.stdout).with_context(|| format!("{program} printed no JSON"))
    }

    /// The command that runs a program of `tests/python`.
    ///
    /// # Errors
    /// Python or a package is not there.
    pub fn command(self, program: &str) -> Result<Command> {
        let mut command = Command::new(self.interpreter()?);
        command.arg(self::program(program));
        Ok(command)
    }

    /// The interpreter that has the packages; made on the first call of all processes.
    ///
    /// # Errors
    /// Python is not there, or the packages cannot be installed.
    pub fn interpreter(self) -> Result<PathBuf> {
        let requirements = self.folder().join("requirements.txt");
        let wanted = fs::read_to_string(&requirements)?;
        let name = format!("python-{}", self.name());
        let venv = installation::once(&name, &wanted, |venv| install(venv, &requirements))?;
        Ok(venv.join("bin/python"))
    }
}

/// The system's Python.
#[must_use]
pub fn python() -> Option<PathBuf> {
    workspace::find_program(&["python3"], &[])
}

fn install(venv: &Path, requirements: &Path) -> Result<()> {
    let python = python().context("Python 3 is not installed")?;
    let made = Command::new(python).args(["-m", "venv"]).arg(venv).output()?;
    check(&made).context("python3 -m venv failed")?;
    // Python compiles what is imported; of the Azure CLI that is a small part.
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"];
    let installed = Command::new(venv.join("bin/python"))
        .args(pip)
        .arg("--requirement")
        .arg(requirements)
        .output()?;
    check(&installed).context("pip install failed")
}

/// A program of `tests/python`.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    folder().join(name)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}
