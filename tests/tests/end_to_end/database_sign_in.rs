//! The server signs in to PostgreSQL by tokens of its managed identity, as on Azure.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use easyauth_emulator::{Directory, Emulator, Options, sample};
use restaurant_tests::{
    postgres::{Cluster, TestDatabase, TokenAuthProxy},
    server::{Server, ServerBuilder},
};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt as _, io::AsyncWriteExt as _, net::TcpListener};

/// A cluster that trusts this machine, with a gate before it that does not.
struct Azure {
    gate: TokenAuthProxy,
    emulator: Emulator,
    database: TestDatabase,
    _cluster: Cluster,
}

async fn azure() -> Azure {
    let trusting = "host all all 127.0.0.1/32 trust\n";
    let cluster = Cluster::builder().file("pg_hba.conf", trusting).start().await.unwrap();
    let database = cluster.create_database().await.unwrap();
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let gate = TokenAuthProxy::start(&cluster, emulator.cloud()).await.unwrap();
    Azure { gate, emulator, database, _cluster: cluster }
}

impl Azure {
    /// A server that signs in by tokens of this endpoint.
    fn server(&self, endpoint: &str) -> ServerBuilder {
        Server::builder()
            .env("DATABASE_URL", self.gate.url(&self.database))
            .env("DATABASE_AUTH", "entra")
            .env("IDENTITY_ENDPOINT", endpoint)
            .env("IDENTITY_HEADER", self.emulator.cloud().identity_header())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_managed_identitys_token_is_the_password() {
    let azure = azure().await;
    let endpoint = azure.emulator.cloud().identity_endpoint();
    let seeded = azure.server(&endpoint).arg("seed").run().await.unwrap();
    assert!(seeded.status.success(), "{seeded:?}");
    let client = sample::MANAGED_IDENTITY.to_string();
    let server = azure.server(&endpoint).env("AZURE_CLIENT_ID", client).start().await.unwrap();
    server.wait_until_ready().await.unwrap();
    let page = reqwest::get(server.url("/")).await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(azure.gate.accepted() > 0);
    assert_eq!(azure.gate.rejected(), 0);
    let log = server.logs().join("\n");
    assert!(!log.contains("eyJ"), "the log has a token: {log}");
}

/// An identity endpoint that gives what it is told to: the token, and seconds from now until it ends; and its requests.
async fn endpoint(
    token: &Arc<std::sync::Mutex<Option<(String, i64)>>>,
) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/msi/token", listener.local_addr().unwrap());
    let (token, requests) = (Arc::clone(token), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let given = token.lock().unwrap().clone();
            let (status, body) = match given {
                Some((token, expires)) => {
                    let body = json!({"access_token": token, "expires_on": expires.to_string(), "resource": "x", "token_type": "Bearer"});
                    ("200 OK", body.to_string())
                }
                None => ("400 Bad Request", "{}".to_owned()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    (url, requests)
}

/// The managed identity's token for databases, from the emulator.
async fn token(azure: &Azure) -> (String, i64) {
    let cloud = azure.emulator.cloud();
    let url = format!(
        "{}?resource=https://ossrdbms-aad.database.windows.net&api-version=2019-08-01",
        cloud.identity_endpoint()
    );
    let request =
        reqwest::Client::new().get(url).header("X-IDENTITY-HEADER", cloud.identity_header());
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let expires: i64 = answer["expires_on"].as_str().unwrap().parse().unwrap();
    (answer["access_token"].as_str().unwrap().to_owned(), expires - 3600)
}

/// Cuts every connection of the database, so that new ones are made.
async fn cut(azure: &Azure) {
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    azure.database.execute(cut).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_renewed_before_it_ends_and_the_last_one_used_while_none_is_given() {
    let azure = azure().await;
    let (good, now) = token(&azure).await;
    let given = Arc::new(std::sync::Mutex::new(Some((good, now + 200))));
    let (url, requests) = endpoint(&given).await;
    let server = azure.server(&url).start().await.unwrap();
    server.wait_until_ready().await.unwrap();
    let first = requests.load(Ordering::SeqCst);
    assert!(first > 0);
    // It ends in less than five minutes: the next connection asks for a new one.
    cut(&azure).await;
    server.wait_until_ready().await.unwrap();
    let second = requests.load(Ordering::SeqCst);
    assert!(second > first);
    // The endpoint gives none: the last one is good still.
    *given.lock().unwrap() = None;
    cut(&azure).await;
    server.wait_until_ready().await.unwrap();
    assert!(requests.load(Ordering::SeqCst) > second);
    // With a token that the database refuses, nobody gets in, and the log says why.
    *given.lock().unwrap() = Some(("a.b.c".to_owned(), now + 200));
    cut(&azure).await;
    let answer = reqwest::get(server.url("/readyz")).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(azure.gate.rejected() > 0);
}

/// The first line of the first request at an identity endpoint of a server in this cloud.
async fn asked_for(authority: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/msi/token", listener.local_addr().unwrap());
    let server = Server::builder()
        .env("DATABASE_URL", "postgres://app@db.example/x?sslmode=require")
        .env("DATABASE_AUTH", "entra")
        .env("ENTRA_AUTHORITY", authority)
        .env("IDENTITY_ENDPOINT", endpoint)
        .env("IDENTITY_HEADER", "x");
    let (server, accepted) = tokio::join!(server.start(), listener.accept());
    let (mut stream, _) = accepted.unwrap();
    let mut head = [0; 4096];
    let length = stream.read(&mut head).await.unwrap();
    drop(server.unwrap());
    String::from_utf8_lossy(&head[..length]).lines().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_is_for_the_databases_of_the_cloud() {
    for (authority, host) in [
        ("https://login.microsoftonline.com", "windows.net"),
        ("https://login.partner.microsoftonline.cn/", "chinacloudapi.cn"),
        ("https://login.microsoftonline.us", "usgovcloudapi.net"),
    ] {
        let line = asked_for(authority).await;
        let resource = format!("ossrdbms-aad.database.{host} ");
        assert!(line.contains(&resource), "{authority}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_sent_nowhere_in_the_clear() {
    for (url, says) in [
        ("postgres://app@db.example/x", "sslmode"),
        ("postgres://app@db.example/x?sslmode=prefer", "sslmode"),
        ("postgres://app:secret@db.example/x?sslmode=require", "password"),
        ("sqlite://x.sqlite3", "SQLite"),
    ] {
        for command in ["serve", "config"] {
            let server = Server::builder().env("DATABASE_URL", url).env("DATABASE_AUTH", "entra");
            let output = server.env("BIND", "127.0.0.1:0").arg(command).run().await.unwrap();
            assert_eq!(output.status.code(), Some(2), "{url}: {output:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("DATABASE_AUTH") && said.contains(says), "{url}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_certificate_authorities_it_says_so_and_does_not_start() {
    let azure = azure().await;
    let server = azure.server(&azure.emulator.cloud().identity_endpoint());
    let server = server.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere");
    let output = server.run().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("DATABASE_AUTH=entra") && !said.contains("panic"), "{said}");
    assert!(said.to_lowercase().contains("certificate"), "{said}");
}
