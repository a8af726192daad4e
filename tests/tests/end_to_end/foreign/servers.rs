//! Servers of books on the SDKs of others. Each can leave checks out.

use std::process::Stdio;

use easyauth_emulator::{Directory, Emulator, Gateway, Options, sample};
use restaurant_tests::{node, python};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

/// A running server; it ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) origin: String,
    _child: Child,
}

impl Process {
    /// Starts a program that prints its origin on its first line.
    async fn start(command: std::process::Command) -> Self {
        let mut command = Command::from(command);
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let origin = lines.next_line().await.unwrap().expect("it printed its origin");
        Self { origin, _child: child }
    }

    /// `FastMCP`, which keeps sessions and answers by event streams. It stands behind the platform.
    pub(crate) async fn python(left_out: &[&str]) -> Self {
        let command = tokio::task::spawn_blocking(|| python::Environment::Mcp1.command("books.py"));
        let mut command = command.await.unwrap().unwrap();
        let scope = format!("api://{}/user_impersonation", sample::API);
        command.args(left_out).env("SCOPE", scope);
        Self::start(command).await
    }

    /// The TypeScript SDK without sessions, which answers by JSON. It validates tokens itself.
    pub(crate) async fn node(emulator: &Emulator, left_out: &[&str]) -> Self {
        let command = tokio::task::spawn_blocking(|| node::command("books.mjs"));
        let mut command = command.await.unwrap().unwrap();
        let api = sample::API;
        let entra = json!({
            "authority": emulator.cloud().origin(),
            "tenant": sample::TENANT_ID,
            "audiences": [api.to_string(), format!("api://{api}")],
            "clients": sample::ALLOWED_CLIENTS,
            "scope": format!("api://{api}/user_impersonation"),
        });
        command.arg(entra.to_string()).args(left_out);
        Self::start(command).await
    }
}

/// The platform before a server.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) emulator: Emulator,
    pub(crate) gateway: Gateway,
}

impl Platform {
    pub(crate) async fn before(server: &str) -> Self {
        let mut options = Options::default();
        // The server's own check is under test.
        options.gateway.passes_foreign_origins = true;
        let emulator = Emulator::start(Directory::sample(), options).await.unwrap();
        let site = sample::site("books", sample::AUTH_SETTINGS).unwrap();
        let cloud = emulator.cloud().clone();
        cloud.sites().push(site);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Gateway::serve(listener, cloud, "books", server).unwrap();
        Self { emulator, gateway }
    }
}
