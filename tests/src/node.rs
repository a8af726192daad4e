//! Node programs: scripts of `tests/node`, and those of the packages in its `package-lock.json`.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    installation::{self, check},
    workspace,
};

/// The oldest Node that the packages take.
const OLDEST: u32 = 22;

/// Node and the packages.
#[derive(Debug)]
pub struct Environment {
    node: PathBuf,
    folder: PathBuf,
}

/// Runs a program and gives what it prints: a script of `tests/node` by its file name, or a package's program by its name.
///
/// Blocks the thread until the program has ended: call it from `spawn_blocking` where something
/// else must go on meanwhile.
///
/// # Errors
/// Node or a package is not there, or the program fails; the error has what it said.
pub fn run<A: AsRef<OsStr>>(program: &str, args: &[A]) -> Result<String> {
    let output = command(program)?.args(args).output()?;
    check(&output).with_context(|| format!("{program} failed"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command that runs a program, as [`run`] does.
///
/// # Errors
/// Node or a package is not there.
pub fn command(program: &str) -> Result<Command> {
    let environment = environment()?;
    let mut command = Command::new(&environment.node);
    command.arg(environment.script(program)?).current_dir(&environment.folder);
    Ok(command)
}

/// Node with the packages; installed on the first call of all processes. Node is the system's, unless that is too old.
///
/// # Errors
/// npm is not there, or the packages cannot be installed.
pub fn environment() -> Result<Environment> {
    let lockfile = fs::read_to_string(sources().join("package-lock.json"))?;
    let system = system_node();
    let wanted = format!("{lockfile}\nNode of its own: {}\n", system.is_none());
    let folder = installation::once("node", &wanted, |folder| install(folder, system.is_none()))?;
    let node = system.unwrap_or_else(|| folder.join("node_modules/.bin/node"));
    Ok(Environment { node, folder })
}

/// The system's npm.
#[must_use]
pub fn npm() -> Option<PathBuf> {
    workspace::find_program(&["npm"], &[])
}

impl Environment {
    /// A file of a package.
    #[must_use]
    pub fn package_file(&self, path: &str) -> PathBuf {
        self.folder.join("node_modules").join(path)
    }

    /// Where Node finds a program, and beside it the packages.
    fn script(&self, program: &str) -> Result<PathBuf> {
        let source = sources().join(program);
        if !source.is_file() {
            return Ok(self.folder.join("node_modules/.bin").join(program));
        }
        // A script imports from the `node_modules` beside it, so it goes there; whole at once, since other processes run it too.
        let script = self.folder.join(program);
        let unfinished = self.folder.join(format!("{}-{program}", process::id()));
        fs::copy(source, &unfinished)?;
        fs::rename(unfinished, &script)?;
        Ok(script)
    }
}

fn install(folder: &Path, with_node: bool) -> Result<()> {
    fs::create_dir_all(folder)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(sources().join(file), folder.join(file))?;
    }
    let npm = npm().context("npm is not installed")?;
    let mut command = Command::new(npm);
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
    command.args((!with_node).then_some("--omit=optional"));
    check(&command.output()?).context("npm ci failed")?;
    let node = folder.join("node_modules/.bin/node");
    ensure!(
        !with_node || node.is_file(),
        "npm has no Node for this machine: install Node {OLDEST}"
    );
    Ok(())
}

/// The system's Node, unless it is too old.
fn system_node() -> Option<PathBuf> {
    let node = workspace::find_program(&["node"], &[])?;
    let output = Command::new(&node).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    let major = version.strip_prefix('v')?.split('.').next()?.parse::<u32>().ok()?;
    (major >= OLDEST).then_some(node)
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node")
}
