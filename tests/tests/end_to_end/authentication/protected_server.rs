//! The product behind its doors: the emulated issuer, the server, and the platform's gateway where there is one.

use easyauth_emulator::{Cloud, Directory, Emulator, Gateway, Options, sample};
use restaurant_tests::server::{Server, ServerBuilder};
use tokio::net::TcpListener;

/// Who looks at a request before the product does anything with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployment {
    /// The server itself: `AUTH_MODE=entra`.
    Entra,
    /// The platform, and the server believes it: `AUTH_MODE=easyauth`.
    Platform,
    /// Both: `AUTH_MODE=easyauth+entra`.
    Both,
}

impl Deployment {
    pub const ALL: [Self; 3] = [Self::Entra, Self::Platform, Self::Both];

    fn mode(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::Platform => "easyauth",
            Self::Both => "easyauth+entra",
        }
    }
}

/// The product on an SQLite file with sample data, behind a door.
pub struct ProtectedServer {
    pub emulator: Emulator,
    pub server: Server,
    gateway: Option<Gateway>,
}

impl ProtectedServer {
    /// Starts everything.
    pub async fn start(deployment: Deployment) -> Self {
        Self::with(deployment, |server| server).await
    }

    /// Starts everything, with further settings of the server.
    pub async fn with(
        deployment: Deployment,
        settings: impl FnOnce(ServerBuilder) -> ServerBuilder,
    ) -> Self {
        let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
        let mut server = Server::builder()
            .env("AUTH_MODE", deployment.mode())
            .env("ENTRA_AUTHORITY", emulator.cloud().origin())
            .env("ENTRA_TENANT_ID", sample::TENANT_ID.to_string())
            .env("ENTRA_CLIENT_ID", sample::API.to_string())
            .env(
                "ENTRA_ALLOWED_CLIENTS",
                sample::ALLOWED_CLIENTS.map(|id| id.to_string()).join(","),
            );
        if deployment != Deployment::Entra {
            server = server.env("WEBSITE_AUTH_ENABLED", "True");
        }
        let server = settings(server).start().await.unwrap();
        let gateway = match deployment {
            Deployment::Entra => None,
            Deployment::Platform | Deployment::Both => {
                Some(gateway(emulator.cloud(), &server).await)
            }
        };
        Self { emulator, server, gateway }
    }

    pub fn cloud(&self) -> &Cloud {
        self.emulator.cloud()
    }

    /// The address of a page as clients from outside reach it.
    pub fn url(&self, path: &str) -> String {
        match &self.gateway {
            Some(gateway) => format!("{}{path}", gateway.origin()),
            None => self.server.url(path),
        }
    }
}

async fn gateway(cloud: &Cloud, server: &Server) -> Gateway {
    cloud.sites().push(sample::site("reviews", sample::AUTH_SETTINGS).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Gateway::serve(listener, cloud.clone(), "reviews", &server.url("")).unwrap()
}
