//! TLS to PostgreSQL, in every `sslmode`.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use restaurant_domain::{StoreError, SystemClock};
use restaurant_storage::{Database, DatabaseUrl, Limits, open};
use restaurant_tests::postgres::{Cluster, shared};
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// A server with a certificate for the name `localhost` alone, and two authorities: its own, and another's.
struct Server {
    cluster: Cluster,
    folder: TempDir,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (own, key) = authority();
        let issuer = Issuer::from_params(&own, key);
        let server_key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let server = server.signed_by(&server_key, &issuer).unwrap();
        let own = own.self_signed(issuer.key()).unwrap();
        let (other, key) = authority();
        let other = other.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("own.pem"), own.pem()).unwrap();
        std::fs::write(folder.path().join("other.pem"), other.pem()).unwrap();
        let cluster = Cluster::builder()
            .setting("ssl", "on")
            .setting("fsync", "off")
            .file("server.crt", server.pem())
            .file("server.key", server_key.serialize_pem())
            .start()
            .await
            .unwrap();
        Self { cluster, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A store that calls the server by a name, with these parameters.
    async fn store(&self, host: &str, parameters: &str) -> Result<Arc<dyn Database>, StoreError> {
        let url = self.cluster.url("postgres").replace("127.0.0.1", host);
        let url = DatabaseUrl::parse(&format!("{url}?{parameters}")).unwrap();
        let store = open(&url, Limits::default(), Arc::new(SystemClock)).await?;
        store.migrate().await?;
        store.ping().await?;
        Ok(store)
    }

    fn verify(&self, mode: &str, authority: &str) -> String {
        format!("sslmode={mode}&sslrootcert={}", self.file(authority).display())
    }

    /// Whether the connections with this name use TLS, as the server sees it; there must be one.
    async fn encrypted(&self, application: &str) -> bool {
        let url = self.cluster.url("postgres");
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let query = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
             WHERE application_name = $1";
        client.query_one(query, &[&application]).await.unwrap().get(0)
    }
}

fn authority() -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params, KeyPair::generate().unwrap())
}

fn assert_refused(result: Result<Arc<dyn Database>, StoreError>, why: &str) {
    let Err(StoreError::Unavailable(cause)) = result else { panic!("it connected") };
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    assert!(text.contains(why), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sslmode_is_as_strict_as_it_says() {
    let server = Server::start().await;
    for (name, parameters, encrypted) in [
        ("never", "sslmode=disable".to_owned(), false),
        ("by_default", String::new(), true),
        ("preferred", "sslmode=prefer".to_owned(), true),
        ("required", "sslmode=require".to_owned(), true),
        ("vouched", server.verify("verify-ca", "own.pem"), true),
        ("required_and_vouched", server.verify("require", "own.pem"), true),
    ] {
        // By an address that the certificate does not hold.
        let parameters = format!("{parameters}&application_name={name}");
        let store = server.store("127.0.0.1", &parameters).await.unwrap();
        assert_eq!(server.encrypted(name).await, encrypted, "{name}");
        drop(store);
    }
    server.store("localhost", &server.verify("verify-full", "own.pem")).await.unwrap();

    let refused = server.store("127.0.0.1", &server.verify("verify-full", "own.pem")).await;
    assert_refused(refused, "not valid for name");
    for mode in ["require", "verify-ca", "verify-full"] {
        let refused = server.store("localhost", &server.verify(mode, "other.pem")).await;
        assert_refused(refused, "invalid peer certificate");
    }
    // Without a file the system's authorities are asked, and none of them knows ours.
    for parameters in ["sslmode=verify-ca", "sslmode=verify-full", "sslrootcert=system"] {
        let Err(error) = server.store("localhost", parameters).await else {
            panic!("{parameters}: it connected")
        };
        assert!(!format!("{error:?}").contains("No such file"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_refused_when_tls_is_required() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let try_mode = async |mode: &str| {
        let url = format!("{}?sslmode={mode}", database.url());
        let url = DatabaseUrl::parse(&url).unwrap();
        let store = open(&url, Limits::default(), Arc::new(SystemClock)).await.unwrap();
        store.migrate().await.map(|_| store)
    };
    try_mode("prefer").await.unwrap();
    assert_refused(try_mode("require").await, "TLS");
}

#[tokio::test]
async fn a_file_of_authorities_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for path in [folder.path().join("missing.pem"), empty] {
        let url =
            format!("postgres://u@localhost/s?sslmode=verify-ca&sslrootcert={}", path.display());
        let url = DatabaseUrl::parse(&url).unwrap();
        let Err(StoreError::Failed(cause)) =
            open(&url, Limits::default(), Arc::new(SystemClock)).await
        else {
            panic!("it opened without {}", path.display())
        };
        assert!(cause.to_string().contains(path.to_str().unwrap()), "{cause}");
    }
}
