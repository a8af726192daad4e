//! Settings as platforms write them, and what a start makes of them: connection strings, names, files.

use std::os::unix::fs::PermissionsExt;

use restaurant_tests::{postgres::shared, server::Server};
use tempfile::TempDir;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn white_space_around_a_value_is_ignored() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let url = database.url().parse::<reqwest::Url>().unwrap();
    let around = |text: &str| format!("\u{feff} \t{text} \r\n");
    let migrate = Server::builder().arg("migrate").env("DATABASE_URL", around(database.url()));
    let output = migrate.run().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let parts = [
        ("DBHOST", url.host_str().unwrap().to_owned()),
        ("DBPORT", url.port().unwrap().to_string()),
        ("DBNAME", url.path().trim_start_matches('/').to_owned()),
        ("DBUSER", url.username().to_owned()),
        ("DBPASS", url.password().unwrap().to_owned()),
        ("DBSSLMODE", "prefer".to_owned()),
        ("DATABASE_CONNECTIONS", "2".to_owned()),
        ("READ_ONLY", "false".to_owned()),
        ("LOG_FORMAT", "json".to_owned()),
        ("DATABASE_CONNECT_SECONDS", "5".to_owned()),
    ];
    let by_variables = parts
        .iter()
        .fold(Server::builder(), |server, (name, value)| server.env(*name, around(value)));
    let by_options = parts.iter().fold(Server::builder(), |server, (name, value)| {
        let name = name.to_lowercase().replace('_', "-");
        server.arg(format!("--{name}")).arg(around(value))
    });
    for server in [by_variables, by_options] {
        let output = server.env("PORT", " \n").arg("migrate").run().await.unwrap();
        assert!(text(&output.stdout).starts_with("migrations applied: 0"), "{output:?}");
    }
    let config = Server::builder().arg("config").arg("--port").arg(around("8123"));
    let said = text(&config.env("ALLOWED_HOSTS", " \r\n").run().await.unwrap().stdout);
    let line = |name: &str| said.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("PORT").ends_with("command line") && line("PORT").contains(" 8123 "), "{said}");
    assert!(line("ALLOWED_HOSTS").ends_with("not set"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_a_connection_string_is_taken() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let url = database.url().parse::<reqwest::Url>().unwrap();
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    let (name, user) = (url.path().trim_start_matches('/'), url.username());
    let password = url.password().unwrap();
    let uri = database.url().replace("postgres://", "postgresql://");
    let pairs = format!("host={host} port={port} dbname={name} user={user} password='{password}'");
    let net = format!(
        "Server={host};Port={port};Database={name};User Id={user};Password={password};Ssl Mode=Prefer;"
    );
    for setting in ["AZURE_POSTGRESQL_CONNECTIONSTRING", "DATABASE_URL"] {
        for value in [&uri, &pairs, &net] {
            let migrate = Server::builder().arg("migrate").env(setting, value);
            let output = migrate.run().await.unwrap();
            assert!(output.status.success(), "{setting}={value}: {output:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_carry_the_programs_name_unless_the_address_says_another() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let names = async || -> Vec<String> {
        let query = "SELECT DISTINCT application_name FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let (client, connection) =
            tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let rows = client.query(query, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let version = env!("CARGO_PKG_VERSION");
    for (parameters, expected) in [
        ("", format!("restaurant-server/{version}")),
        ("?application_name=reviews-2", "reviews-2".to_owned()),
    ] {
        let url = format!("{}{parameters}", database.url());
        let mut server = Server::builder().env("DATABASE_URL", url).start().await.unwrap();
        server.wait_until_ready().await.unwrap();
        assert_eq!(names().await, [expected]);
        server.terminate().unwrap();
        server.wait().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_a_start_makes_is_its_owners_alone() {
    let folder = TempDir::new().unwrap();
    let mode = |name: &str| {
        let file = folder.path().join(name);
        std::fs::metadata(&file)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .permissions()
            .mode()
            & 0o777
    };
    let server = Server::builder().folder(folder.path()).start().await.unwrap();
    for name in ["restaurants.sqlite3", "restaurants.sqlite3-wal", "restaurants.sqlite3-shm"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    drop(server);

    // A file that is there keeps its mode; a link to one that is missing is followed.
    let shared = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(folder.path().join("restaurants.sqlite3"), shared).unwrap();
    std::os::unix::fs::symlink("made.sqlite3", folder.path().join("link.sqlite3")).unwrap();
    for (url, name, expected) in [
        ("sqlite://restaurants.sqlite3", "restaurants.sqlite3", 0o640),
        ("sqlite://link.sqlite3", "made.sqlite3", 0o600),
    ] {
        let migrate = Server::builder().folder(folder.path()).arg("migrate");
        let output = migrate.env("DATABASE_URL", url).run().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(mode(name), expected, "{name}");
    }
}
