//! Secrets stay secret: whatever is put into a setting, no output of the program repeats it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod canary;
mod program;

use std::{collections::HashSet, ffi::OsString};

use axum::{Router, http::StatusCode};
use restaurant_tests::{
    postgres::shared,
    server::{Server, ServerBuilder},
};
use tokio::net::TcpListener;

use self::{
    canary::{Canary, shapes},
    program::{AtOnce, Said},
};

/// What libraries read by themselves, and settings that are texts of a library's.
const OF_LIBRARIES: [&str; 8] = [
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_RESOURCE_ATTRIBUTES",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "HTTPS_PROXY",
    "ALL_PROXY",
];

/// Every setting, as the program itself lists them.
async fn settings() -> Vec<String> {
    let output = Server::builder().arg("config").arg("--markdown").run().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let names: Vec<_> = rows.map(|(name, _)| name.to_owned()).collect();
    assert!(names.len() > 40, "{names:?}");
    names
}

/// Answers everything, and keeps nothing.
async fn collector() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(|| async { StatusCode::OK });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// Settings under which as many others as possible mean something: a PostgreSQL that is not there, both kinds of
/// authentication, an issuer that is not there, a collector. The log is as talkative as it gets.
fn context(collector: &str) -> ServerBuilder {
    let guid = "11111111-2222-4333-8444-555555555555";
    [
        ("BIND", "127.0.0.1:0"),
        ("LOG", "trace"),
        ("LOG_FORMAT", "json"),
        ("DATABASE_CONNECT_SECONDS", "0.3"),
        ("DRAIN_SECONDS", "0.05"),
        ("AUTH_MODE", "easyauth+entra"),
        ("WEBSITE_AUTH_ENABLED", "true"),
        ("ENTRA_TENANT_ID", guid),
        ("ENTRA_CLIENT_ID", guid),
        ("ENTRA_ALLOWED_CLIENTS", guid),
        ("ENTRA_AUTHORITY", "http://127.0.0.1:9"), // tidy: nothing listens there
        ("DBHOST", "127.0.0.1"),
        ("DBPORT", "9"),
        ("DBUSER", "app"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
    ]
    .into_iter()
    .fold(Server::builder(), |server, (name, value)| server.env(name, value))
}

/// `--name=value`.
fn option(name: &str, value: &OsString) -> OsString {
    let mut option = OsString::from(format!("--{}=", name.to_lowercase().replace('_', "-")));
    option.push(value);
    option
}

/// No run repeats the canary, and each ends well or with a refusal.
fn are_silent(canary: &Canary, runs: &[Said]) {
    let mut wrong = Vec::new();
    for Said { told, code, output } in runs {
        // A number that `config` takes is a name, which may be shown.
        let is_malformed = *code == Some(2) && told.starts_with("config");
        let lines = canary.lines_with_it(output, is_malformed);
        if !lines.is_empty() || !matches!(code, Some(0 | 2)) {
            wrong.push(format!("{told}\n  {code:?} {lines:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} runs:\n{}", wrong.len(), wrong.join("\n"));
}

/// A malformed value in a setting, as a variable or as an option.
#[derive(Clone)]
struct Case {
    setting: String,
    value: OsString,
    by_option: bool,
}

impl Case {
    fn told(&self, command: &str) -> String {
        let by = if self.by_option { "--" } else { "" };
        format!("{command} {by}{}={}", self.setting, self.value.to_string_lossy())
    }

    fn server(&self, collector: &str, command: &str) -> ServerBuilder {
        let server = context(collector).arg(command);
        if self.by_option {
            server.arg(option(&self.setting, &self.value))
        } else {
            server.env(&self.setting, &self.value)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_output_repeats_a_malformed_value_of_any_setting() {
    let (settings, collector) = (settings().await, collector().await);
    let canary = Canary::default();
    let shapes = shapes(&canary);
    let mut cases = Vec::new();
    let mut runs = AtOnce::default();
    for (row, setting) in settings.iter().enumerate() {
        for (column, value) in shapes.iter().enumerate() {
            let by_option = (row + column) % 2 == 0;
            let case = Case { setting: setting.clone(), value: value.clone(), by_option };
            runs.add(case.told("config"), case.server(&collector, "config")).await;
            cases.push(case);
        }
    }
    let configs = runs.all().await;
    are_silent(&canary, &configs);
    // What `config` refuses, the others refuse in the same way, of which some are a sample. What it takes, they use.
    let taken = configs.iter().filter(|said| said.code == Some(0));
    let taken: HashSet<_> = taken.map(|said| said.told.as_str()).collect();
    let mut runs = AtOnce::default();
    for (number, case) in cases.iter().enumerate() {
        for command in ["migrate", "serve"] {
            if number % 13 == 0 || taken.contains(&*case.told("config")) {
                runs.add(case.told(command), case.server(&collector, command)).await;
            }
        }
    }
    are_silent(&canary, &runs.all().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_output_repeats_what_stands_in_a_wrong_place_or_is_read_by_a_library() {
    let collector = collector().await;
    let canary = Canary::default();
    let mut runs = AtOnce::default();
    for (row, shape) in shapes(&canary).into_iter().enumerate() {
        let told = shape.to_string_lossy().into_owned();
        // They start to serve, which takes a while: each shape in some of the variables.
        let some = OF_LIBRARIES.iter().enumerate().filter(|(column, _)| (row + column) % 4 == 0);
        for (_, name) in some {
            let server = context(&collector).env("DATABASE_AUTH", "entra");
            let server = server.env("IDENTITY_HEADER", "x").env(name, &shape).arg("serve");
            runs.add(format!("{name}={told}"), server).await;
        }
        for args in
            [&["config"][..], &["migrate"], &["seed", "--restaurants"], &["--dbpass", "a"], &[]]
        {
            let server = args.iter().fold(context(&collector), |server, arg| server.arg(*arg));
            runs.add(format!("{args:?} {told}"), server.arg(&shape)).await;
        }
        let unknown = context(&collector).arg("config").arg(option("DBPAS", &shape));
        runs.add(format!("--dbpas={told}"), unknown).await;
    }
    are_silent(&canary, &runs.all().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_output_shows_a_secret_that_is_well_formed() {
    let (canary, collector) = (Canary::default(), collector().await);
    let secret = canary.text();
    let database = shared().await.unwrap().create_database().await.unwrap();
    let url = database.url().parse::<reqwest::Url>().unwrap();
    let with_password = |password: &str| {
        let mut url = url.clone();
        url.set_password(Some(password)).unwrap();
        url.to_string()
    };
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    let name = url.path().trim_start_matches('/');
    let user = url.username();
    let mut runs = AtOnce::default();
    for (setting, value) in [
        ("DATABASE_URL", with_password(secret)),
        ("DATABASE_URL", with_password(&canary.encoded())),
        ("AZURE_POSTGRESQL_CONNECTIONSTRING", with_password(secret)),
        (
            "AZURE_POSTGRESQL_CONNECTIONSTRING",
            format!("host={host} port={port} dbname={name} user={user} password='{secret}'"),
        ),
        (
            "AZURE_POSTGRESQL_CONNECTIONSTRING",
            format!("Server={host};Port={port};Database={name};User Id={user};Password={secret}"),
        ),
        ("DBPASS", secret.to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{collector}/{secret}")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:9/{secret}")), // tidy: nothing listens there
        ("OTEL_EXPORTER_OTLP_HEADERS", format!("x-key={secret}")),
        (
            "APPLICATIONINSIGHTS_CONNECTION_STRING",
            // tidy: nothing listens there
            format!("InstrumentationKey={secret};IngestionEndpoint=https://127.0.0.1:9/{secret};"),
        ),
        ("IDENTITY_HEADER", secret.to_owned()),
    ] {
        for command in ["config", "migrate", "serve", "--help"] {
            let server = context(&collector).env(setting, &value).arg(command);
            runs.add(format!("{command} {setting}={value}"), server).await;
        }
    }
    are_silent(&canary, &runs.all().await);
}
