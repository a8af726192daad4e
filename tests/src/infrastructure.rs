//! The checks of `infra/`, which are Python programs.

use std::process::Command;

use anyhow::Result;

use crate::{python::Environment, workspace};

/// Where the Bicep compiler comes from.
pub const BICEP: &str = "https://learn.microsoft.com/azure/azure-resource-manager/bicep/install";

/// The command that checks the infrastructure, and with the argument `--renew` writes `infra/snapshots` first.
///
/// It prints one line per fault, and has exit code 1 when there is one.
///
/// # Errors
/// Python or a package is not there.
pub fn check() -> Result<Command> {
    let mut command = Command::new(Environment::Infrastructure.interpreter()?);
    let program = Environment::Infrastructure.folder().join("check.py");
    command.arg("-B").arg(program).arg(workspace::root()).current_dir(workspace::root());
    Ok(command)
}
