//! A proxy that terminates TLS in front of a local service.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

/// A proxy from `https` to a plain `http` service. It stops when this value is dropped.
#[derive(Debug)]
pub struct TlsProxy {
    origin: String,
    authority: String,
    task: JoinHandle<()>,
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TlsProxy {
    /// Starts in front of an origin (`http://127.0.0.1:…`) and writes the authority's certificate to a file in `folder`.
    ///
    /// # Errors
    /// The file cannot be written, or no port is free.
    pub async fn start(upstream: &str, folder: &Path) -> Result<Self> {
        let (acceptor, authority) = localhost(folder)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("https://localhost:{}", listener.local_addr()?.port());
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
                tokio::spawn(async move {
                    let mut near = acceptor.accept(stream).await?;
                    let mut far = TcpStream::connect(upstream).await?;
                    copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
        Ok(Self { origin, authority, task })
    }

    /// The `https` origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The file with the certificate of its authority, for `SSL_CERT_FILE`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

/// Returns an acceptor for `localhost`, and the path of the authority's certificate in `folder`.
pub(crate) fn localhost(folder: &Path) -> Result<(TlsAcceptor, String)> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    let authority = folder.join("authority.pem");
    fs::write(&authority, params.self_signed(&key)?.pem())?;
    let acceptor = acceptor(&Issuer::new(params, key))?;
    let authority = authority.to_str().context("the folder's path is not UTF-8")?.to_owned();
    Ok((acceptor, authority))
}

fn acceptor(issuer: &Issuer<'_, KeyPair>) -> Result<TlsAcceptor> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, issuer)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions()?.with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
