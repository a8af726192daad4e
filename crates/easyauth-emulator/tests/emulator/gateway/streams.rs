//! Both ways stream, and an app that is away or breaks off is told from one that answers.

use std::time::Duration;

use easyauth_emulator::{Gateway, sample};
use futures_util::StreamExt as _;
use reqwest::Body;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

use super::Site;

const PATIENCE: Duration = Duration::from_secs(20);

/// Sends bytes to the gateway, and gives what comes back until it closes.
pub async fn raw(site: &Site, bytes: &str) -> String {
    let address = site.gateway.origin().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn each_chunk_goes_there_and_back_before_the_next_is_sent() {
    let site = Site::new().await;
    let (send, mut receive) = mpsc::unbounded_channel::<&'static str>();
    let chunks = futures_util::stream::poll_fn(move |context| receive.poll_recv(context));
    let body = Body::wrap_stream(chunks.map(Ok::<_, std::io::Error>));
    let url = format!("{}/echo-body", site.gateway.origin());
    let request = super::client().post(url).bearer_auth(site.token(&[])).body(body);
    send.send("first").unwrap();
    let mut answer = timeout(PATIENCE, request.send()).await.unwrap().unwrap();
    let mut next = async || timeout(PATIENCE, answer.chunk()).await.unwrap().unwrap();
    assert_eq!(next().await.unwrap(), "first");
    send.send("second").unwrap();
    assert_eq!(next().await.unwrap(), "second");
    drop(send);
    assert_eq!(next().await, None);
}

#[tokio::test]
async fn an_app_that_is_away_is_503() {
    let site = Site::new().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let away = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Gateway::serve(listener, site.cloud().clone(), "app", &away).unwrap();
    let known = super::client().get(gateway.origin()).bearer_auth(site.token(&[]));
    assert_eq!(known.send().await.unwrap().status(), 503);
    assert_eq!(
        reqwest::get(gateway.origin()).await.unwrap().status(),
        401,
        "strangers are not told"
    );
}

#[tokio::test]
async fn an_app_that_breaks_off_leaves_nobody_waiting() {
    let site = Site::new().await;
    let half = site.get("/broken").bearer_auth(site.token(&[])).send().await.unwrap();
    // The app may break off before the head of its answer is on the way.
    let status = half.status();
    let body = timeout(PATIENCE, half.text()).await.unwrap();
    assert!(status == 502 || body.is_err(), "half an answer is none: {status} {body:?}");

    // An app that closes without a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = silent.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Gateway::serve(listener, site.cloud().clone(), "app", &address).unwrap();
    let known = super::client().get(gateway.origin()).bearer_auth(site.token(&[]));
    assert_eq!(timeout(PATIENCE, known.send()).await.unwrap().unwrap().status(), 502);
}

#[tokio::test]
async fn one_request_reaches_the_app_as_one() {
    let site = Site::new().await;
    let token = site.token(&[]);
    let hidden = format!(
        "GET /hidden HTTP/1.1\r\nHost: x\r\nX-MS-CLIENT-PRINCIPAL-ID: {}\r\n\r\n",
        sample::USER
    );
    let head = format!(
        "POST /echo-body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
    );
    for (what, rest) in [
        (
            "CL.TE",
            format!(
                "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
                hidden.len() + 5
            ),
        ),
        (
            "TE.CL",
            format!(
                "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{:x}\r\n{hidden}\r\n0\r\n\r\n",
                hidden.len()
            ),
        ),
        (
            "two lengths",
            format!("Content-Length: 0\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len()),
        ),
    ] {
        let answer = raw(&site, &format!("{head}{rest}")).await;
        assert!(!answer.contains("/hidden\",\""), "{what}: the app took what was hidden: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer}");
    }
}
