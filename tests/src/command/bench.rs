//! `cargo xtask bench`: how fast the release build is, as ratios of one run.
//!
//! Absolute figures depend on the machine. What is compared stands in one run, on one machine: each kind of request against a bare answer, a large table against a small one.

mod instructions;
mod soak;
mod work;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use restaurant_tests::{
    postgres::Cluster,
    server::{Server, ServerBuilder},
    workspace,
};
use tokio::{net::TcpStream, task::JoinSet};

use self::work::{BARE, WORK, Work, ask, request};

/// Measures the release build on both databases, as ratios of one run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each kind of request is measured, in seconds.
    #[arg(long, default_value = "5", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How many connections ask at a time.
    #[arg(long, default_value = "16", value_parser = clap::value_parser!(u32).range(1..=256))]
    connections: u32,
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

/// Runs the command: a table for each database, small and large.
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
    start_and_memory(&program).await?;
    let cluster = Cluster::start(&[("shared_buffers", "256MB")]).await?;
    for restaurants in ["100", "10000"] {
        let folder = tempfile::TempDir::new()?;
        let sqlite = format!("sqlite://{}/bench.sqlite3", folder.path().display());
        measure(bench, &program, "SQLite", &sqlite, restaurants).await?;
        let database = cluster.create_database().await?;
        measure(bench, &program, "PostgreSQL", database.url(), restaurants).await?;
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

async fn measure(
    bench: &Arguments,
    program: &Path,
    database: &str,
    url: &str,
    restaurants: &str,
) -> Result<()> {
    let with_url = || -> ServerBuilder {
        Server::builder().program(program).env("DATABASE_URL", url).env("LOG", "warn")
    };
    seed(with_url(), restaurants).await?;
    let server = with_url().start().await?;
    server.wait_until_ready().await?;
    println!(
        "\n{database}, {restaurants} restaurants × 20 reviews, {} connections",
        bench.connections
    );
    println!("{:<34} {:>10} {:>12}", "", "requests/s", "of bare");
    let bare = rate(bench, &server, &BARE).await?;
    println!("{:<34} {bare:>10.0} {:>12}", BARE.name, "1.000");
    for work in &WORK {
        let rate = rate(bench, &server, work).await?;
        println!("{:<34} {rate:>10.0} {:>12.3}", work.name, rate / bare);
    }
    println!("memory under load: {:.1} MB", f64::from(resident_kilobytes(server.pid())?) / 1024.0);
    Ok(())
}

/// Fills an empty database with so many restaurants of 20 reviews.
async fn seed(server: ServerBuilder, restaurants: &str) -> Result<()> {
    let seed = ["seed", "--restaurants", restaurants, "--reviews", "20"];
    let seeded = seed.iter().fold(server, |server, arg| server.arg(*arg)).run().await?;
    ensure!(seeded.status.success(), "seed failed: {seeded:?}");
    Ok(())
}

/// Requests a second, after a short warm-up.
async fn rate(bench: &Arguments, server: &Server, work: &Work) -> Result<f64> {
    let address = server.url("").replace("http://", "");
    let limit = Duration::from_secs(bench.seconds);
    let mut clients = JoinSet::new();
    let started = Instant::now();
    for _ in 0..bench.connections {
        let (address, request) = (address.clone(), request(&address, work));
        clients.spawn(async move {
            let mut stream = TcpStream::connect(&address).await?;
            let answer = ask(&mut stream, &request).await?;
            let answer = String::from_utf8_lossy(&answer);
            ensure!(!answer.contains("\"isError\":true"), "a tool call failed: {answer}");
            let mut count = 1_u32;
            while started.elapsed() < limit {
                ask(&mut stream, &request).await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut total = 0.0;
    while let Some(count) = clients.join_next().await {
        total += f64::from(count??);
    }
    Ok(total / started.elapsed().as_secs_f64())
}
