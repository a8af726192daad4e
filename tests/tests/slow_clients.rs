//! Clients that send the beginning of a request and nothing more: each is answered and let go.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{io, time::Duration};

use restaurant_tests::{postgres::shared, server::Server};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_postgres::NoTls;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Sends the head of a POST, which announces so many bytes, and one of them; gives the answer's status line.
async fn never_end_the_body(
    server: &Server,
    path: &str,
    content_type: &str,
    announced: usize,
) -> String {
    let address = server.url("").replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: {announced}\r\n\r\n{{"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = timeout(Duration::from_secs(20), stream.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered() {
    let server = Server::builder().env("REQUEST_SECONDS", "0.2").env("MCP_CALL_SECONDS", "0.2");
    let server = server.start().await.unwrap();
    let form = never_end_the_body(&server, "/add", FORM, 100).await;
    assert!(form.starts_with("HTTP/1.1 408"), "{form}");
    let message = never_end_the_body(&server, "/mcp", JSON, 100).await;
    assert!(message.starts_with("HTTP/1.1 408"), "{message}");
}

#[tokio::test]
async fn a_body_announced_as_too_large_is_not_waited_for() {
    // Longer than the test waits for an answer.
    let server = Server::builder().env("REQUEST_SECONDS", "60").env("MCP_CALL_SECONDS", "60");
    let server = server.start().await.unwrap();
    for (path, content_type) in [("/add", FORM), ("/mcp", JSON)] {
        let answer = never_end_the_body(&server, path, content_type, 1_000_000).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
    }
}

/// Sends the head of a POST on a connection, and then so many bytes of its body.
async fn send_post(
    stream: &mut TcpStream,
    path: &str,
    content_type: &str,
    bytes: usize,
) -> io::Result<()> {
    let address = stream.peer_addr()?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: {bytes}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let part = vec![b'x'; 64 * 1024];
    for _ in 0..bytes / part.len() {
        stream.write_all(&part).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_sends_everything_first_reads_the_refusal() {
    let server = Server::builder().start().await.unwrap();
    for (path, content_type, expected) in [
        ("/add", FORM, "413"),
        ("/add", "multipart/form-data", "415"),
        ("/mcp", JSON, "413"),
        ("/mcp", "text/plain", "415"),
        ("/nowhere", FORM, "404"),
        ("/static/nothing", FORM, "405"),
    ] {
        let mut stream = TcpStream::connect(server.url("").replace("http://", "")).await.unwrap();
        // More than the buffers of a connection hold.
        send_post(&mut stream, path, content_type, 12 * 1024 * 1024).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_stop_is_cut_off() {
    let server = Server::builder().start().await.unwrap();
    for (path, content_type) in [("/add", FORM), ("/mcp", JSON)] {
        let mut stream = TcpStream::connect(server.url("").replace("http://", "")).await.unwrap();
        let sent = send_post(&mut stream, path, content_type, 256 * 1024 * 1024);
        timeout(Duration::from_secs(20), sent).await.unwrap().unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_beyond_the_limit_waits_for_its_turn() {
    let server = Server::builder().env("MAX_CONNECTIONS", "1").start().await.unwrap();
    let address = server.url("").replace("http://", "");
    let mut first = TcpStream::connect(&address).await.unwrap();
    let mut answer = vec![0; 4096];
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut second = None;
    for _ in 0..200 {
        first.write_all(request.as_bytes()).await.unwrap();
        assert!(first.read(&mut answer).await.unwrap() > 0);
        second.get_or_insert_with(|| tokio::spawn(reqwest::get(server.url("/healthz"))));
    }
    let second = second.unwrap();
    assert!(!second.is_finished(), "the first connection has the only place");
    drop(first);
    assert!(second.await.unwrap().unwrap().status().is_success());
}

#[tokio::test]
async fn a_caller_that_goes_away_is_in_the_log() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let server = Server::builder().env("DATABASE_URL", database.url()).start().await.unwrap();
    server.wait_until_ready().await.unwrap();
    let (other, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    other.batch_execute("BEGIN; LOCK TABLE restaurants").await.unwrap();
    let address = server.url("").replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    until(async || {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'restaurants'::regclass)";
        other.query_one(waits, &[]).await.unwrap().get(0)
    })
    .await;
    drop(stream);
    let gone = r#""route":"/","status":499"#;
    until(async || server.logs().iter().any(|line| line.contains(gone))).await;
}

async fn until(done: impl AsyncFn() -> bool) {
    let wait = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(20)).await; // tidy: polls, with a deadline
        }
    };
    timeout(Duration::from_secs(20), wait).await.unwrap();
}

#[tokio::test]
async fn what_a_caller_makes_up_is_not_in_the_log() {
    let mut server = Server::builder().start().await.unwrap();
    for method in ["tools/call", "SecretMethod"] {
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":"SecretId","method":"{method}","params":{{"name":"SecretTool"}}}}"#
        );
        let post = reqwest::Client::new().post(server.url("/mcp")).body(call);
        post.header("content-type", "application/json").send().await.unwrap();
    }
    server.terminate().unwrap();
    server.wait().await.unwrap();
    let logs = server.logs().join("\n");
    assert!(logs.contains("/mcp") && !logs.contains("Secret"), "{logs}");
}

#[tokio::test]
async fn a_head_has_a_limit() {
    let server = Server::builder().start().await.unwrap();
    let get = reqwest::Client::new().get(server.url("/")).header("x-long", "x".repeat(300_000));
    assert_eq!(get.send().await.unwrap().status().as_u16(), 431);
}

/// A connection on which nothing has been sent.
async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.url("").replace("http://", "")).await.unwrap()
}

/// Sends a GET, and gives the head of the answer; `None` when the connection ends instead.
async fn get(stream: &mut TcpStream, path: &str) -> Option<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    read_head(stream).await
}

/// The head of an answer; `None` when the connection ends instead.
async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = timeout(Duration::from_secs(20), stream.read(&mut part)).await.unwrap();
        answer.extend_from_slice(&part[..read.ok().filter(|length| *length > 0)?]);
    }
    Some(String::from_utf8_lossy(&answer).into_owned())
}

/// Waits until the server ends the connection.
async fn until_closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end, too.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.unwrap();
}

/// Clients that connect again and again, and send so much of a head each time.
fn besiege(server: &Server, clients: usize, beginning: &'static str) -> JoinSet<()> {
    let address = server.url("").replace("http://", "");
    let mut siege = JoinSet::new();
    for _ in 0..clients {
        let address = address.clone();
        siege.spawn(async move {
            loop {
                let Ok(mut stream) = TcpStream::connect(&address).await else { continue };
                let _ = stream.write_all(beginning.as_bytes()).await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        });
    }
    siege
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_send_no_whole_head_keep_no_one_else_out() {
    let server = Server::builder().env("MAX_CONNECTIONS", "100").start().await.unwrap();
    for beginning in ["", "G", "GET / HTTP/1.1\r\nHost: localhost\r\nX-"] {
        let _siege = besiege(&server, 150, beginning);
        for path in ["/healthz", "/", "/create", "/healthz", "/"].repeat(4) {
            let begin = Instant::now();
            let answer = get(&mut connect(&server).await, path).await.expect("an answer");
            assert!(answer.starts_with("HTTP/1.1 200"), "{beginning:?} {path}: {answer}");
            assert!(begin.elapsed() < Duration::from_secs(5), "{beginning:?} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_come_again_and_again_leave_health_answered() {
    let server = Server::builder().env("MAX_CONNECTIONS", "100").start().await.unwrap();
    let idle = "GET /create HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let slow = "GET /create HTTP/1.1\r\nHost: localhost\r\n\r\nGET /";
    for beginning in [idle, slow] {
        let _siege = besiege(&server, 150, beginning);
        for path in ["/healthz", "/", "/create", "/healthz", "/"].repeat(4) {
            let begin = Instant::now();
            let answer = get(&mut connect(&server).await, path).await.expect("an answer");
            let is_told = path != "/healthz" && answer.starts_with("HTTP/1.1 503 ");
            assert!(is_told || answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
            assert!(!is_told || answer.contains("\r\nretry-after: "), "{answer}");
            assert!(begin.elapsed() < Duration::from_secs(5), "{beginning:?} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_client_takes_the_place_of_the_one_that_was_idle_the_longest() {
    let server = Server::builder().env("MAX_CONNECTIONS", "20").start().await.unwrap();
    let mut kept = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(&server).await;
        get(&mut stream, "/healthz").await.unwrap();
        kept.push(stream);
    }
    let mut new = Vec::new();
    for _ in 0..10 {
        let mut stream = connect(&server).await;
        assert!(get(&mut stream, "/create").await.unwrap().starts_with("HTTP/1.1 200"));
        new.push(stream);
    }
    for stream in &mut kept[..10] {
        until_closed(stream).await;
    }
    for stream in new.iter_mut().chain(&mut kept[10..]) {
        assert!(get(stream, "/create").await.unwrap().starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_first_head_has_a_few_seconds_and_a_kept_connection_has_more() {
    let server = Server::builder().start().await.unwrap();
    let begin = Instant::now();
    let mut kept = connect(&server).await;
    get(&mut kept, "/healthz").await.unwrap();
    let (mut silent, mut slow) = (connect(&server).await, connect(&server).await);
    slow.write_all(b"GET / HTTP/1.1\r\nHost: localh").await.unwrap();
    until_closed(&mut silent).await;
    until_closed(&mut slow).await;
    assert!(begin.elapsed() < Duration::from_secs(15));
    assert!(get(&mut kept, "/healthz").await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_idle_connection_is_kept_as_long_as_the_setting_says() {
    let server = Server::builder().env("IDLE_SECONDS", "0.2").start().await.unwrap();
    let mut kept = connect(&server).await;
    get(&mut kept, "/healthz").await.unwrap();
    let begin = Instant::now();
    until_closed(&mut kept).await;
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    // The head of a later request has its own limit.
    let mut kept = connect(&server).await;
    get(&mut kept, "/healthz").await.unwrap();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n").await.unwrap();
    let mut other = connect(&server).await;
    get(&mut other, "/healthz").await.unwrap();
    until_closed(&mut other).await;
    kept.write_all(b"X-More: yes\r\n\r\n").await.unwrap();
    assert!(read_head(&mut kept).await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_answered_when_every_place_is_at_work() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let server = ["REQUEST_SECONDS", "DATABASE_ACQUIRE_SECONDS", "DATABASE_STATEMENT_SECONDS"]
        .into_iter()
        .fold(Server::builder(), |server, limit| server.env(limit, "60"));
    let server = server.env("DATABASE_URL", database.url()).env("MAX_CONNECTIONS", "20");
    let server = server.start().await.unwrap();
    server.wait_until_ready().await.unwrap();
    let (other, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    other.batch_execute("BEGIN; LOCK TABLE restaurants").await.unwrap();
    let mut workers = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(&server).await;
        workers.push(tokio::spawn(async move { get(&mut stream, "/").await }));
    }
    // A client that finds no place is told so, and health is answered all the while.
    let told = async {
        loop {
            let page = get(&mut connect(&server).await, "/create").await.unwrap_or_default();
            let health = get(&mut connect(&server).await, "/healthz").await.unwrap();
            assert!(health.starts_with("HTTP/1.1 200"), "{health}");
            if page.starts_with("HTTP/1.1 503") {
                return page;
            }
        }
    };
    let told = timeout(Duration::from_secs(20), told).await.unwrap();
    assert!(told.contains("\r\nretry-after: ") && told.contains("\r\nconnection: close"), "{told}");
    let mut waiting = Vec::new();
    for _ in 0..10 {
        let mut stream = connect(&server).await;
        waiting.push(tokio::spawn(async move { get(&mut stream, "/create").await }));
    }
    let begin = Instant::now();
    let health = get(&mut connect(&server).await, "/healthz").await.unwrap();
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    assert!(begin.elapsed() < Duration::from_secs(5));
    other.batch_execute("ROLLBACK").await.unwrap();
    for worker in workers {
        assert!(worker.await.unwrap().unwrap().starts_with("HTTP/1.1 200"));
    }
    for page in waiting {
        let page = page.await.unwrap().expect("an answer");
        assert!(page.starts_with("HTTP/1.1 503") || page.starts_with("HTTP/1.1 200"), "{page}");
    }
}
