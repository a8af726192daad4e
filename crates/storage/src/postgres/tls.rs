//! TLS as libpq's `sslmode` defines it, with rustls.

use std::{path::PathBuf, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem, pem::PemObject},
};

use crate::url::{Server, SslMode};

/// The TLS configuration of the client; `None` for `sslmode=disable`.
pub(super) fn client(server: &Server) -> Result<Option<ClientConfig>, TlsError> {
    let name = match server.ssl_mode {
        SslMode::Disable => return Ok(None),
        SslMode::Prefer | SslMode::Require => None,
        SslMode::VerifyCa => Some(HostCheck::Skip),
        SslMode::VerifyFull => Some(HostCheck::Match),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let chain = match name {
        None => None,
        Some(name) => Some((authorities(server.ssl_root_cert.clone(), &provider)?, name)),
    };
    let verifier = Arc::new(Verifier { chain, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Rustls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Some(config))
}

/// The trusted certificate authorities: of a file, or the system's.
fn authorities(
    file: Option<PathBuf>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = file {
        let wrong = |cause| TlsError::File { path: path.clone(), cause };
        for certificate in CertificateDer::pem_file_iter(&path).map_err(wrong)? {
            roots.add(certificate.map_err(wrong)?).map_err(TlsError::Rustls)?;
        }
        if roots.is_empty() {
            return Err(wrong(pem::Error::NoItemsFound));
        }
    } else {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate authority of the system cannot be read");
        }
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(TlsError::NoAuthorities);
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| TlsError::Rustls(Error::General(error.to_string())))
}

/// Whether the certificate must match the host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HostCheck {
    Skip,
    Match,
}

/// Verifies as much of a server's certificate as the `sslmode` requires. Always verifies that the server holds the
/// certificate's key.
#[derive(Debug)]
struct Verifier {
    chain: Option<(Arc<WebPkiServerVerifier>, HostCheck)>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some((chain, name)) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is verified last: the chain is valid.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if *name == HostCheck::Skip => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The error of the TLS configuration.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("the certificates of sslrootcert, {}, cannot be read: {cause}", path.display())]
    File { path: PathBuf, cause: pem::Error },
    #[error("the system has no certificate authorities: name some with sslrootcert")]
    NoAuthorities,
    #[error(transparent)]
    Rustls(Error),
}
