//! TLS certificates of the emulator's own: a certificate authority, and the server certificate that it signs.

mod folder;

use std::{fmt, io, path::Path, sync::Arc};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde::{Deserialize, Serialize};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

/// The names that every certificate is for.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// How long a certificate is valid. Some clients refuse server certificates that are valid for more than 398 days.
const VALIDITY: TimeDelta = TimeDelta::days(365);

/// A server certificate with its key, and the certificate of the authority that signed it.
///
/// The authority signs this one certificate: its own key is dropped and never stored, so that a program which trusts the
/// authority trusts no other server.
#[derive(Clone)]
pub struct Tls {
    authority: String,
    acceptor: TlsAcceptor,
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// What is stored of a server certificate.
#[derive(Serialize, Deserialize)]
struct Identity {
    /// The host names and addresses that the certificate is for, in order.
    names: Vec<String>,
    /// When the certificate expires, in seconds since 1970.
    expires: i64,
    /// The server's private key, in PEM.
    key: String,
    /// The server's certificate, in PEM.
    certificate: String,
    /// The authority's certificate, in PEM.
    authority: String,
}

impl Tls {
    /// Makes certificates for the loopback names and these host names or IP addresses, and stores nothing.
    ///
    /// # Errors
    /// A name is invalid, or the machine makes no key.
    pub fn generate(names: &[String]) -> io::Result<Self> {
        Self::new(&Identity::generate(all(names), now())?)
    }

    /// Takes the certificates of a folder that are for exactly the loopback names and these, and makes them where there are
    /// none or they expire within 30 days. The folder then has `ca.pem`, the authority's certificate, for clients; and
    /// `server.json` with the server's key, which only its owner can read.
    ///
    /// # Errors
    /// A name is invalid, or the folder or its files cannot be read or written.
    pub fn in_folder(folder: &Path, names: &[String]) -> io::Result<Self> {
        Self::new(&folder::open(folder, all(names), now())?)
    }

    /// The certificate of the authority, in PEM: for clients to trust.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    fn new(identity: &Identity) -> io::Result<Self> {
        let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let mut config = config
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.map_err(io::Error::other)?],
                key.map_err(io::Error::other)?,
            )
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { authority: identity.authority.clone(), acceptor })
    }
}

impl Identity {
    fn generate(names: Vec<String>, now: DateTime<Utc>) -> io::Result<Self> {
        let authority_key = KeyPair::generate().map_err(io::Error::other)?;
        let mut authority = params(&[], "easyauth-emulator authority", now)?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = authority.self_signed(&authority_key).map_err(io::Error::other)?;
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut server = params(&names, "easyauth-emulator", now)?;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let signed = server.signed_by(&key, &issuer).map_err(io::Error::other)?;
        Ok(Self {
            names,
            expires: (now + VALIDITY).timestamp(),
            key: key.serialize_pem(),
            certificate: signed.pem(),
            authority: certificate.pem(),
        })
    }
}

fn params(names: &[String], subject: &str, now: DateTime<Utc>) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, subject);
    // A day more on each side: clocks differ.
    [params.not_before, params.not_after] =
        [now - TimeDelta::days(1), now + VALIDITY + TimeDelta::days(1)].map(|time| {
            let (month, day) = (time.month(), time.day());
            let number = |part| u8::try_from(part).expect("months and days have two digits");
            rcgen::date_time_ymd(time.year(), number(month), number(day))
        });
    Ok(params)
}

fn all(names: &[String]) -> Vec<String> {
    let mut all: Vec<_> = LOOPBACK.map(str::to_owned).into();
    for name in names {
        let name = name.trim_start_matches('[').trim_end_matches(']').to_lowercase();
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

#[expect(clippy::disallowed_methods, reason = "certificates are checked by the machine's clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
