//! What readers see, named by the version of the data that SQLite tells a connection.
//!
//! The version differs when another connection has written since, of this process or of another one. Source:
//! <https://www.sqlite.org/pragma.html#pragma_data_version>. Invariant: the connection never writes, since its own writes do not count;
//! and the name holds the number of the connection, since another one counts on its own.

use std::{sync::Arc, time::Duration};

use diesel::{SqliteConnection, prelude::*, sql_query, sql_types::BigInt};
use restaurant_domain::{Snapshot, StoreError};
use tokio::{sync::Mutex, task::spawn_blocking, time::timeout};
use tracing::Span;

use super::file::File;
use crate::error::{Timeout, WorkError};

/// The questions of one store, one at a time.
pub(super) struct Snapshots {
    file: File,
    reader: Arc<Mutex<Reader>>,
    limit: Duration,
}

/// The connection that is asked.
#[derive(Default)]
struct Reader {
    connection: Option<SqliteConnection>,
    /// How many connections were opened.
    opened: u64,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

impl Snapshots {
    /// Questions about a file, and how long each may take.
    pub(super) fn new(file: File, limit: Duration) -> Self {
        Self { file, reader: Arc::default(), limit }
    }

    /// The name of a snapshot that is taken after this call.
    pub(super) async fn current(&self) -> Result<Snapshot, StoreError> {
        let ask = async {
            let mut reader = Arc::clone(&self.reader).lock_owned().await;
            let (file, span) = (self.file.clone(), Span::current());
            let name = spawn_blocking(move || span.in_scope(|| reader.name(&file)));
            name.await.map_err(StoreError::failed)?
        };
        let late = |_| StoreError::unavailable(Timeout("waiting to ask for the snapshot"));
        timeout(self.limit, ask).await.map_err(late)?
    }
}

impl Reader {
    fn name(&mut self, file: &File) -> Result<Snapshot, StoreError> {
        file.is_in_place().map_err(StoreError::unavailable)?;
        // Put back only when it has answered.
        let mut connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            self.opened += 1;
            file.connect().map_err(StoreError::unavailable)?
        };
        let Version { data_version } = sql_query("PRAGMA data_version")
            .get_result(&mut connection)
            .map_err(|error| StoreError::from(WorkError::from(error)))?;
        self.connection = Some(connection);
        Ok(Snapshot::new(format!("{} {data_version}", self.opened)))
    }
}
