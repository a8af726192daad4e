//! A Python interpreter that has the MCP project's client.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use super::arguments::Arguments;

/// The package and its version, as `pip` takes it.
const PACKAGE: &str = "mcp==2.3.0";

/// The interpreter for the cases that use Python; `None` where they are left out.
pub(super) fn interpreter(arguments: &Arguments) -> Result<Option<PathBuf>> {
    if !arguments.python {
        return Ok(None);
    }
    if let Some(file) = &arguments.python_interpreter {
        return Ok(Some(file.clone()));
    }
    let made = install().with_context(|| {
        format!("the Python package {PACKAGE} cannot be installed; leave out --python")
    })?;
    Ok(Some(made))
}

/// Installs the package into an environment of its own in the user's cache folder, once for all processes.
fn install() -> Result<PathBuf> {
    let folder = cache()?.join("mcp-entra");
    fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join("python.lock"))?;
    lock.lock()?;
    let environment = folder.join(PACKAGE);
    let interpreter = environment.join("bin/python");
    let complete = environment.join("complete");
    if !complete.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE];
        run(Command::new(&interpreter).args(pip))?;
        // Last, so that an interrupted installation is repeated.
        File::create(complete)?;
    }
    Ok(interpreter)
}

fn cache() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| Path::new(value).is_absolute());
    let home = || set("HOME").map(|home| Path::new(&home).join(".cache"));
    set("XDG_CACHE_HOME").map(PathBuf::from).or_else(home).context("HOME is not set")
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
