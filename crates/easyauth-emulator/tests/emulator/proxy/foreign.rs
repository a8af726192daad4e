//! Foreign host names, and pages of foreign origins: neither reaches the gateway or the cloud behind it.

use easyauth_emulator::{Options, sample};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::app::Guarded;

/// Hosts, and whether they are this machine.
const HOSTS: [(&str, bool); 12] = [
    ("127.0.0.1", true),
    ("127.0.0.1:9", true),    // tidy: a name
    ("localhost:4280", true), // tidy: a name
    ("LOCALHOST", true),
    ("[::1]:4280", true), // tidy: a name
    ("attacker.example", false),
    ("attacker.example:4280", false),
    ("localhost.attacker.example", false),
    ("127.0.0.1.attacker.example", false),
    ("127.0.0.1@attacker.example", false),
    ("169.254.169.254", false),
    ("", false),
];

/// Origins, and whether their pages are of this machine.
const ORIGINS: [(&str, bool); 8] = [
    ("http://127.0.0.1:4280", true), // tidy: a name
    ("http://localhost:5173", true), // tidy: a name
    ("http://[::1]", true),
    ("https://attacker.example", false),
    ("http://localhost.attacker.example", false),
    ("http://attacker.example:4280", false),
    ("null", false),
    ("chrome-extension://localhost", false),
];

async fn status(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).get(9..12).unwrap_or_default().to_owned()
}

/// Every kind of address of the emulated cloud.
fn cloud_paths(guarded: &Guarded) -> Vec<String> {
    let tenant = sample::TENANT_ID;
    let site = guarded.emulator.cloud().sites()[0].id.clone();
    vec![
        format!("GET /{tenant}/v2.0/.well-known/openid-configuration"),
        format!("POST /{tenant}/oauth2/v2.0/token"),
        format!("GET /{tenant}/oauth2/v2.0/authorize"),
        "GET /msi/token".to_owned(),
        "GET /v1.0/applications".to_owned(),
        format!("PUT {site}/config/authsettingsV2?api-version=2024-11-01"),
        "GET /nothing".to_owned(),
    ]
}

#[tokio::test]
async fn foreign_hosts_are_refused_at_every_listener() {
    let mut guarded = Guarded::start().await;
    let cloud = guarded.emulator.cloud().origin().replace("http://", "");
    let token = guarded.token();
    for (host, is_ours) in HOSTS {
        let lines = format!(
            "HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        for path in cloud_paths(&guarded) {
            let found = status(&cloud, &format!("{path} {lines}")).await;
            // What is no host at all, the HTTP library or the framing refuses.
            assert_eq!(found == "421", !is_ours, "{host} {path}: {found}");
        }
        for path in ["GET /", "GET /healthz", "GET /.auth/me", "GET /.auth/login/aad"] {
            let found = status(&guarded.address, &format!("{path} {lines}")).await;
            assert_eq!(["421", "400"].contains(&&*found), !is_ours, "{host} {path}: {found}");
        }
        assert_eq!(guarded.received().len(), 2 * usize::from(is_ours), "{host}");
    }
}

#[tokio::test]
async fn pages_of_foreign_origins_are_refused_at_every_listener() {
    let mut guarded = Guarded::start().await;
    let cloud = guarded.emulator.cloud().origin().replace("http://", "");
    let token = guarded.token();
    for (origin, is_ours) in ORIGINS {
        let lines = format!(
            "HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {origin}\r\nConnection: close\r\nContent-Length: 0\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let settings = guarded.emulator.cloud().sites()[0].auth_settings.clone();
        for path in cloud_paths(&guarded) {
            let found = status(&cloud, &format!("{path} {lines}")).await;
            // Nobody with this token is forbidden anything else.
            assert_eq!(found == "403", !is_ours, "{origin} {path}: {found}");
        }
        assert_eq!(guarded.emulator.cloud().sites()[0].auth_settings, settings);
        for path in ["GET /", "GET /healthz", "GET /.auth/version"] {
            let found = status(&guarded.address, &format!("{path} {lines}")).await;
            assert_eq!(found == "403", !is_ours, "{origin} {path}: {found}");
        }
        assert_eq!(guarded.received().len(), 2 * usize::from(is_ours), "{origin}");
    }
}

#[tokio::test]
async fn other_hosts_and_origins_can_be_allowed() {
    let mut options = Options::default();
    options.access.hosts = vec!["reviews.example".to_owned()];
    options.access.origins = vec!["chrome-extension://abc".to_owned()];
    let guarded = Guarded::with(options).await;
    for (lines, expected) in [
        ("Host: reviews.example", "200"),
        ("Host: other.example", "421"),
        ("Host: localhost\r\nOrigin: chrome-extension://abc", "200"),
        ("Host: localhost\r\nOrigin: https://reviews.example", "200"),
        ("Host: localhost\r\nOrigin: chrome-extension://abcd", "403"),
        ("Host: localhost\r\nOrigin: chrome-extension://abc\r\nOrigin: null", "403"),
    ] {
        let request = format!("GET /healthz HTTP/1.1\r\n{lines}\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&guarded.address, &request).await, expected, "{lines}");
    }
}

/// The app's own check is to be seen where that is in question; the platform's addresses stay shut.
#[tokio::test]
async fn foreign_origins_can_be_left_to_the_app() {
    let mut options = Options::default();
    options.gateway.passes_foreign_origins = true;
    let guarded = Guarded::with(options).await;
    for (path, expected) in [("/healthz", "200"), ("/.auth/version", "403")] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://attacker.example\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(status(&guarded.address, &request).await, expected, "{path}");
    }
}

/// A browser that leaves while its session is renewed does not lose it: the issuer gives each refresh token once.
#[tokio::test]
async fn a_sign_in_that_has_begun_runs_to_its_end() {
    let guarded = Guarded::start().await;
    let cookie = guarded.cookie().await;
    for _ in 0..30 {
        let mut stream = TcpStream::connect(&guarded.address).await.unwrap();
        let request =
            format!("GET /.auth/refresh HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        drop(stream);
        let answered = guarded.ask("/.auth/version", "").await.status;
        assert_eq!(answered, "200");
    }
    // What is under way may have taken the token that this one brings.
    let mut last = String::new();
    for _ in 0..100 {
        last = guarded.ask("/.auth/refresh", &format!("Cookie: {cookie}\r\n")).await.status;
        if last == "200" {
            break;
        }
    }
    assert_eq!(last, "200");
}
