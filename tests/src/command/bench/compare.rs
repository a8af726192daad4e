//! Several servers on the same work, in turn, and the table of it.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, ensure};
use restaurant_tests::{process, server::Server, workspace};
use tokio::{net::TcpStream, process::Command};

use super::{
    resident_kilobytes,
    work::{BARE, SPREAD, WORK, Work, ask, request},
};

/// How many times each server is measured on each kind of request.
const ROUNDS: usize = 3;

/// A server that is measured.
#[derive(Debug, Clone)]
pub(super) struct Target {
    name: String,
    /// Host and port.
    address: String,
    /// Its process, where we started it.
    pid: Option<u32>,
}

impl Target {
    /// A server of ours.
    pub(super) fn of(name: &str, server: &Server) -> Self {
        let address = server.url("").replace("http://", "");
        Self { name: name.to_owned(), address, pid: Some(server.pid()) }
    }

    /// Reads `NAME=URL`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let form = "must be NAME=http://HOST:PORT";
        let (name, url) = text.split_once('=').context(form)?;
        let address = url.strip_prefix("http://").context(form)?.trim_end_matches('/');
        ensure!(address.contains(':') && !address.contains('/'), form);
        Ok(Self { name: name.to_owned(), address: address.to_owned(), pid: None })
    }

    /// Whether the server has this kind of request.
    ///
    /// # Errors
    /// It cannot be reached, or a tool fails.
    async fn knows(&self, work: &Work) -> Result<bool> {
        let mut stream = TcpStream::connect(&self.address)
            .await
            .with_context(|| format!("{} does not answer at {}", self.name, self.address))?;
        let Ok(answer) = ask(&mut stream, &request(&self.address, work)).await else {
            return Ok(false);
        };
        let answer = String::from_utf8_lossy(&answer);
        ensure!(!answer.contains("\"isError\":true"), "a tool of {} failed: {answer}", self.name);
        Ok(true)
    }
}

/// What was measured of a server on a kind of request.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// Requests a second.
    rate: f64,
    /// Microseconds of processor time a request, of the server.
    server: Option<f64>,
    /// The same of PostgreSQL.
    database: Option<f64>,
}

/// The load, made by [wrk](https://github.com/wg/wrk) on one thread.
pub(super) struct Comparison {
    wrk: PathBuf,
    connections: u32,
    seconds: u64,
}

impl Comparison {
    /// # Errors
    /// wrk is not installed.
    pub(super) fn new(connections: u32, seconds: u64) -> Result<Self> {
        let wrk = workspace::find_program(&["wrk"], &[])
            .context("wrk, which makes the load, is missing (Debian: apt-get install wrk)")?;
        Ok(Self { wrk, connections, seconds })
    }

    /// Measures every kind of request and prints a line for each: of the first target its rate, the rate's share of `/healthz`, and
    /// the processor time of a request; of each other one its rate, what share of it the first reaches, and the same time.
    pub(super) async fn print(
        &self,
        title: &str,
        targets: &[Target],
        postgres: Option<u32>,
    ) -> Result<()> {
        let (first, others) = targets.split_first().context("no server to measure")?;
        println!("\n{title}, {} connections; µs are processor time a request", self.connections);
        print!("{:<34} {:>10} {:>9} {:>7} {:>8}", "", "requests/s", "of bare", "µs", "database");
        for other in others {
            print!(" | {:>10} {:>7} {:>7}", other.name, "share", "µs");
        }
        println!();
        let mut bare = None;
        for work in [&BARE].into_iter().chain(&WORK).chain([&SPREAD]) {
            let samples = self.measure(work, targets, postgres).await.context(work.name)?;
            let Some((Some(ours), theirs)) = samples.split_first() else {
                println!("{:<34} {} does not have it", work.name, first.name);
                continue;
            };
            let bare = *bare.get_or_insert(ours.rate);
            print!("{:<34} {:>10.0} {:>9.3}", work.name, ours.rate, ours.rate / bare);
            print!(" {:>7} {:>8}", micros(ours.server), micros(ours.database));
            for sample in theirs {
                let Some(sample) = sample else {
                    print!(" | {:>10} {:>7} {:>7}", "", "", "");
                    continue;
                };
                let share = ours.rate / sample.rate;
                print!(" | {:>10.0} {share:>7.2} {:>7}", sample.rate, micros(sample.server));
            }
            println!();
        }
        for target in targets {
            if let Some(pid) = target.pid {
                let memory = f64::from(resident_kilobytes(pid)?) / 1024.0;
                println!("memory of {} after it: {memory:.1} MB", target.name);
            }
        }
        Ok(())
    }

    /// The targets in turn, so that what else the machine does meets all of them; the medians.
    async fn measure(
        &self,
        work: &Work,
        targets: &[Target],
        postgres: Option<u32>,
    ) -> Result<Vec<Option<Sample>>> {
        let mut samples = vec![Vec::new(); targets.len()];
        for _ in 0..ROUNDS {
            for (target, samples) in targets.iter().zip(&mut samples) {
                if target.knows(work).await? {
                    samples.push(self.load(work, target, postgres).await?);
                }
            }
        }
        Ok(samples.iter().map(|samples| median(samples)).collect())
    }

    async fn load(&self, work: &Work, target: &Target, postgres: Option<u32>) -> Result<Sample> {
        let folder = tempfile::TempDir::new()?;
        let script = folder.path().join("request.lua");
        std::fs::write(&script, lua(work))?;
        let time = |pid: Option<u32>| pid.and_then(process::processor_time);
        let children = |pid: Option<u32>| pid.map(process::processor_time_of_children);
        let before = (time(target.pid), children(postgres));
        let output = Command::new(&self.wrk)
            .arg("-t1")
            .arg(format!("-c{}", self.connections))
            .arg(format!("-d{}s", self.seconds))
            .arg("-s")
            .arg(&script)
            .arg(format!("http://{}", target.address))
            .output()
            .await?;
        let after = (time(target.pid), children(postgres));
        let said = String::from_utf8_lossy(&output.stdout);
        let failed =
            !output.status.success() || said.contains("Non-2xx") || said.contains("Socket errors");
        ensure!(!failed, "requests to {} failed:\n{said}", target.name);
        let word_before = |text: &str| said.split_once(text)?.0.split_whitespace().next_back();
        let word_after = |text: &str| said.split_once(text)?.1.split_whitespace().next();
        let count: f64 = word_before(" requests in").context("wrk counted nothing")?.parse()?;
        let rate = word_after("Requests/sec:").context("wrk names no rate")?.parse()?;
        let each = |before: Option<Duration>, after: Option<Duration>| {
            Some(after?.saturating_sub(before?).as_secs_f64() * 1e6 / count)
        };
        Ok(Sample { rate, server: each(before.0, after.0), database: each(before.1, after.1) })
    }
}

/// wrk's script that sends this request; one with a number, each of the first 100 in turn.
fn lua(work: &Work) -> String {
    let Work { method, path, body, .. } = work;
    let mut script = format!(
        "wrk.method = '{method}' wrk.path = '{path}' wrk.body = [==[{body}]==]\n\
         wrk.headers['Content-Type'] = 'application/json'\n\
         wrk.headers['Accept'] = 'application/json, text/event-stream'\n"
    );
    if body.contains("{n}") {
        script += "local n, body = 0, wrk.body\n\
            function request()\n\
                n = n % 100 + 1\n\
                return wrk.format(nil, nil, nil, (body:gsub('{n}', n)))\n\
            end\n";
    }
    script
}

/// The median of each figure.
fn median(samples: &[Sample]) -> Option<Sample> {
    let middle = |read: fn(&Sample) -> Option<f64>| {
        let mut figures: Vec<f64> = samples.iter().filter_map(read).collect();
        figures.sort_unstable_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    };
    Some(Sample {
        rate: middle(|sample| Some(sample.rate))?,
        server: middle(|sample| sample.server),
        database: middle(|sample| sample.database),
    })
}

fn micros(figure: Option<f64>) -> String {
    figure.map_or_else(|| "-".to_owned(), |micros| format!("{micros:.0}"))
}
