//! All of it as on Azure, with the app settings that are deployed: the platform before the server, tokens as passwords,
//! TLS, and `PgBouncer` before PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::{BTreeMap, BTreeSet};

use auth_probe::{CancellationToken, Case, CaseReport, Observer, Verdict};
use easyauth_emulator::{Directory, Emulator, Options, sample};
use rcgen::{CertificateParams, KeyPair};
use restaurant_tests::{
    app_service::{AppService, SITE},
    postgres::{Cluster, PgBouncer, TestDatabase, TokenAuthProxy},
    server::Server,
    workspace,
};
use serde_json::Value;

/// Nobody looks on.
#[derive(Debug)]
struct Nobody;

impl Observer for Nobody {
    fn started(&self, _case: &Case) {}
    fn finished(&self, _case: &CaseReport) {}
    fn note(&self, _text: &str) {}
}

/// A PostgreSQL that speaks TLS, and trusts every TLS client on this machine: the proxy in front of it asks for tokens.
async fn cluster() -> Cluster {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let trusting = "hostssl all all 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    Cluster::builder()
        .setting("ssl", "on")
        .file("server.crt", certificate.pem())
        .file("server.key", key.serialize_pem())
        .file("pg_hba.conf", trusting)
        .start()
        .await
        .unwrap()
}

/// The names of the settings that the deployment gives the app.
fn deployed() -> BTreeSet<String> {
    let snapshot = workspace::root().join("infra/snapshots/large.snapshot.json");
    let snapshot = std::fs::read_to_string(snapshot).unwrap();
    let snapshot: Value = serde_json::from_str(&snapshot).unwrap();
    let mut resources = snapshot["predictedResources"].as_array().unwrap().iter();
    let site = resources.find(|it| it["type"] == "Microsoft.Web/sites").unwrap();
    let settings = site["properties"]["siteConfig"]["appSettings"].as_array().unwrap();
    settings.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

/// What stands in the app settings, with values of this machine. Telemetry goes nowhere, as if nobody listened.
fn app_settings(gate: &TokenAuthProxy, database: &TestDatabase) -> BTreeMap<String, String> {
    let identity = sample::MANAGED_IDENTITY.to_string();
    let connection = format!(
        "host=localhost port={} dbname={} user={} sslmode=verify-full",
        gate.port(),
        database.name(),
        Cluster::USER
    );
    let nowhere = "InstrumentationKey=00000000-0000-0000-0000-000000000000;\
                   IngestionEndpoint=https://localhost:0/";
    [
        ("WEBSITES_PORT", "8000".to_owned()),
        ("BIND", "127.0.0.1:0".to_owned()),
        ("WEBSITES_CONTAINER_STOP_TIME_LIMIT", "45".to_owned()),
        ("DRAIN_SECONDS", "35".to_owned()),
        ("WEBSITES_ENABLE_APP_SERVICE_STORAGE", "false".to_owned()),
        (
            "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES",
            format!("api://{}/user_impersonation", sample::API),
        ),
        ("OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID", identity.clone()),
        ("ENTRA_TENANT_ID", sample::TENANT_ID.to_string()),
        ("AZURE_CLIENT_ID", identity),
        ("AZURE_POSTGRESQL_CONNECTIONSTRING", connection),
        ("DATABASE_AUTH", "entra".to_owned()),
        // As Bicep writes a boolean.
        ("DATABASE_PGBOUNCER", "True".to_owned()),
        ("APPLICATIONINSIGHTS_CONNECTION_STRING", nowhere.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_passes_as_deployed() {
    let cluster = cluster().await;
    let database = cluster.create_database().await.unwrap();
    let pooler = PgBouncer::trusting(&database).await.unwrap();
    let emulator = Emulator::start(Directory::sample(), Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let by_tls = TokenAuthProxy::with_tls(&pooler, emulator.cloud(), folder.path()).await;
    let (gate, authority) = by_tls.unwrap();

    let settings = app_settings(&gate, &database);
    assert_eq!(settings.keys().cloned().collect::<BTreeSet<_>>(), deployed());
    let mut site = sample::site(SITE, sample::AUTH_SETTINGS).unwrap();
    // The machine's: what the platform injects, and whom the system's authorities vouch for.
    site.app_settings.extend(settings);
    site.app_settings.extend(
        [
            ("IDENTITY_ENDPOINT", emulator.cloud().identity_endpoint()),
            ("IDENTITY_HEADER", emulator.cloud().identity_header().to_owned()),
            ("SSL_CERT_FILE", authority),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    let seed = Server::builder().arg("seed");
    let seed = site.app_settings.iter().fold(seed, |seed, (name, value)| seed.env(name, value));
    let seeded = seed.run().await.unwrap();
    assert!(seeded.status.success(), "{seeded:?}");

    let app = AppService::start_site(site, emulator, Some(database)).await.unwrap();
    let probe = app.probe().unwrap();
    let report = probe.run(&Nobody, &CancellationToken::new()).await.unwrap();
    let others = report.cases.iter().filter(|case| case.verdict != Verdict::Passed);
    let others: Vec<_> = others.map(|case| format!("{}: {:?}", case.id, case.got)).collect();
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(report.cases.len(), Case::all().count());
    assert!(gate.accepted() > 0);
    assert_eq!(gate.rejected(), 0);
}
