//! `sslmode=verify-full` without a file, and `sslrootcert=system`: the system's authorities decide, which `SSL_CERT_FILE` names as everywhere.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use restaurant_tests::{postgres::Cluster, server::Server};

/// An authority: its certificate, and what signs in its name.
fn authority() -> (Certificate, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate, Issuer::new(params, key))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_systems_authorities_vouch_for_a_postgresql() {
    let ((own, issuer), (other, _)) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap();
    let cluster = Cluster::builder()
        .setting("ssl", "on")
        .file("server.crt", certificate.pem())
        .file("server.key", key.serialize_pem())
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = cluster.url("postgres").replace("127.0.0.1", "localhost");
    for (name, authority, code) in [("own.pem", &own, 0), ("other.pem", &other, 2)] {
        let file = folder.path().join(name);
        std::fs::write(&file, authority.pem()).unwrap();
        for parameter in ["sslmode=verify-full", "sslrootcert=system"] {
            let migrate = Server::builder().arg("migrate").env("SSL_CERT_FILE", &file);
            let migrate = migrate.env("DATABASE_URL", format!("{url}?{parameter}"));
            let output = migrate.run().await.unwrap();
            assert_eq!(output.status.code(), Some(code), "{name}: {output:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(said.contains("certificate"), code != 0, "{said}");
            assert!(!said.contains(Cluster::PASSWORD), "{said}");
        }
    }
}
