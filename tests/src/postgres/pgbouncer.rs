//! `PgBouncer` in front of a cluster, in transaction pooling mode.

use std::{
    fs::{self, File, Permissions},
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};
use tokio_postgres::Config;

use super::{
    cluster::{Cluster, free_port, owner},
    database::TestDatabase,
};
use crate::{process::CleanupProcess, workspace};

/// How long it may take to start.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running pooler on a free port of 127.0.0.1, which ends with this value or this process.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    cleanup: CleanupProcess,
    process: Child,
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.cleanup.begin();
        // The cleanup waits until the process is gone, which it is once this one knows its end.
        let _ = self.process.wait();
    }
}

/// The program, where it is installed.
#[must_use]
pub fn pgbouncer() -> Option<PathBuf> {
    workspace::find_program(&["pgbouncer"], &["/usr/sbin".into()])
}

impl PgBouncer {
    /// Starts one before the cluster of a database: `pool_mode = transaction`, with three connections, so that clients meet
    /// each other's.
    ///
    /// # Errors
    /// It is not installed, or does not start; the error has its log.
    pub async fn before(database: &TestDatabase) -> Result<Self> {
        Self::with(database, "auth_type = scram-sha-256\n").await
    }

    /// The same, but it trusts this machine, and speaks TLS to the cluster.
    ///
    /// # Errors
    /// As [`Self::before`].
    pub async fn trusting(database: &TestDatabase) -> Result<Self> {
        Self::with(database, "auth_type = trust\nserver_tls_sslmode = require\n").await
    }

    async fn with(database: &TestDatabase, settings: &str) -> Result<Self> {
        let config: Config = database.url().parse()?;
        let cluster = *config.get_ports().first().context("the database's URL has no port")?;
        for _ in 0..3 {
            let port = free_port()?;
            match Self::start(cluster, port, settings).await {
                // Another process may bind the port before PgBouncer does.
                Err(error) if error.to_string().contains("in use") => {}
                other => return other,
            }
        }
        bail!("no port of 127.0.0.1 stays free long enough");
    }

    async fn start(cluster: u16, port: u16, further: &str) -> Result<Self> {
        let program = pgbouncer().context("PgBouncer is not installed")?;
        let folder = tempfile::Builder::new().prefix("pgbouncer-").tempdir()?.keep();
        let mut cleanup = CleanupProcess::start(&folder)?;
        let owner = owner(&folder)?;
        let users = folder.join("users");
        let settings = folder.join("pgbouncer.ini");
        let (user, password) = (Cluster::USER, Cluster::PASSWORD);
        fs::write(&users, format!("\"{user}\" \"{password}\"\n"))?;
        fs::write(&settings, ini(cluster, port, &users.display().to_string()) + further)?;
        for (path, mode) in [(&folder, 0o700), (&users, 0o600), (&settings, 0o600)] {
            fs::set_permissions(path, Permissions::from_mode(mode))?;
            chown(path, owner, None)?;
        }
        let path = folder.join("log");
        let log = File::create(&path)?;
        let mut command = Command::new(program);
        command.arg(&settings).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        command.current_dir("/").process_group(0);
        if let Some(owner) = owner {
            command.uid(owner);
        }
        let mut process = command.spawn().context("PgBouncer does not start")?;
        cleanup.kill_on_exit("QUIT", process.id().into())?;
        let end = Instant::now() + TIMEOUT;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if process.try_wait()?.is_some() || Instant::now() > end {
                bail!(
                    "PgBouncer does not start: {}",
                    fs::read_to_string(&path).unwrap_or_default()
                );
            }
            sleep(Duration::from_millis(20)).await; // tidy: polls a process that cannot tell us
        }
        Ok(Self { port, cleanup, process })
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database of the cluster, through the pooler.
    #[must_use]
    pub fn url(&self, database: &TestDatabase) -> String {
        let (user, password, port) = (Cluster::USER, Cluster::PASSWORD, self.port);
        format!("postgres://{user}:{password}@127.0.0.1:{port}/{}", database.name())
    }
}

fn ini(cluster: u16, port: u16, users: &str) -> String {
    format!(
        "[databases]\n\
         * = host=127.0.0.1 port={cluster}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_file = {users}\n\
         pool_mode = transaction\n\
         default_pool_size = 3\n\
         max_client_conn = 1000\n"
    )
}
