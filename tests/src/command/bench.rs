//! `cargo xtask bench`: how fast the release build is, as ratios of one run.
//!
//! Absolute figures depend on the machine. What is compared stands in one run, on one machine: each kind of request against a bare answer, the product against the floor and against other servers, a large table against a small one.

mod compare;
mod floor;
mod instructions;
mod soak;
mod work;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use restaurant_tests::{
    postgres::Cluster,
    server::{Server, ServerBuilder},
    workspace,
};
use tokio::net::TcpStream;

use self::{
    compare::{Comparison, Target},
    work::{WORK, ask, request},
};

/// Measures the release build on both databases, as ratios of one run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each kind of request is measured at a time, in seconds. The median of three counts.
    #[arg(long, default_value = "3", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How many connections ask at a time.
    #[arg(long, default_value = "32", value_parser = clap::value_parser!(u32).range(1..=256))]
    connections: u32,
    /// How many restaurants the databases have: each number makes a table.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "100,10000", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    restaurants: Vec<u32>,
    /// How many reviews each restaurant has.
    #[arg(long, default_value = "20", value_parser = clap::value_parser!(u32).range(0..=1000))]
    reviews: u32,
    /// Measures another server beside this one, with the same paths. May be given more than once.
    #[arg(long, value_name = "NAME=URL", value_parser = Target::parse)]
    against: Vec<Target>,
    /// Measures on this PostgreSQL database alone, which must have restaurants (`seed`) and keeps the reviews that are created. Give it to the other servers too.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// In place of the measurements: makes so many stateless MCP calls, and fails when the server's memory grows.
    #[arg(long, value_name = "CALLS", num_args = 0..=1, default_missing_value = "100000", value_parser = clap::value_parser!(u32).range(10_000..=100_000_000))]
    soak: Option<u32>,
    /// In place of the measurements: counts the instructions of each kind of request (needs valgrind), and fails when they differ from the baseline.
    #[arg(long, conflicts_with = "soak")]
    instructions: bool,
    /// Writes the counted instructions as the new baseline.
    #[arg(long, requires = "instructions")]
    renew: bool,
}

/// Runs the command: a table for each database and each size.
pub(crate) fn run(bench: &Arguments) -> Result<ExitCode> {
    tokio::runtime::Runtime::new()?.block_on(measure_all(bench))?;
    Ok(ExitCode::SUCCESS)
}

async fn measure_all(bench: &Arguments) -> Result<()> {
    let program = build()?;
    if let Some(calls) = bench.soak {
        return soak::run(&program, calls, bench.connections).await;
    }
    if bench.instructions {
        return instructions::run(&program, bench.renew).await;
    }
    let comparison = Comparison::new(bench.connections, bench.seconds)?;
    if let Some(url) = &bench.database {
        let server = product(&program, url).start().await?;
        server.wait_until_ready().await?;
        let targets = [&[Target::of("product", &server)], &bench.against[..]].concat();
        return comparison.print("PostgreSQL", &targets, None).await;
    }
    start_and_memory(&program).await?;
    let floor = floor::build().await?;
    let cluster = Cluster::start(&[("shared_buffers", "256MB"), floor::LOG_LINE_PREFIX]).await?;
    for restaurants in &bench.restaurants {
        let size = format!("{restaurants} restaurants × {} reviews", bench.reviews);
        let folder = tempfile::TempDir::new()?;
        let sqlite = format!("sqlite://{}/bench.sqlite3", folder.path().display());
        let server = seeded(bench, &program, &sqlite, *restaurants).await?;
        let targets = [&[Target::of("product", &server)], &bench.against[..]].concat();
        comparison.print(&format!("SQLite, {size}"), &targets, None).await?;
        drop(server);

        let database = cluster.create_database().await?;
        let server = seeded(bench, &program, database.url(), *restaurants).await?;
        let floor = floor::start(&floor, &program, &database, &cluster).await?;
        let targets = [Target::of("product", &server), Target::of("floor", &floor)];
        let targets = [&targets, &bench.against[..]].concat();
        comparison.print(&format!("PostgreSQL, {size}"), &targets, cluster.pid()).await?;
    }
    Ok(())
}

/// The release build: `RESTAURANT_SERVER_BIN`, or else built now.
fn build() -> Result<PathBuf> {
    if let Some(program) = env::var_os("RESTAURANT_SERVER_BIN") {
        return Ok(program.into());
    }
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--package=restaurant-server"])
        .current_dir(workspace::root())
        .status()?;
    ensure!(status.success(), "the release build failed");
    Ok(workspace::target().join("release/restaurant-server"))
}

/// From the start of the process to the first page, on an existing file, and the memory after it.
async fn start_and_memory(program: &Path) -> Result<()> {
    let folder = tempfile::TempDir::new()?;
    let mut times = Vec::new();
    let mut memory = 0;
    for round in 0..6 {
        let started = Instant::now();
        let mut server = Server::builder().program(program).folder(folder.path()).start().await?;
        let address = server.url("").replace("http://", "");
        let mut stream = TcpStream::connect(&address).await?;
        ask(&mut stream, &request(&address, &WORK[0])).await?;
        // The first round makes the file.
        if round > 0 {
            times.push(started.elapsed());
        }
        memory = resident_kilobytes(server.pid())?;
        server.terminate()?;
        server.wait().await?;
    }
    times.sort_unstable();
    println!(
        "start to first page: median {:.1?}, worst {:.1?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );
    println!("memory after the first page: {:.1} MB", f64::from(memory) / 1024.0);
    Ok(())
}

fn resident_kilobytes(pid: u32) -> Result<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line =
        status.lines().find(|line| line.starts_with("VmRSS:")).context("no memory figure")?;
    Ok(line.split_whitespace().nth(1).context("no memory figure")?.parse()?)
}

/// The product, to start on a database.
fn product(program: &Path, url: &str) -> ServerBuilder {
    Server::builder().program(program).env("DATABASE_URL", url).env("LOG", "warn")
}

/// The product on a database that it has filled.
async fn seeded(bench: &Arguments, program: &Path, url: &str, restaurants: u32) -> Result<Server> {
    seed(program, url, restaurants, bench.reviews).await?;
    let server = product(program, url).start().await?;
    server.wait_until_ready().await?;
    Ok(server)
}

/// Fills an empty database with so many restaurants of so many reviews.
async fn seed(program: &Path, url: &str, restaurants: u32, reviews: u32) -> Result<()> {
    let folder = tempfile::TempDir::new()?;
    let status = product(program, url)
        .arg("seed")
        .arg(format!("--restaurants={restaurants}"))
        .arg(format!("--reviews={reviews}"))
        .command(folder.path())
        .await?
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .status()
        .await?;
    ensure!(status.success(), "seed failed: {status}");
    Ok(())
}
