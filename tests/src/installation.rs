//! Packages of other languages, installed into the `target` folder once by all processes of all test runs.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Output,
};

use anyhow::{Result, ensure};

use crate::workspace;

/// Returns the folder `name` in `target`, after `install` has filled it.
///
/// The first process installs; the others wait. A changed `wanted` text causes a new installation.
///
/// # Errors
/// `install` fails, or the folder cannot be written.
pub(crate) fn once(
    name: &str,
    wanted: &str,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let folder = workspace::target().join(name);
    fs::create_dir_all(workspace::target())?;
    let lock = File::create(workspace::target().join(format!("{name}.lock")))?;
    // Released with the file, or with the process if that is killed.
    lock.lock()?;
    let complete = folder.join("complete");
    if fs::read_to_string(&complete).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    install(&folder)?;
    // Last, so that an attempt that was cut short is made again.
    fs::write(complete, wanted)?;
    Ok(folder)
}

/// Checks that a program succeeded.
///
/// # Errors
/// It failed; the error holds its output.
pub(crate) fn check(output: &Output) -> Result<()> {
    let said = [&*output.stdout, &*output.stderr].concat();
    ensure!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&said));
    Ok(())
}
