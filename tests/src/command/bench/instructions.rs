//! `--instructions`: the instructions that the server executes for each kind of request, counted by callgrind.
//!
//! A count does not depend on the load of the machine, so it is compared with a baseline in the repository. It includes the log, the
//! connection to the database and the allocator, and excludes the kernel, PostgreSQL and the client.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use restaurant_tests::{
    postgres::Cluster,
    server::{Server, ServerBuilder},
    workspace,
};
use tokio::net::TcpStream;

use super::{
    product, seed,
    work::{ANEW, BARE, WORK, Work, ask, numbered},
};

/// How many requests of a kind are sent before the count: pools, statement caches and lazy values are then set up.
const WARM_UP: u32 = 30;
/// How many requests of a kind are counted.
const COUNTED: u32 = 100;
/// By how much of the baseline a count may differ.
const TOLERANCE: f64 = 0.03;
/// The baseline's file, relative to the workspace's root.
const BASELINE: &str = "tests/src/command/bench/instructions.json";

/// Instructions of a request, by database and kind.
type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// Counts the instructions of every kind of request on both databases, and compares them with the baseline or renews it.
///
/// # Errors
/// Valgrind is missing, a request fails, or a count differs from the baseline by more than 3 %, in either direction.
pub(super) async fn run(program: &Path, is_renewed: bool) -> Result<()> {
    let valgrind = workspace::find_program(&["valgrind"], &[]).context("valgrind is missing")?;
    let file = workspace::root().join(BASELINE);
    let baseline: Counts = match fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(error) if is_renewed && error.kind() == std::io::ErrorKind::NotFound => Counts::new(),
        Err(error) => return Err(error).context(BASELINE),
    };
    let mut counts = Counts::new();
    let cluster = Cluster::start(&[("shared_buffers", "256MB")]).await?;
    let database = cluster.create_database().await?;
    let folder = tempfile::TempDir::new()?;
    let sqlite = format!("sqlite://{}/bench.sqlite3", folder.path().display());
    for (name, url) in [("PostgreSQL", database.url()), ("SQLite", sqlite.as_str())] {
        let counted = count_all(&valgrind, program, url).await.context(name)?;
        counts.insert(name.to_owned(), counted);
    }
    print(&counts, &baseline);
    if is_renewed {
        fs::write(&file, format!("{}\n", serde_json::to_string_pretty(&counts)?))?;
        return Ok(());
    }
    let is_equal = counts.keys().eq(baseline.keys())
        && counts.iter().all(|(database, kinds)| {
            let before = &baseline[database];
            kinds.keys().eq(before.keys())
                && kinds.iter().all(|(kind, count)| share(*count, before[kind]).abs() <= TOLERANCE)
        });
    ensure!(
        is_equal,
        "the instructions of a request differ from {BASELINE} by more than 3 %: mend what takes them, or \
         accept the counts by `cargo xtask bench --instructions --renew`"
    );
    Ok(())
}

/// By what share of a count another one differs from it.
#[expect(clippy::cast_precision_loss, reason = "instructions of a request are far below 2^52")]
fn share(now: u64, before: u64) -> f64 {
    now as f64 / before as f64 - 1.0
}

fn print(counts: &Counts, baseline: &Counts) {
    for (database, kinds) in counts {
        println!("\n{database}: instructions of a request, in thousands");
        println!("{:<34} {:>10} {:>10} {:>9}", "", "now", "baseline", "");
        for (kind, count) in kinds {
            let before = baseline.get(database).and_then(|kinds| kinds.get(kind));
            let (shown, change) = before.map_or_else(Default::default, |before| {
                (thousands(*before), format!("{:+.1} %", share(*count, *before) * 100.0))
            });
            println!("{kind:<34} {:>10} {shown:>10} {change:>9}", thousands(*count));
        }
    }
}

fn thousands(count: u64) -> String {
    format!("{}.{}", count / 1000, count % 1000 / 100)
}

async fn count_all(valgrind: &Path, program: &Path, url: &str) -> Result<BTreeMap<String, u64>> {
    seed(program, url, 100, 20).await?;
    let folder = tempfile::TempDir::new()?;
    let callgrind = Callgrind { folder: folder.path().to_owned() };
    let server = callgrind.server(valgrind, program, url).start().await?;
    server.wait_until_ready().await?;
    let mut counts = BTreeMap::new();
    for work in [&BARE].into_iter().chain(&WORK).chain(&ANEW) {
        let count = callgrind.count(&server, work).await.context(work.name)?;
        counts.insert(work.name.to_owned(), count);
    }
    Ok(counts)
}

/// A server under callgrind, which writes into this folder.
struct Callgrind {
    folder: PathBuf,
}

impl Callgrind {
    /// The server to start: counting begins on request.
    fn server(&self, valgrind: &Path, program: &Path, url: &str) -> ServerBuilder {
        let folder = self.folder.display();
        product(valgrind, url)
            .arg("--tool=callgrind")
            .arg("--instr-atstart=no")
            .arg(format!("--vgdb-prefix={folder}/vgdb"))
            .arg(format!("--callgrind-out-file={folder}/callgrind.out"))
            .arg(program)
            // A count must not depend on which of several threads takes a request.
            .env("TOKIO_WORKER_THREADS", "1")
    }

    /// Instructions of one request, as the mean of many on one connection.
    async fn count(&self, server: &Server, work: &Work) -> Result<u64> {
        let address = server.url("").replace("http://", "");
        let mut number = 0;
        let mut next = || {
            number += 1;
            numbered(&address, work, number)
        };
        let mut stream = TcpStream::connect(&address).await?;
        for _ in 0..WARM_UP {
            ask(&mut stream, &next()).await?;
        }
        self.command(server, &["instrumentation", "on"])?;
        // The first request after it translates the server's code anew.
        ask(&mut stream, &next()).await?;
        self.command(server, &["zero"])?;
        for _ in 0..COUNTED {
            ask(&mut stream, &next()).await?;
        }
        self.command(server, &["dump"])?;
        self.command(server, &["instrumentation", "off"])?;
        Ok(self.take_total()? / u64::from(COUNTED))
    }

    /// Sends the server a command of callgrind, and waits until it is done.
    fn command(&self, server: &Server, command: &[&str]) -> Result<()> {
        let output = Command::new("vgdb")
            .arg(format!("--vgdb-prefix={}/vgdb", self.folder.display()))
            .arg(format!("--pid={}", server.pid()))
            .args(command)
            .output()
            .context("vgdb, which is a part of valgrind")?;
        ensure!(output.status.success(), "{output:?}");
        Ok(())
    }

    /// The sum of the one dump in the folder, which is removed.
    fn take_total(&self) -> Result<u64> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with("callgrind.out.") {
                continue;
            }
            let dump = fs::read_to_string(&path)?;
            fs::remove_file(&path)?;
            let total = dump.lines().rev().find_map(|line| line.strip_prefix("totals: "));
            return Ok(total.context("a dump without totals")?.trim().parse()?);
        }
        anyhow::bail!("callgrind wrote no dump")
    }
}
