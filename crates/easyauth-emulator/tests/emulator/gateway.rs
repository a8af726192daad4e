//! The gateway over real sockets: what reaches the app, what is answered in its place, and that both ways stream.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod agents;
mod app;
mod doors;
mod headers;
mod sessions;
mod streams;

use easyauth_emulator::{Cloud, Directory, Emulator, Gateway, GatewayOptions, Options, sample};
use reqwest::{Client, RequestBuilder, redirect::Policy};
use serde_json::Value;
use tokio::net::TcpListener;

use self::app::App;

/// An app behind the gateway.
struct Site {
    emulator: Emulator,
    gateway: Gateway,
    _app: App,
}

impl Site {
    async fn new() -> Self {
        Self::with(GatewayOptions::default()).await
    }

    async fn with(gateway: GatewayOptions) -> Self {
        let mut options = Options::default();
        options.gateway = gateway;
        let app = App::start().await;
        let emulator = Emulator::start(Directory::sample(), options).await.unwrap();
        let cloud = emulator.cloud();
        cloud.sites().push(sample::site("app", sample::AUTH_SETTINGS).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Gateway::serve(listener, cloud.clone(), "app", &app.origin).unwrap();
        Self { emulator, gateway, _app: app }
    }

    fn cloud(&self) -> &Cloud {
        self.emulator.cloud()
    }

    /// Changes the settings, as a deployment would: from the next request on.
    fn change(&self, pointer: &str, value: Value) {
        let mut sites = self.cloud().sites();
        *sites[0].auth_settings.pointer_mut(pointer).unwrap() = value;
    }

    fn get(&self, path: &str) -> RequestBuilder {
        client().get(format!("{}{path}", self.gateway.origin()))
    }

    /// A good token of the agent, with some claims changed.
    fn token(&self, changes: &[(&str, Value)]) -> String {
        let mut claims = self.cloud().app_claims(sample::AGENT, sample::API).unwrap();
        for (name, value) in changes {
            claims[name] = value.clone();
        }
        self.cloud().sign(&self.cloud().token_header(), &claims)
    }
}

/// A client that goes nowhere by itself.
fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}
