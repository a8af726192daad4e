//! A PostgreSQL cluster in a temporary folder.

use std::{
    fs::{self, File, Permissions},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::time::{Instant, sleep};

use super::database::{TestDatabase, execute};
use crate::{
    process::{self, CleanupProcess},
    workspace,
};

/// How long a cluster may take to start or to stop.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A PostgreSQL cluster on a free port of 127.0.0.1, which ends with this value or this process.
#[derive(Debug)]
pub struct Cluster {
    postmaster: Option<Child>,
    cleanup: CleanupProcess,
    folder: PathBuf,
    owner: Option<u32>,
    binaries: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
}

impl Cluster {
    /// The superuser of every cluster.
    pub const USER: &str = "tester";
    /// The superuser's password, asked for (by SCRAM) on every connection.
    pub const PASSWORD: &str = "password-of-a-test";

    /// Starts a cluster with `settings` (as in `postgresql.conf`), otherwise as a real one.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start; the error has its log.
    pub async fn start(settings: &[(&str, &str)]) -> Result<Self> {
        settings
            .iter()
            .fold(Self::builder(), |all, (name, value)| all.setting(name, value))
            .start()
            .await
    }

    /// Starts a cluster that is fast, has room for many connections, and may lose data in a crash.
    ///
    /// # Errors
    /// Those of [`Cluster::start`].
    pub async fn fast() -> Result<Self> {
        Self::start(&[
            ("fsync", "off"),
            ("synchronous_commit", "off"),
            ("full_page_writes", "off"),
            ("max_connections", "300"),
        ])
        .await
    }

    /// A cluster with settings and files.
    #[must_use]
    pub fn builder() -> ClusterBuilder {
        ClusterBuilder::default()
    }

    /// The URL of a database (`postgres` is always there), for the superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (user, password, port) = (Self::USER, Self::PASSWORD, self.port);
        format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}")
    }

    /// The port on 127.0.0.1, the same after every start.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The data folder.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The file that it logs to.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The id of the main process, if it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.postmaster.as_ref().map(Child::id)
    }

    /// An empty database, dropped with the returned value.
    ///
    /// # Errors
    /// The cluster is away.
    pub async fn create_database(&self) -> Result<TestDatabase> {
        TestDatabase::create(&self.url("postgres")).await
    }

    /// Stops the cluster in an orderly way: connections are cut, data is written.
    ///
    /// # Errors
    /// It does not stop within a minute, or was not running.
    pub async fn stop(&mut self) -> Result<()> {
        let mut postmaster = self.postmaster.take().context("the cluster does not run")?;
        process::signal("INT", postmaster.id())?;
        until("PostgreSQL ends", || Ok(postmaster.try_wait()?.is_some())).await?;
        Ok(self.cleanup.forget()?)
    }

    /// Kills all its processes at once, as a crash of the machine would.
    ///
    /// # Errors
    /// It was not running.
    pub async fn kill(&mut self) -> Result<()> {
        let mut postmaster = self.postmaster.take().context("the cluster does not run")?;
        let children = process::children(postmaster.id());
        postmaster.kill()?;
        for child in &children {
            // One that ended with its parent is as dead as it should be.
            let _ = process::signal("KILL", child);
        }
        until("PostgreSQL is dead", || Ok(postmaster.try_wait()?.is_some())).await?;
        self.cleanup.forget()?;
        until("PostgreSQL's processes end", || Ok(!children.iter().any(|pid| process::runs(*pid))))
            .await
    }

    /// Starts the cluster again, on the same port and with the same data.
    ///
    /// # Errors
    /// It runs already, or does not start; the error has its log.
    pub async fn start_again(&mut self) -> Result<()> {
        ensure!(self.postmaster.is_none(), "the cluster runs already");
        let log = File::create(self.log())?;
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(self.data_dir()).args(["-p", &self.port.to_string()]);
        let fixed = [("listen_addresses", "127.0.0.1"), ("unix_socket_directories", "")];
        let settings = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in settings.chain(fixed) {
            postgres.args(["-c", &format!("{name}={value}")]);
        }
        postgres.stdout(log.try_clone()?).stderr(log).process_group(0);
        let postmaster = self.postmaster.insert(postgres.spawn()?);
        // SIGQUIT: an immediate end, in which the postmaster takes its children along.
        self.cleanup.kill_on_exit("QUIT", postmaster.id().into())?;
        self.until_it_answers().await
    }

    async fn until_it_answers(&mut self) -> Result<()> {
        let url = self.url("postgres");
        let end = Instant::now() + TIMEOUT;
        loop {
            let Err(error) = execute(&url, "SELECT 1").await else { return Ok(()) };
            let ended = match &mut self.postmaster {
                Some(postmaster) => postmaster.try_wait()?.is_some(),
                None => true,
            };
            if ended || Instant::now() > end {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                let fate = if ended { "ended" } else { "does not answer" };
                if ended {
                    self.postmaster = None;
                    self.cleanup.forget()?;
                }
                bail!("PostgreSQL {fate}: {error:#}\n{log}");
            }
            sleep(Duration::from_millis(20)).await; // tidy: polls a process that cannot tell us
        }
    }

    /// Copies another cluster, to follow what it writes.
    fn copy(&self, primary: &Self) -> Result<()> {
        let mut copy = self.command("pg_basebackup");
        copy.arg("-D").arg(self.data_dir()).args(["--write-recovery-conf", "--checkpoint=fast"]);
        copy.args(["--no-sync", "-h", "127.0.0.1", "-U", Self::USER, "-p"]);
        let output = copy.arg(primary.port.to_string()).env("PGPASSWORD", Self::PASSWORD).output();
        let output = output.context("pg_basebackup does not start")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pg_basebackup failed: {said}");
        Ok(())
    }

    fn create(&self) -> Result<()> {
        let password = self.folder.join("password");
        fs::write(&password, Self::PASSWORD)?;
        self.give_away(&password, 0o600)?;
        let mut initdb = self.command("initdb");
        initdb
            .arg("-D")
            .arg(self.data_dir())
            .args(["--username", Self::USER, "--auth=scram-sha-256", "--no-sync"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"])
            .arg("--pwfile")
            .arg(&password);
        let output = initdb.output().context("initdb does not start")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "initdb failed: {said}");
        Ok(())
    }

    fn write(&self, name: &str, content: &[u8], mode: u32) -> Result<()> {
        let path = self.data_dir().join(name);
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        self.give_away(&path, mode)
    }

    fn give_away(&self, path: &Path, mode: u32) -> Result<()> {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        Ok(chown(path, self.owner, None)?)
    }

    fn command(&self, program: &str) -> Command {
        let beside = self.binaries.join(program);
        let mut command = Command::new(if beside.exists() { beside } else { program.into() });
        command.current_dir(&self.folder).stdin(Stdio::null());
        if let Some(owner) = self.owner {
            command.uid(owner);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.cleanup.begin();
        if let Some(postmaster) = &mut self.postmaster {
            // The cleanup sees it gone only when we have taken notice.
            let _ = postmaster.wait();
        }
    }
}

/// What a cluster shall be like.
#[derive(Debug, Default)]
pub struct ClusterBuilder {
    settings: Vec<(String, String)>,
    files: Vec<(String, Vec<u8>, u32)>,
}

impl ClusterBuilder {
    /// Adds a setting, as in `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Puts a file into the data folder before the start, owned by the server and readable by
    /// nobody else: `server.crt` and `server.key` for the setting `ssl=on`, or `pg_hba.conf`.
    #[must_use]
    pub fn file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.to_owned(), content.into(), 0o600));
        self
    }

    /// Creates the cluster and starts it.
    ///
    /// # Errors
    /// Those of [`Cluster::start`].
    pub async fn start(self) -> Result<Cluster> {
        self.start_after(Cluster::create).await
    }

    /// Copies a cluster and starts the copy as its standby, by streaming replication.
    ///
    /// # Errors
    /// Those of [`Cluster::start`], or when the primary does not let itself be copied.
    pub async fn start_standby_of(self, primary: &Cluster) -> Result<Cluster> {
        self.start_after(|cluster| cluster.copy(primary)).await
    }

    async fn start_after(self, make: impl FnOnce(&Cluster) -> Result<()>) -> Result<Cluster> {
        let binaries = binaries().context("PostgreSQL is not installed: no initdb was found")?;
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir()?.keep();
        let cleanup = CleanupProcess::start(&folder)?;
        let owner = owner(&folder)?;
        let settings = self.settings;
        let mut cluster = Cluster {
            postmaster: None,
            cleanup,
            folder,
            owner,
            binaries,
            port: free_port()?,
            settings,
        };
        cluster.give_away(&cluster.folder, 0o700)?;
        make(&cluster)?;
        for (name, content, mode) in &self.files {
            cluster.write(name, content, *mode)?;
        }
        for _ in 0..3 {
            match cluster.start_again().await {
                // Between our finding the port free and PostgreSQL's binding it, anybody may take it.
                Err(error) if error.to_string().contains("could not bind") => {
                    cluster.port = free_port()?;
                }
                other => return other.map(|()| cluster),
            }
        }
        bail!("no port of 127.0.0.1 stays free long enough");
    }
}

/// The folder with `initdb` and `postgres`: of `PATH`, or else of the newest version that a
/// Debian package installed.
#[must_use]
pub fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    versions.sort();
    let folders: Vec<_> = versions.into_iter().rev().map(|(_, path)| path.join("bin")).collect();
    workspace::find_program(&["initdb"], &folders)?.parent().map(Path::to_owned)
}

/// The user to run as: the server refuses root, so root starts it as `postgres`.
pub(super) fn owner(ours: &Path) -> Result<Option<u32>> {
    if fs::metadata(ours)?.uid() != 0 {
        return Ok(None);
    }
    let id = Command::new("id").args(["-u", "postgres"]).output()?;
    let id = String::from_utf8_lossy(&id.stdout).trim().parse();
    Ok(Some(id.context("PostgreSQL does not run as root, and there is no user `postgres`")?))
}

pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

async fn until(what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + TIMEOUT;
    while !done()? {
        ensure!(Instant::now() < end, "waited {TIMEOUT:?} in vain until {what}");
        sleep(Duration::from_millis(10)).await; // tidy: polls a process that cannot tell us
    }
    Ok(())
}
