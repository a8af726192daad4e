//! A proxy that accepts access tokens as PostgreSQL passwords, as Azure does: it requests a cleartext password, validates it,
//! and forwards the rest to the cluster.

use std::{
    path::Path,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context as _, Result, bail, ensure};
use easyauth_emulator::Cloud;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use super::{TestDatabase, cluster::Cluster, pgbouncer::PgBouncer};
use crate::tls_proxy;

/// The audience of a token for Azure's databases.
const AUDIENCE: &str = "https://ossrdbms-aad.database.windows.net";

/// The request code of `SSLRequest`.
const SSL_REQUEST: u32 = 80_877_103;

/// A running proxy. It stops when this value is dropped.
#[derive(Debug)]
pub struct TokenAuthProxy {
    port: u16,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU32,
    rejected: AtomicU32,
}

impl TokenAuthProxy {
    /// Starts on a free port of 127.0.0.1. The cluster must trust this machine.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(cluster: &Cluster, cloud: &Cloud) -> Result<Self> {
        Self::listen(cluster.port(), cloud, None).await
    }

    /// Starts with TLS as `localhost` in front of a pooler that trusts this machine. Returns the path of the authority's
    /// certificate in `folder` too.
    ///
    /// # Errors
    /// When there is no free port, or the file cannot be written.
    pub async fn with_tls(
        pooler: &PgBouncer,
        cloud: &Cloud,
        folder: &Path,
    ) -> Result<(Self, String)> {
        let (acceptor, authority) = tls_proxy::localhost(folder)?;
        Ok((Self::listen(pooler.port(), cloud, Some(acceptor)).await?, authority))
    }

    async fn listen(upstream: u16, cloud: &Cloud, tls: Option<TlsAcceptor>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let cloud = cloud.clone();
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (cloud, counts, tls) = (cloud.clone(), Arc::clone(&shared), tls.clone());
                // A client that disconnects is not an error of the proxy.
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            serve(secured(stream, &tls).await?, upstream, &cloud, &counts).await
                        }
                        None => serve(stream, upstream, &cloud, &counts).await,
                    }
                });
            }
        });
        Ok(Self { port, counts, task })
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database through the proxy, without a password.
    #[must_use]
    pub fn url(&self, database: &TestDatabase) -> String {
        format!("postgres://{}@127.0.0.1:{}/{}", Cluster::USER, self.port, database.name())
    }

    /// The number of accepted sign-ins.
    #[must_use]
    pub fn accepted(&self) -> u32 {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    /// The number of rejected sign-ins.
    #[must_use]
    pub fn rejected(&self) -> u32 {
        self.counts.rejected.load(Ordering::SeqCst)
    }
}

impl Drop for TokenAuthProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The client's TLS, which it has to ask for.
async fn secured(mut client: TcpStream, tls: &TlsAcceptor) -> Result<impl AsyncRead + AsyncWrite> {
    let (length, code) = (client.read_u32().await?, client.read_u32().await?);
    ensure!((length, code) == (8, SSL_REQUEST), "no request for TLS");
    client.write_all(b"S").await?;
    Ok(tls.accept(client).await?)
}

async fn serve(
    client: impl AsyncRead + AsyncWrite,
    port: u16,
    cloud: &Cloud,
    counts: &Counts,
) -> Result<()> {
    let mut client = pin!(client);
    let startup = startup(&mut client).await?;
    // AuthenticationCleartextPassword.
    client.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]).await?;
    let password = password(&mut client).await?;
    if let Err(error) = judge(cloud, &password) {
        counts.rejected.fetch_add(1, Ordering::SeqCst);
        return refuse(&mut client, &error.to_string()).await;
    }
    counts.accepted.fetch_add(1, Ordering::SeqCst);
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    server.write_all(&startup).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// The startup message, with its length; a request for TLS before is refused.
async fn startup(client: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Vec<u8>> {
    loop {
        let length = client.read_u32().await?;
        ensure!((8..10_000).contains(&length), "no startup message");
        let mut message = vec![0; length as usize];
        message[..4].copy_from_slice(&length.to_be_bytes());
        client.read_exact(&mut message[4..]).await?;
        let code = message.get(4..8).and_then(|code| code.try_into().ok()).map(u32::from_be_bytes);
        if code != Some(SSL_REQUEST) {
            return Ok(message);
        }
        client.write_all(b"N").await?;
    }
}

async fn password(client: &mut (impl AsyncRead + Unpin)) -> Result<String> {
    ensure!(client.read_u8().await? == b'p', "no password message");
    let length = client.read_u32().await?;
    ensure!((4..20_000).contains(&length), "no password");
    let mut password = vec![0; length as usize - 4];
    client.read_exact(&mut password).await?;
    Ok(String::from_utf8(password)?.trim_end_matches('\0').to_owned())
}

fn judge(cloud: &Cloud, token: &str) -> Result<()> {
    let key = DecodingKey::from_rsa_pem(cloud.public_key_pem().as_bytes())?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[AUDIENCE]);
    let claims = jsonwebtoken::decode::<Value>(token, &key, &validation)?.claims;
    let tenant = cloud.tenant_id().to_string();
    let tid = claims["tid"].as_str().context("no tenant")?;
    if tid == tenant { Ok(()) } else { bail!("another tenant") }
}

/// An `ErrorResponse` as PostgreSQL's of a wrong password.
async fn refuse(client: &mut (impl AsyncWrite + Unpin), why: &str) -> Result<()> {
    let mut fields = Vec::new();
    for (kind, text) in [(b'S', "FATAL"), (b'C', "28P01"), (b'M', why)] {
        fields.push(kind);
        fields.extend_from_slice(text.as_bytes());
        fields.push(0);
    }
    fields.push(0);
    let length = u32::try_from(fields.len() + 4)?;
    client.write_all(b"E").await?;
    client.write_u32(length).await?;
    Ok(client.write_all(&fields).await?)
}
