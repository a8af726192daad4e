//! The container image: built, examined and started with buildah, which needs no daemon.

mod base;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::{installation::check, workspace};

/// The program in the image.
const PROGRAM: &str = "/usr/local/bin/restaurant-server";
/// The names of shells.
const SHELLS: [&str; 6] = ["ash", "bash", "busybox", "dash", "sh", "zsh"];
/// How long the server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What an image turned out to be. Everything else that is expected of it is an error where it is not so.
#[derive(Debug)]
pub struct Examined {
    /// The size of all files, in bytes.
    pub size: u64,
    /// The number of the user that runs the server.
    pub user: u32,
}

/// Images and containers in a folder of their own, which is removed with this value.
#[derive(Debug)]
pub struct Buildah {
    program: PathBuf,
    store: TempDir,
}

impl Buildah {
    /// Finds buildah. It isolates containers by `chroot`, for which it needs to run as root.
    ///
    /// # Errors
    /// It is not installed, this is not root, or there is no folder for the images.
    pub fn find() -> Result<Self> {
        let program = workspace::find_program(&["buildah"], &[]);
        let program =
            program.context("buildah is not installed (Debian: apt-get install buildah)")?;
        ensure!(workspace::is_root()?, "buildah needs to run as root here");
        fs::create_dir_all(workspace::target())?;
        let store = tempfile::Builder::new().prefix("images-").tempdir_in(workspace::target())?;
        Ok(Self { program, store })
    }

    /// Builds the Dockerfile as it is. Base images come from their registries; where these cannot be reached, they are made
    /// here, of Debian's packages and the installed toolchain.
    ///
    /// # Errors
    /// No base image can be had, or the build fails.
    pub fn build(&self) -> Result<String> {
        let mut build = self.command();
        build.args(["build", "--isolation", "chroot", "--format", "docker", "--tag", "built"]);
        if !self.pull(base::RUNTIME) || !self.pull(base::BUILD) {
            eprintln!("the base images cannot be pulled: they are made here");
            base::runtime(self)?;
            for volume in base::build(self)? {
                build.args(["--volume", &volume]);
            }
            build.arg("--pull-never");
        }
        let exit = build.arg(".").current_dir(workspace::root()).status()?;
        ensure!(exit.success(), "the Dockerfile does not build");
        Ok("built".to_owned())
    }

    /// Makes the image in which the server runs, of this system's packages.
    ///
    /// # Errors
    /// The packages cannot be had, or are of another version.
    pub fn make_base(&self) -> Result<()> {
        base::runtime(self)
    }

    /// Builds the last stage of the Dockerfile alone, around a server that is built already. Needs [`Self::make_base`].
    ///
    /// # Errors
    /// The build fails.
    pub fn assemble(&self, server: &Path) -> Result<String> {
        let dockerfile = fs::read_to_string(workspace::root().join("Dockerfile"))?;
        let (_, stage) =
            dockerfile.rsplit_once("\nFROM ").context("the Dockerfile has one stage")?;
        let stage =
            stage.replace("COPY --from=build /restaurant-server ", "COPY restaurant-server ");
        let context = self.store.path().join("context");
        fs::create_dir(&context)?;
        fs::write(context.join("Dockerfile"), format!("FROM {stage}"))?;
        fs::copy(server, context.join("restaurant-server"))?;
        let build = [
            "build",
            "--isolation",
            "chroot",
            "--format",
            "docker",
            "--pull-never",
            "--tag",
            "built",
        ];
        run(self.command().args(build).arg(&context))?;
        Ok("built".to_owned())
    }

    /// Examines an image and starts it: the user, the entry point, the health check, the absence of a shell, an answer of
    /// `/healthz`, the health check's own answer, and the end on SIGTERM.
    ///
    /// # Errors
    /// One of them is not as it must be.
    pub fn examine(&self, image: &str) -> Result<Examined> {
        let inspected = run(self.command().args(["inspect", "--type", "image", image]))?;
        let inspected: Value = serde_json::from_str(&inspected)?;
        let config = &inspected["Docker"]["config"];
        let health_check = config["Healthcheck"]["Test"].as_array().map_or(&[][..], Vec::as_slice);
        ensure!(config["Entrypoint"] == serde_json::json!([PROGRAM]), "the entry point: {config}");
        ensure!(health_check.get(1..) == Some(&[PROGRAM.into(), "healthcheck".into()]), "{config}");
        let container = run(self.command().args(["from", "--pull-never", image]))?;
        let root = run(self.command().args(["mount", &container]))?;
        let size = files(Path::new(&root))?;
        let mut server = self.start(&container, "127.0.0.1:0", &[])?;
        let user = self.answers(&container, &mut server);
        if user.is_err() {
            if let Ok((process, _)) = process(server.id()) {
                let _ = end(process);
            }
            let _ = server.kill();
        }
        Ok(Examined { size, user: user? })
    }

    /// Asks a server that starts, and ends it. Returns its user.
    fn answers(&self, container: &str, server: &mut Child) -> Result<u32> {
        let address = address(server)?;
        let mut stream = TcpStream::connect(&address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "/healthz: {answer}");
        let health = self.start(container, &address, &["healthcheck"])?.wait_with_output()?;
        check(&health).context("the health check fails")?;
        let (process, user) = process(server.id())?;
        end(process)?;
        let ended = server.wait()?;
        ensure!(ended.success(), "the server ends with {ended} on SIGTERM");
        Ok(user)
    }

    /// Starts the program of a container, as its user.
    fn start(&self, container: &str, bind: &str, arguments: &[&str]) -> Result<Child> {
        let mut start = self.command();
        start.args(["run", "--isolation", "chroot", "--env", &format!("BIND={bind}")]);
        start.args([container, "--", PROGRAM]).args(arguments);
        let started =
            start.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        started.context("buildah does not start")
    }

    fn pull(&self, image: &str) -> bool {
        run(self.command().args(["pull", "--quiet", image])).is_ok()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(self.store.path().join("root"));
        command.arg("--runroot").arg(self.store.path().join("run"));
        // The driver that needs nothing of the file system.
        command.args(["--storage-driver", "vfs"]);
        command
    }
}

/// Runs a command. Returns what it prints.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output().context("buildah does not start")?;
    check(&output)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The sum of all files' sizes, in bytes. An error when a file is a shell.
fn files(folder: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if kind.is_dir() {
            size += files(&entry.path())?;
        } else if SHELLS.iter().any(|shell| name == *shell) {
            bail!("the image has a shell: {}", entry.path().display());
        } else {
            size += entry.metadata()?.len();
        }
    }
    Ok(size)
}

/// The address that a server prints.
fn address(server: &mut Child) -> Result<String> {
    let stdout = server.stdout.take().context("it has no standard output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let Some((_, address)) = line.trim_end().trim_end_matches('/').split_once("http://") else {
        let mut said = String::new();
        server.stderr.take().context("it has no standard error")?.read_to_string(&mut said)?;
        bail!("the server does not start: {line}{said}");
    };
    Ok(address.to_owned())
}

/// The process of the program in a container that `buildah` runs, and its user.
fn process(buildah: u32) -> Result<(u32, u32)> {
    for entry in fs::read_dir("/proc")? {
        let folder = entry?.path();
        // A process may end meanwhile.
        let command = fs::read(folder.join("cmdline")).unwrap_or_default();
        let process = folder.file_name().and_then(|name| name.to_str()?.parse().ok());
        if let Some(process) = process.filter(|_| command == format!("{PROGRAM}\0").as_bytes())
            && descends(process, buildah)?
        {
            return Ok((process, status(process, "Uid:")?));
        }
    }
    bail!("no process runs {PROGRAM}")
}

/// Sends SIGTERM.
fn end(process: u32) -> Result<()> {
    check(&Command::new("kill").arg(process.to_string()).output()?)
}

/// Whether a process was started by another one, or by one of that one's.
fn descends(process: u32, from: u32) -> Result<bool> {
    let parent = status(process, "PPid:")?;
    Ok(parent == from || parent > 1 && descends(parent, from)?)
}

/// The first number of a line in a process's status.
fn status(process: u32, line: &str) -> Result<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = status.lines().find_map(|it| it.strip_prefix(line)?.split_whitespace().next());
    value
        .with_context(|| format!("no {line}"))?
        .parse()
        .with_context(|| format!("{line} is no number"))
}
