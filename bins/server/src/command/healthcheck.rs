//! `healthcheck`: checks the health of the running server, for containers without another HTTP client.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::settings::Settings;

/// The time limit for the response.
const LIMIT: Duration = Duration::from_secs(3);

/// Asks `/healthz` at the address in BIND: exit code 0 when it answers 200, else 1 and a line that says why.
///
/// # Errors
/// None: an unhealthy server is a result.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let address = Settings::reachable(settings.address());
    match timeout(LIMIT, ask(address)).await {
        Ok(Ok(status)) if status.starts_with("HTTP/1.1 200") => Ok(ExitCode::SUCCESS),
        Ok(Ok(status)) => Ok(unhealthy(address, &status)),
        Ok(Err(error)) => Ok(unhealthy(address, &error.to_string())),
        Err(_) => Ok(unhealthy(address, "no answer in 3 seconds")),
    }
}

/// The status line of the answer.
async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.lines().next().unwrap_or("an empty answer").to_owned())
}

fn unhealthy(address: SocketAddr, why: &str) -> ExitCode {
    eprintln!("unhealthy: {address}: {why}");
    ExitCode::FAILURE
}
