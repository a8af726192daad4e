//! Where things are: the workspace's folders, and programs of this machine.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// The workspace's root folder.
#[must_use]
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The workspace's `target` folder, or where `CARGO_TARGET_DIR` moved it.
#[must_use]
pub fn target() -> PathBuf {
    // A relative value is relative to where cargo was called: to the root, as the project does it.
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// The first of `names` that is a file in a folder of `PATH`, or in one of `also`.
///
/// All of `PATH` is searched for the first name before the second is looked for.
#[must_use]
pub fn find_program(names: &[&str], also: &[PathBuf]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).chain(also.iter().cloned()).collect();
    names.iter().find_map(|name| {
        folders.iter().map(|folder| folder.join(name)).find(|program| program.is_file())
    })
}

/// Whether this process runs as root: its own folder in `/proc` belongs to its user.
///
/// # Errors
/// There is no `/proc`.
pub fn is_root() -> io::Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}
