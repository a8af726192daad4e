//! `cargo xtask test`: everything that must be right, in the order in which it fails fastest.

mod other_systems;
mod packages;
mod setup;

use std::{
    env,
    process::{Command, ExitCode},
    thread::{self, available_parallelism},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use restaurant_tests::{postgres::Cluster, server, workspace};
use xshell::{Shell, cmd};

/// Sets up what the tests need, and runs everything: format, lints, documentation, dependencies,
/// and all tests.
#[derive(Args)]
pub(crate) struct Arguments {
    /// For `cargo test`, after `--`: `-p restaurant-web details`. With any of them, the checks
    /// before the tests are left out.
    #[arg(last = true)]
    cargo_test: Vec<String>,
}

/// Runs the command; the output ends with the test runner's own summary.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let shell = Shell::new()?;
    shell.change_dir(workspace::root());
    let mut phases = Phases::default();
    phases.run("set-up", || setup::run(&shell))?;
    // Packages are downloaded while the code is checked.
    let packages = thread::spawn(setup::packages);
    if arguments.cargo_test.is_empty() {
        check(&shell, &mut phases)?;
    }
    phases.run("packages of the tests", || {
        packages.join().map_err(|_| anyhow!("the packages cannot be installed"))?
    })?;
    tokio::runtime::Runtime::new()?.block_on(test(&arguments.cargo_test, phases))
}

/// How long each part took that has ended.
#[derive(Default)]
struct Phases(Vec<(&'static str, Duration)>);

impl Phases {
    fn run<T>(&mut self, name: &'static str, part: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let result = part();
        self.0.push((name, start.elapsed()));
        result
    }

    /// Says it, before the runner says the same of the tests.
    fn say(&self) {
        let all: Duration = self.0.iter().map(|(_, took)| *took).sum();
        let parts = self.0.iter().map(|(name, took)| format!("{name} {} s", took.as_secs()));
        let parts = parts.collect::<Vec<_>>().join(", ");
        eprintln!("before the tests: {} s ({parts})", all.as_secs());
    }
}

fn check(shell: &Shell, phases: &mut Phases) -> Result<()> {
    cmd!(shell, "cargo fmt --all --check").run().context("the format is not rustfmt's")?;
    phases.run("clippy", || clippy(shell))?;
    phases.run("documentation", || {
        cmd!(shell, "cargo doc --workspace --no-deps --locked")
            .env("RUSTDOCFLAGS", "-D warnings")
            .run()
            .context("the documentation has a fault")
    })?;
    phases.run("packing", || packages::check(shell))?;
    phases.run("other systems", || other_systems::check(shell))?;
    phases.run("dependencies", || dependencies(shell))
}

fn clippy(shell: &Shell) -> Result<()> {
    cmd!(shell, "cargo clippy --workspace --all-targets --locked -- -D warnings")
        .run()
        .context("clippy has something to say")?;
    for features in EASYAUTH_FEATURES {
        cmd!(shell, "cargo clippy -p easyauth --lib --no-default-features --features {features} --locked -- -D warnings")
            .run()
            .with_context(|| format!("clippy has something to say about easyauth with `{features}`"))?;
    }
    Ok(())
}

/// Combinations of the features of `easyauth` that a service may use, besides the default and `testing`, which the
/// workspace checks.
const EASYAUTH_FEATURES: [&str; 5] = ["", "app-service", "entra", "app-service,axum", "axum,entra"];

/// Checks the dependencies and the workflows, each where its tool is installed.
fn dependencies(shell: &Shell) -> Result<()> {
    if is_installed(shell, "cargo-machete") {
        cmd!(shell, "cargo machete").run().context("a dependency is not used")?;
    }
    if is_installed(shell, "zizmor") {
        let check = cmd!(shell, "zizmor --quiet --offline --persona auditor .github");
        check.run().context("a workflow has a weakness")?;
    }
    if is_installed(shell, "cargo-deny") {
        deny(shell)?;
    }
    Ok(())
}

/// Whether a program can be started. If not, one line says so.
fn is_installed(shell: &Shell, program: &str) -> bool {
    let version = cmd!(shell, "{program} --version").quiet().ignore_stdout().ignore_stderr();
    let installed = version.run().is_ok();
    if !installed {
        eprintln!("{program} is not installed: the workflow on GitHub runs it");
    }
    installed
}

/// Checks the dependencies against the rules, and the advisories where they can be had.
fn deny(shell: &Shell) -> Result<()> {
    let broken = "a dependency breaks a rule of .deny.toml";
    cmd!(shell, "cargo deny --locked check bans licenses sources").run().context(broken)?;
    if cmd!(shell, "cargo deny --locked fetch db").run().is_err() {
        eprintln!("the advisories cannot be reached: the workflow on GitHub checks them");
        return Ok(());
    }
    cmd!(shell, "cargo deny --locked check advisories").run().context(broken)
}

async fn test(arguments: &[String], mut phases: Phases) -> Result<ExitCode> {
    eprintln!("building the server");
    let start = Instant::now();
    let server = server::build().await?;
    phases.0.push(("server", start.elapsed()));
    eprintln!("starting PostgreSQL");
    let cluster = Cluster::fast().await?;
    // Built by the runner where all tests run; to build it alone compiles most dependencies with other features.
    let program = format!("mcp-entra{}", env::consts::EXE_SUFFIX);
    let mcp_entra = arguments.is_empty().then(|| ("MCP_ENTRA_BIN", server.with_file_name(program)));
    let cargo = |arguments: &[&str]| -> Result<bool> {
        // Not by the shell: its error line would follow the runner's summary.
        let status = Command::new("cargo")
            .args(arguments)
            .current_dir(workspace::root())
            .env("RESTAURANT_SERVER_BIN", &server)
            .envs(mcp_entra.clone())
            .env("TEST_POSTGRES_URL", cluster.url("postgres"))
            // A snapshot that is missing or differs fails, and is not written.
            .env("INSTA_UPDATE", "no")
            .status();
        Ok(status.context("cargo does not start")?.success())
    };
    let passed = if !arguments.is_empty() {
        let names_packages = ["-p", "--package", "--workspace"];
        let all = !names_packages.iter().any(|flag| arguments.iter().any(|it| it == flag));
        let arguments = arguments.iter().map(String::as_str);
        let arguments = all.then_some("--workspace").into_iter().chain(arguments);
        cargo(&[CARGO_TEST, &arguments.collect::<Vec<_>>()].concat())?
    } else if has_nextest() {
        let documentation = phases.run("tests of documentation", || {
            cargo(&[CARGO_TEST, &["--workspace", "--doc"]].concat())
        })?;
        phases.run("build of the tests", || {
            cargo(&["nextest", "run", "--workspace", "--locked", "--no-run"])
        })?;
        phases.say();
        // Most tests wait for processes, connections or times.
        let threads = (2 * available_parallelism()?.get()).to_string();
        let all = ["nextest", "run", "--workspace", "--locked", "--test-threads", &threads];
        cargo(&all)? && documentation
    } else {
        eprintln!("cargo-nextest is not installed: cargo test runs the tests, which takes longer");
        cargo(&[CARGO_TEST, &["--workspace"]].concat())?
    };
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const CARGO_TEST: &[&str] = &["test", "--locked", "--no-fail-fast"];

fn has_nextest() -> bool {
    let version = Command::new("cargo").args(["nextest", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}
