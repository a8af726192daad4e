//! The sample's site with a gateway in front of an app that is a bare socket.

use std::{future::Future, time::Duration};

use easyauth_emulator::{Directory, Emulator, Gateway, Options, sample};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What every request is answered by.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A gateway, and what reached the app behind it.
pub struct Guarded {
    pub emulator: Emulator,
    pub gateway: Option<Gateway>,
    pub address: String,
    requests: mpsc::UnboundedReceiver<Received>,
}

/// A request as the app saw it.
#[derive(Debug)]
pub struct Received {
    pub head: String,
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: String,
    pub head: String,
    pub body: Vec<u8>,
}

impl Received {
    pub fn values(&self, name: &str) -> Vec<&str> {
        values(&self.head, name)
    }
}

impl Answer {
    fn new(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.get(9..12).unwrap_or_default().to_owned();
        Self { status, head: head.to_owned(), body: body.into() }
    }

    pub fn values(&self, name: &str) -> Vec<&str> {
        values(&self.head, name)
    }
}

/// The values of a header.
fn values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let named = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.trim()).collect()
}

impl Guarded {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, sender.clone()));
            }
        });
        let (emulator, gateway) = before(&upstream, options).await;
        let address = gateway.origin().replace("http://", "");
        Self { emulator, gateway: Some(gateway), address, requests }
    }

    /// The claims of a good token of the sample's agent.
    pub fn claims(&self) -> Value {
        self.emulator.cloud().app_claims(sample::AGENT, sample::API).unwrap()
    }

    /// A good token of the sample's agent.
    pub fn token(&self) -> String {
        self.signed(&self.claims())
    }

    pub fn signed(&self, claims: &Value) -> String {
        let cloud = self.emulator.cloud();
        cloud.sign(&cloud.token_header(), claims)
    }

    /// Changes a property of the site's settings.
    pub fn set(&self, pointer: &str, value: Value) {
        let mut sites = self.emulator.cloud().sites();
        *sites[0].auth_settings.pointer_mut(pointer).unwrap() = value;
    }

    /// Changes the validation of tokens in the site's settings.
    pub fn set_validation(&self, name: &str, value: Value) {
        let pointer = "/identityProviders/azureActiveDirectory/validation/";
        self.set(&format!("{pointer}{name}"), value);
    }

    /// Lets in who names nobody.
    pub fn allow_anonymous(&self) {
        self.set("/globalValidation/unauthenticatedClientAction", json!("AllowAnonymous"));
    }

    /// What the app got since this was asked last.
    pub fn received(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }

    /// Sends bytes, and gives all that comes back until the gateway closes.
    pub async fn exchange(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        // Who refuses a request may close before it has read all of it.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = soon(stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The answer to a GET with these header lines.
    pub async fn ask(&self, path: &str, lines: &str) -> Answer {
        let host = &self.address;
        let lines = format!("Host: {host}\r\nConnection: close\r\n{lines}");
        Answer::new(&self.exchange(&format!("GET {path} HTTP/1.1\r\n{lines}\r\n")).await)
    }

    /// The status of a GET with these header lines, and the request as the app saw it.
    pub async fn get(&mut self, path: &str, lines: &str) -> (String, Option<Received>) {
        let status = self.ask(path, lines).await.status;
        (status, self.received().pop())
    }

    /// Signs in as the sample's person at the browser, and gives the last answer.
    pub async fn signed_in(&self, parameters: &str) -> Response {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let login = format!("http://{}/.auth/login/aad", self.address);
        let login = format!("{login}?login_hint={}{parameters}", sample::USER_NAME);
        let at_issuer = client.get(login).send().await.unwrap();
        let back = client.get(location(&at_issuer)).send().await.unwrap();
        client.get(location(&back)).send().await.unwrap()
    }

    /// The cookie of the sample's person.
    pub async fn cookie(&self) -> String {
        let answer = self.signed_in("").await;
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// An emulator with the sample's site, and a gateway in front of an app elsewhere.
pub async fn before(upstream: &str, options: Options) -> (Emulator, Gateway) {
    let emulator = Emulator::start(Directory::sample(), options).await.unwrap();
    let cloud = emulator.cloud().clone();
    cloud.sites().push(sample::site("reviews", sample::AUTH_SETTINGS).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Gateway::serve(listener, cloud, "reviews", upstream).unwrap();
    (emulator, gateway)
}

fn location(answer: &Response) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

/// Waits no longer than a test may.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it happens soon")
}

/// Reads one request after the other, as `Content-Length` or chunks say.
async fn answer(mut stream: TcpStream, sender: mpsc::UnboundedSender<Received>) {
    let mut bytes = Vec::new();
    while let Some(head) = read_head(&mut stream, &mut bytes).await {
        let mut received = Received { head, body: Vec::new() };
        if received.values("transfer-encoding").is_empty() {
            let length =
                received.values("content-length").first().map_or(0, |it| it.parse().unwrap());
            fill(&mut stream, &mut bytes, |bytes| bytes.len() >= length).await;
            received.body = bytes.drain(..length).collect();
        } else {
            let end = b"0\r\n\r\n";
            fill(&mut stream, &mut bytes, |bytes| bytes.ends_with(end)).await;
            received.body = std::mem::take(&mut bytes);
        }
        let _ = sender.send(received);
        if stream.write_all(ANSWER.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<String> {
    let end = |bytes: &[u8]| bytes.windows(4).position(|four| four == b"\r\n\r\n");
    fill(stream, bytes, |bytes| end(bytes).is_some()).await;
    let length = end(bytes)? + 4;
    Some(String::from_utf8_lossy(&bytes.drain(..length).collect::<Vec<_>>()).into_owned())
}

async fn fill(stream: &mut TcpStream, bytes: &mut Vec<u8>, is_enough: impl Fn(&[u8]) -> bool) {
    while !is_enough(bytes) {
        if stream.read_buf(bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
}
