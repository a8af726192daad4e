//! Answers without an end, without sense or without haste: the proof ends all the same, and authentication is on again.

use std::{sync::Arc, time::Duration};

use auth_probe::{CancellationToken, Probe, Verdict};
use easyauth_emulator::{Directory, Emulator, Options};
use restaurant_tests::app_service::{AppService, probe};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};

use super::{Notes, ids};

/// Much longer than any time limit here, much shorter than an answer without an end.
const END: Duration = Duration::from_secs(120);

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
const ZIPPED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n";

/// An answer: how it begins, and what is repeated after that as long as it is read. Where nothing is, it stands still.
type Shape = (&'static str, &'static str, &'static str);

const SHAPES: [Shape; 20] = [
    ("line breaks", STREAM, "\n"),
    ("carriage returns", STREAM, "\r"),
    ("comments", STREAM, ": ping\n\n"),
    ("empty events", STREAM, "data:\n\n"),
    ("events that are no JSON", STREAM, "data: x\n\n"),
    ("notifications", STREAM, "data: {\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n\n"),
    ("responses to others", STREAM, "data: {\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}\n\n"),
    ("one line", STREAM, "data: data: data: "),
    ("one event", STREAM, "data: [\n"),
    ("a stream that stands still", STREAM, ""),
    ("white space", JSON, " "),
    ("arrays in arrays", JSON, "["),
    ("objects in objects", JSON, "{\"a\":"),
    ("a body that stands still", JSON, ""),
    ("chunks", CHUNKED, "1\r\n \r\n"),
    ("no chunks", CHUNKED, "no length\r\n"),
    ("zipped", ZIPPED, "\u{1f}x"),
    ("a header", "HTTP/1.1 200 OK\r\nX: ", "x"),
    ("interim responses", "", "HTTP/1.1 100 Continue\r\n\r\n"),
    ("no HTTP", "SSH-2.0-x\r\n", "\n"),
];

/// A server that gives an answer of a shape, or passes a connection on while the app is to look shut.
struct Hostile {
    origin: String,
    task: JoinHandle<()>,
    /// Told of each request that gets the shape.
    asked: Arc<Notify>,
}

impl Hostile {
    async fn start(shape: Shape, shut: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (asked, shut) = (Arc::new(Notify::new()), Arc::new(shut));
        let told = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (told, shut) = (Arc::clone(&told), Arc::clone(&shut));
                tokio::spawn(async move { drop(answer(stream, shape, &*shut, &told).await) });
            }
        });
        Self { origin, task, asked }
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    mut stream: TcpStream,
    (_, start, repeated): Shape,
    shut: &(impl Fn() -> bool + Sync),
    asked: &Notify,
) -> std::io::Result<()> {
    let mut request = vec![0; 64 << 10];
    if stream.read(&mut request).await? == 0 {
        return Ok(());
    }
    if shut() {
        let refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return stream.write_all(refusal.as_bytes()).await;
    }
    asked.notify_one();
    stream.write_all(start.as_bytes()).await?;
    if repeated.is_empty() {
        stream.read_to_end(&mut request).await?;
        return Ok(());
    }
    let block = repeated.repeat((16 << 10) / repeated.len());
    loop {
        stream.write_all(block.as_bytes()).await?;
    }
}

/// The proof of group A and of what a client library does, behind an app that is hostile while authentication is off.
async fn open_to_hostility(shape: Shape) -> (Arc<AppService>, Hostile, Probe) {
    let app = Arc::new(AppService::on_sqlite(Options::default()).await.unwrap());
    let looked_at = Arc::clone(&app);
    let shut = move || looked_at.auth_settings()["platform"]["enabled"] == true;
    let hostile = Hostile::start(shape, shut).await;
    let mut probe = app.probe().unwrap();
    probe.target = app.probe_at(&hostile.origin).unwrap().target;
    probe.cases.retain(|case| case.group() == 'A' || case.id == "C1");
    (app, hostile, probe)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_keeps_the_proof_from_its_end() {
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    for shape in SHAPES {
        let hostile = Hostile::start(shape, || false).await;
        let mut probe = probe(emulator.cloud(), &hostile.origin).unwrap();
        probe.timeout = Duration::from_millis(100);
        probe.cases.retain(|case| ["B1", "B2", "B3", "B6", "C2", "C3", "D12"].contains(&case.id));
        let observer = Notes::default();
        let interrupt = CancellationToken::new();
        let report = timeout(END, probe.run(&observer, &interrupt)).await.expect(shape.0).unwrap();
        assert_eq!(ids(&report, Verdict::Failed).len(), 7, "{}: {report:#?}", shape.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_keeps_authentication_off() {
    for shape in [SHAPES[0], SHAPES[5], SHAPES[11], SHAPES[13]] {
        let (app, _hostile, mut probe) = open_to_hostility(shape).await;
        probe.timeout = Duration::from_millis(300);
        probe.patience = Duration::from_secs(2);
        let observer = Notes::default();
        let interrupt = CancellationToken::new();
        let report = timeout(END, probe.run(&observer, &interrupt)).await.expect(shape.0).unwrap();
        assert_eq!(report.exit_code(), 3, "{}: {report:#?}", shape.0);
        assert_eq!(app.auth_settings()["platform"]["enabled"], true, "{}", shape.0);
        assert!(report.warnings.is_empty(), "{}: {report:#?}", shape.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupt_comes_through_any_answer() {
    for shape in [SHAPES[0], SHAPES[3], SHAPES[10], SHAPES[18]] {
        let (app, hostile, probe) = open_to_hostility(shape).await;
        let interrupt = CancellationToken::new();
        let observer = Notes::default();
        let asked = async {
            hostile.asked.notified().await;
            interrupt.cancel();
            std::future::pending::<()>().await;
        };
        let report = tokio::select! {
            report = timeout(END, probe.run(&observer, &interrupt)) => report.expect(shape.0).unwrap(),
            () = asked => unreachable!("it waits for ever"),
        };
        assert!(report.interrupted, "{}: {report:#?}", shape.0);
        assert_eq!(app.auth_settings()["platform"]["enabled"], true, "{}", shape.0);
    }
}
