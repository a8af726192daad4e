//! Only the app receives tokens.

use easyauth_emulator::Options;
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{Fault, FaultProxy},
    python::Environment,
};
use tokio::net::TcpListener;

use super::{against, reporting, run, stderr, token_file};

/// Whether anybody came to a listener.
async fn was_visited(listener: &TcpListener) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(listener.poll_accept(context).is_ready()))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_report_has_a_token_even_when_the_app_sends_it_back() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (file, token) = token_file(app.cloud(), &folder);
    for fault in [Fault::EchoesRequest, Fault::None] {
        let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
        for format in ["table", "json", "junit", "markdown"] {
            let args = ["--token-file", &file, "--skip", "B5", "--authority", app.cloud().origin()];
            let output = run(reporting(format, proxy.origin(), &args)).await;
            let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output));
            assert!(said.contains("B6"), "{said}");
            // Ids that a token has are no secret: what is, is its signature, every part of it.
            let (_, signature) = token.rsplit_once('.').unwrap();
            let parts = signature.as_bytes().windows(20).map(|it| std::str::from_utf8(it).unwrap());
            let parts = parts.chain(token.split('.'));
            for part in parts {
                assert!(!said.contains(part), "{format} has {part}: {said}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_redirect_is_followed_and_no_proxy_asked() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("http://{}/login", elsewhere.local_addr().unwrap());
    let fault = Fault::RedirectsToLogin(to.clone());
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = token_file(app.cloud(), &folder);
    let python = tokio::task::spawn_blocking(|| Environment::Agent.interpreter()).await.unwrap();
    let python = python.unwrap().to_str().unwrap().to_owned();
    // A token that is refused, so that it meets the redirect.
    let wrong = format!("{}x", std::fs::read_to_string(&file).unwrap());
    std::fs::write(&file, wrong).unwrap();
    let mut command =
        against(proxy.origin(), &["--group", "B,C", "--skip", "B5", "--token-file", &file]);
    command
        .args(["--python", "--python-interpreter", &python])
        .env("HTTP_PROXY", &to)
        .env("http_proxy", &to)
        .env("ALL_PROXY", &to);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let (file, _) = token_file(app.cloud(), &folder);
    let mut command =
        against(app.origin(), &["--group", "B,C", "--skip", "B5", "--token-file", &file]);
    command.args(["--authority", app.cloud().origin()]);
    command
        .args(["--python", "--python-interpreter", &python])
        .env("HTTP_PROXY", &to)
        .env("http_proxy", &to)
        .env("ALL_PROXY", &to);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!was_visited(&elsewhere).await, "somebody went where the app sent them");
}
