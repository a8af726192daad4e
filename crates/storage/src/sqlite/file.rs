//! A database file: connecting to it, and checking that it is still the file that was opened.

#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::{
    fs, io,
    path::{self, Path},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection, prelude::*};
use file_id::{FileId, get_file_id};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use restaurant_domain::StoreError;
use tokio::task::JoinError;

use crate::{
    error::{WorkError, is_locked},
    statement_spans::StatementSpans,
};

/// The `application_id` of the program's files: "REST" in ASCII.
const APPLICATION_ID: i32 = 0x5245_5354;

/// The mode of a file that the program makes: its owner alone reads and writes it. SQLite gives the `-wal` and `-shm` files
/// the mode of the file that they belong to. On Windows, a file inherits the access rights of its folder.
#[cfg(unix)]
const MODE: u32 = 0o600;

/// The interval between attempts at what another connection has locked.
const BUSY_RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// The characters with a meaning in SQLite's `file:` URIs.
const URI: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

/// A database file. Only the first connection creates it: a file that is deleted while the program runs must not be
/// replaced by an empty one.
#[derive(Debug, Clone)]
pub(crate) struct File {
    path: Arc<Path>,
    busy: Duration,
    opened: Arc<OnceLock<FileId>>,
}

impl File {
    /// A file, and how long to wait for another's lock on it.
    pub(crate) fn new(path: &Path, busy: Duration) -> Self {
        Self { path: path.into(), busy, opened: Arc::default() }
    }

    /// Connects. The first connection creates a missing file.
    pub(crate) fn connect(&self) -> Result<SqliteConnection, FileError> {
        if self.opened.get().is_some() {
            self.is_in_place()?;
        } else {
            self.create()?;
        }
        let uri = self.uri()?;
        let mut connection =
            SqliteConnection::establish(&uri).map_err(|cause| self.error(cause))?;
        let found = self.identity()?;
        if *self.opened.get_or_init(|| found) != found {
            return Err(self.error(Cause::Replaced));
        }
        if is_of_another_application(&mut connection).map_err(|cause| self.error(cause))? {
            return Err(self.error(Cause::OtherApplication));
        }
        let set = connection.batch_execute(&self.pragmas());
        set.and_then(|()| self.enable_wal(&mut connection)).map_err(|cause| self.error(cause))?;
        connection.set_instrumentation(StatementSpans::of("sqlite"));
        Ok(connection)
    }

    /// Checks that the opened file still has its name. Writes to a file without a name are lost with the last connection.
    pub(crate) fn is_in_place(&self) -> Result<(), FileError> {
        let opened = self.opened.get().copied();
        match self.identity() {
            Ok(found) if opened == Some(found) => Ok(()),
            Ok(_) => Err(self.error(Cause::Replaced)),
            Err(FileError { cause: Cause::Io(error), .. })
                if error.kind() == io::ErrorKind::NotFound =>
            {
                Err(self.error(Cause::Missing))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes the application id, to check that the file is writable: SQLite opens a read-only file without an error.
    pub(crate) fn mark(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let marked = connection.batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}"));
        marked.map_err(|error| match WorkError::from(error).into() {
            StoreError::Failed(cause) => StoreError::failed(self.error(Cause::ReadOnlyFile(cause))),
            passing => passing,
        })
    }

    pub(super) fn error(&self, cause: impl Into<Cause>) -> FileError {
        FileError { path: Arc::clone(&self.path), cause: cause.into() }
    }

    /// The file's identity: device and inode, or what Windows has in their place. No other file has it while a connection,
    /// such as the writer's, has the file open. On Unix the file is not opened: to close it would end the locks that this
    /// process has on it.
    fn identity(&self) -> Result<FileId, FileError> {
        get_file_id(&self.path).map_err(|cause| self.error(cause))
    }

    /// Makes the file if it is missing. A file that is there keeps its mode.
    fn create(&self) -> Result<(), FileError> {
        static CREATING: Mutex<()> = Mutex::new(());
        // To close a file ends the locks that the process has on it: no other store of this process may have opened this
        // one meanwhile.
        let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => return Ok(()),
        }
        // Without `create_new`, which would refuse a link to a file that is missing.
        let mut options = fs::OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        options.mode(MODE);
        options.open(&self.path).map(drop).map_err(|cause| self.error(cause))
    }

    /// The file as SQLite is told to open it: never to make it, which would give it the mode 0644.
    fn uri(&self) -> Result<String, FileError> {
        let path = path::absolute(&self.path).map_err(|cause| self.error(cause))?;
        let path = path.to_str().ok_or_else(|| self.error(Cause::NotUtf8))?;
        Ok(format!("file://{}?mode=rw", utf8_percent_encode(&uri_path(path), URI)))
    }

    /// Turns the write-ahead log on, which the file remembers. Of several connections that do it at once SQLite lets one
    /// through and fails the others without waiting, whatever `busy_timeout` says: they ask again.
    fn enable_wal(&self, connection: &mut SqliteConnection) -> QueryResult<()> {
        let end = Instant::now() + self.busy;
        loop {
            match connection.batch_execute("PRAGMA journal_mode = WAL") {
                Err(error) if is_locked(&error) && Instant::now() < end => {
                    thread::sleep(BUSY_RETRY_INTERVAL);
                }
                result => return result,
            }
        }
    }

    /// `busy_timeout` comes first: the others may have to wait for a lock. A commit in WAL survives the program's end with
    /// `synchronous = NORMAL`, and the machine's only from the next checkpoint on. The cache is in KiB.
    fn pragmas(&self) -> String {
        let busy = self.busy.as_millis();
        format!(
            "PRAGMA busy_timeout = {busy}; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -1024;"
        )
    }
}

/// An absolute path, as SQLite's URIs have it: on Windows `/C:/data/file` for `C:\data\file`, and `//server/share/file` for
/// `\\server\share\file`. Source: <https://www.sqlite.org/uri.html>, section 3.1.
fn uri_path(path: &str) -> String {
    if !cfg!(windows) {
        return path.to_owned();
    }
    let path = path.replace('\\', "/");
    if path.starts_with('/') { path } else { format!("/{path}") }
}

/// Whether a file is another program's: it has another mark, or none and tables that are not ours. Changes nothing.
fn is_of_another_application(connection: &mut SqliteConnection) -> QueryResult<bool> {
    connection.batch_execute("PRAGMA busy_timeout = 3000")?;
    let query = format!(
        "SELECT application_id NOT IN (0, {APPLICATION_ID}) OR (application_id = 0 \
            AND EXISTS (SELECT * FROM sqlite_schema) \
            AND NOT EXISTS (SELECT * FROM sqlite_schema WHERE name = '__diesel_schema_migrations')) \
         FROM pragma_application_id"
    );
    diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("({query})")))
        .get_result(connection)
}

/// A database file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the database file {} cannot be used: {cause}", path.display())]
pub(crate) struct FileError {
    path: Arc<Path>,
    cause: Cause,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Pragma(#[from] diesel::result::Error),
    #[error(transparent)]
    Thread(#[from] JoinError),
    #[error(transparent)]
    ReadOnlyFile(Box<dyn std::error::Error + Send + Sync>),
    #[error("its path is not UTF-8")]
    NotUtf8,
    #[error("it belongs to another program: name a file of this program's own, or a new one")]
    OtherApplication,
    #[error("it was deleted or moved while it was open: put it back, or restart the server")]
    Missing,
    #[error(
        "another file is in its place: put the first one back, or restart the server to use the other"
    )]
    Replaced,
}
