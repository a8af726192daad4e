//! The certificates in a folder, which outlive the process so that clients need to be told of them once.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::Identity;

/// The authority's certificate, for clients.
const AUTHORITY: &str = "ca.pem";
/// The server's certificate and its key.
const SERVER: &str = "server.json";
/// The least that a stored certificate has to be valid for.
const REMAINING: TimeDelta = TimeDelta::days(30);

/// The stored certificate, or a new one where no stored one fits. Two processes never write at the same time.
pub(super) fn open(folder: &Path, names: Vec<String>, now: DateTime<Utc>) -> io::Result<Identity> {
    create(folder)?;
    let lock = File::create(folder.join("lock"))?;
    // Released with the file.
    lock.lock()?;
    let stored = fs::read(folder.join(SERVER)).ok();
    let stored = stored.and_then(|json| serde_json::from_slice::<Identity>(&json).ok());
    let latest = (now + REMAINING).timestamp();
    let fits = |stored: &Identity| stored.names == names && stored.expires > latest;
    if let Some(stored) = stored.filter(fits) {
        write(folder, AUTHORITY, stored.authority.as_bytes())?;
        return Ok(stored);
    }
    let new = Identity::generate(names, now)?;
    let json = serde_json::to_vec(&new).map_err(io::Error::other)?;
    write(folder, SERVER, &json)?;
    write(folder, AUTHORITY, new.authority.as_bytes())?;
    Ok(new)
}

/// Writes a file that only its owner can read, as a whole.
fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!("{name}.new"));
    // What is left of an attempt that was cut short may have other permissions.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&unfinished)?.write_all(content)?;
    fs::rename(unfinished, folder.join(name))
}

/// Creates the folder, for its owner alone, where it is not there.
fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
