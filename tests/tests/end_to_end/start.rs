//! The binary as an operator meets it: first start, commands, refusals, logs.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{net::TcpListener, os::unix::fs::PermissionsExt, process::Output};

use restaurant_tests::{
    postgres::shared,
    reference,
    server::{Server, ServerBuilder},
    workspace,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A start that is refused: exit code 2, nothing on stdout, one line on stderr, which is given.
async fn refusal(server: ServerBuilder) -> String {
    let output: Output = server.run().await.unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(text(&output.stdout), "");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_makes_a_file_with_sample_data_and_says_where_everything_is() {
    let folder = TempDir::new().unwrap();
    let mut first = Server::builder().folder(folder.path()).start().await.unwrap();
    assert!(folder.path().join("restaurants.sqlite3").exists());
    let page = reqwest::get(first.url("/")).await.unwrap().text().await.unwrap();
    assert!(page.contains("The Blue Door"), "{page}");
    let banner = first.stdout().join("\n");
    assert!(banner.contains(&format!("MCP    {}", first.url("/mcp"))), "{banner}");
    let line = banner.lines().find(|line| line.starts_with('{')).expect("a configuration to paste");
    let configuration: Value = serde_json::from_str(line).unwrap();
    assert_eq!(configuration["mcpServers"]["restaurant-reviews"]["url"], first.url("/mcp"));
    first.terminate().unwrap();
    assert!(first.wait().await.unwrap().success());

    let second = Server::builder().folder(folder.path()).start().await.unwrap();
    let page = reqwest::get(second.url("/?search=blue+door")).await.unwrap().text().await.unwrap();
    assert_eq!(page.matches("The Blue Door</").count(), 1, "sample data comes once: {page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_deleted_under_the_server_is_missed_and_the_next_start_makes_a_new_one() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("restaurants.sqlite3");
    let mut server = Server::builder().folder(folder.path()).start().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    let form = [("restaurant_name", "Lost"), ("street_address", "1 Street"), ("description", "x")];
    let add = reqwest::Client::new().post(server.url("/add")).form(&form);
    for answer in [
        add.send().await.unwrap(),
        reqwest::get(server.url("/")).await.unwrap(),
        reqwest::get(server.url("/readyz")).await.unwrap(),
    ] {
        assert_eq!(answer.status(), 503, "{}", answer.url());
        assert!(!answer.text().await.unwrap().contains("sqlite3"));
    }
    assert!(!file.exists());
    server.terminate().unwrap();
    assert!(server.wait().await.unwrap().success());
    let logs = server.logs().join("\n");
    assert!(logs.contains("restaurants.sqlite3 cannot be used: it was deleted"), "{logs}");

    let server = Server::builder().folder(folder.path()).start().await.unwrap();
    let page = reqwest::get(server.url("/")).await.unwrap().text().await.unwrap();
    assert!(page.contains("The Blue Door"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_start_says_why_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let server = || Server::builder().env("BIND", "127.0.0.1:0");
    let said = refusal(server().env("BIND", address.to_string())).await;
    assert!(said.contains(&address.to_string()) && said.contains("BIND or PORT"), "{said}");
    let said = refusal(server().env("PORT", address.port().to_string())).await;
    assert!(said.contains(&address.to_string()), "{said}");

    for (url, says) in [
        ("mysql://root:geheim@host/db", "postgres://"),
        ("postgres://user:geheim@:port/db", "DATABASE_URL"),
        ("postgres://user:geheim@host/db?sslmode=maybe", "sslmode"),
        ("sqlite:///no/such/folder/data.sqlite3", "/no/such/folder"),
    ] {
        let said = refusal(server().env("DATABASE_URL", url)).await;
        assert!(said.contains(says) && !said.contains("geheim"), "{url}: {said}");
    }
    let said =
        refusal(server().env("AZURE_POSTGRESQL_CONNECTIONSTRING", "host=h password='geheim")).await;
    assert!(
        said.contains("AZURE_POSTGRESQL_CONNECTIONSTRING") && !said.contains("geheim"),
        "{said}"
    );
    let said = refusal(server().env("BIND", "0.0.0.0:0")).await;
    assert!(said.contains("ALLOW_INSECURE"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_setting_is_named_once_with_what_to_give() {
    for (name, value, says) in [
        ("PORT", "x", "0 to 65535"),
        ("BIND", "localhost:80", "127.0.0.1:8000"), // tidy: words of a message
        ("AUTH_MODE", "open", "none"),
        ("DRAIN_SECONDS", "-1", "0.05 to 3600"),
        ("DATABASE_CONNECTIONS", "0", "1..=1000"),
        ("LOG", "a=b=c", "trace"),
        ("LOG", "verbose", "trace"),
        ("ALLOWED_HOSTS", "a.example,https://b.example", "no scheme"),
        ("ALLOWED_HOSTS", "*", "host names"),
        ("ALLOWED_HOSTS", "a.example:8443", "no port"),
        ("ALLOWED_ORIGINS", "a.example", "https://"),
        ("DATABASE_URL", "file.db", "it is no database URL"),
        ("DBNAME", "food", "DBHOST is missing"),
    ] {
        let said = refusal(Server::builder().env("BIND", "127.0.0.1:0").env(name, value)).await;
        assert!(said.contains(name) && said.contains(says), "{name}={value}: {said}");
        assert_eq!(said.matches(says).count(), 1, "{name}={value}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_variable_that_is_set_to_nothing_counts_as_none() {
    let names = [
        "PORT",
        "ALLOWED_HOSTS",
        "AUTH_MODE",
        "LOG",
        "LOG_FORMAT",
        "DRAIN_SECONDS",
        "DATABASE_URL",
        "DBNAME",
    ];
    let server = names.iter().fold(Server::builder(), |server, name| server.env(*name, ""));
    let server = server.env("ALLOWED_HOSTS", " reviews.example , b.example").start();
    let mut server = server.await.unwrap();
    let get = reqwest::Client::new().get(server.url("/")).header("host", "reviews.example:443"); // tidy: a name
    assert!(get.send().await.unwrap().status().is_success());
    // Its log is complete when it has ended.
    server.terminate().unwrap();
    server.wait().await.unwrap();
    assert!(!server.logs().is_empty(), "it logs as it does without LOG");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_database_or_cannot_be_written_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("data.sqlite3");
    std::fs::write(
        &file,
        "these are not the bytes of a database, and long enough to be read as a header of one",
    )
    .unwrap();
    let url = format!("sqlite://{}", file.display());
    let said = refusal(Server::builder().env("DATABASE_URL", &url)).await;
    assert!(said.contains("data.sqlite3"), "{said}");
    let kept = std::fs::read(&file).unwrap();
    assert!(kept.starts_with(b"these are not"), "a file that is not ours stays as it is");

    // Root may write anywhere, so a folder in the file's place stands for a file that cannot be written.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o500)).unwrap();
    let said = refusal(Server::builder().env("DATABASE_URL", &url)).await;
    assert!(said.contains("data.sqlite3"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_line_that_is_wrong_says_so() {
    let said = refusal(Server::builder().arg("seed").arg("--restaurants").arg("0")).await;
    assert!(said.contains("--restaurants") && said.contains("1..=1000000"), "{said}");
    for server in [Server::builder().arg("serv"), Server::builder().arg("--prot").arg("1")] {
        let output = server.run().await.unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("--help"), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn config_prints_values_and_sources_and_hides_secrets() {
    let config =
        Server::builder().arg("config").arg("--drain-seconds").arg("7").env("PORT", "8123");
    let config = config
        .env("DATABASE_URL", "postgres://anna:geheim@db.example/food")
        .env("DBPASS", "geheim2");
    let output = config.run().await.unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let line = |name: &str| {
        let line = said
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("no {name}: {said}"));
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("PORT"), "8123 environment");
    assert_eq!(line("DRAIN_SECONDS"), "7 command line");
    assert_eq!(line("BIND"), "127.0.0.1:8000 default"); // tidy: the default is shown, not used
    assert_eq!(line("DBHOST"), "- not set");
    assert!(line("DATABASE_URL").ends_with("environment"));
    assert!(said.contains("db.example") && !said.contains("geheim"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_reference_is_the_programs() {
    let output = Server::builder().arg("config").arg("--markdown").run().await.unwrap();
    let committed =
        std::fs::read_to_string(workspace::root().join("docs/configuration.md")).unwrap();
    assert_eq!(text(&output.stdout), committed, "run `cargo xtask docs`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healthcheck_tells_a_server_that_lives_from_none() {
    let mut server = Server::builder().start().await.unwrap();
    let address = server.url("").replace("http://", "");
    let check = || Server::builder().arg("healthcheck").env("BIND", &address).run();
    assert_eq!(check().await.unwrap().status.code(), Some(0));
    server.kill().await.unwrap();
    let output = check().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&address));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_servers_that_start_at_once_on_an_empty_postgresql_migrate_it_once() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let mut starts = JoinSet::new();
    for _ in 0..10 {
        let server =
            Server::builder().env("DATABASE_URL", database.url()).env("DATABASE_CONNECTIONS", "2");
        starts.spawn(async move {
            let server = server.start().await.unwrap();
            server.wait_until_ready().await.unwrap();
            assert!(reqwest::get(server.url("/")).await.unwrap().status().is_success());
            server
        });
    }
    let mut migrations = Vec::new();
    while let Some(server) = starts.join_next().await {
        let mut server = server.unwrap();
        server.terminate().unwrap();
        server.wait().await.unwrap();
        for line in server.logs() {
            let line: Value = serde_json::from_str(&line).unwrap();
            assert_ne!(line["level"], "ERROR", "{line}");
            migrations.extend(line["applied"].as_u64());
        }
    }
    assert_eq!(migrations.len(), 10);
    assert_eq!(migrations.iter().filter(|applied| **applied > 0).count(), 1, "{migrations:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seed_fills_a_postgresql_which_nothing_else_does() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let server = Server::builder().env("DATABASE_URL", database.url()).start().await.unwrap();
    server.wait_until_ready().await.unwrap();
    let page = || async { reqwest::get(server.url("/")).await.unwrap().text().await.unwrap() };
    assert!(!page().await.contains("The Blue Door"));
    for args in [&["seed"][..], &["seed", "--restaurants", "1500", "--reviews", "2"]] {
        let seed = args.iter().fold(Server::builder(), |server, arg| server.arg(*arg));
        let output = seed.env("DATABASE_URL", database.url()).run().await.unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let page = page().await;
    assert!(page.contains("1,512"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parts_of_an_address_name_a_database_as_the_original_did() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let url = database.url().parse::<reqwest::Url>().unwrap();
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap().to_string());
    let (name, password) = (url.path().trim_start_matches('/'), url.password().unwrap());
    let parts = [
        ("DBHOST", host),
        ("DBPORT", &port),
        ("DBNAME", name),
        ("DBUSER", url.username()),
        ("DBPASS", password),
    ];
    let migrate = parts
        .iter()
        .fold(Server::builder().arg("migrate"), |server, (name, value)| server.env(name, value));
    assert!(migrate.run().await.unwrap().status.success());

    let azure = format!(
        "dbname={name} host={host} port={port} sslmode=prefer user={} password='{password}'",
        url.username()
    );
    let server = Server::builder().env("AZURE_POSTGRESQL_CONNECTIONSTRING", azure);
    let output = server.arg("migrate").run().await.unwrap();
    assert!(text(&output.stdout).starts_with("migrations applied: 0"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_has_one_json_line_a_request_and_nothing_that_was_sent() {
    let mut server = Server::builder().start().await.unwrap();
    let client = reqwest::Client::new();
    let search = client
        .get(server.url("/?search=SecretSearch"))
        .header("authorization", "Bearer SecretToken");
    let answered = search.send().await.unwrap();
    let id = answered.headers()["x-request-id"].to_str().unwrap().to_owned();
    let form = [("user_name", "SecretName"), ("rating", "9"), ("review_text", "SecretText")];
    client.post(server.url("/review/1")).form(&form).send().await.unwrap();
    let call = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "list_restaurants_mcp", "arguments": {"search": "SecretArgument"}}});
    let call = client.post(server.url("/mcp")).header("accept", "application/json").json(&call);
    assert!(call.send().await.unwrap().status().is_success());
    server.terminate().unwrap();
    server.wait().await.unwrap();

    let lines: Vec<Value> =
        server.logs().iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(requests.len(), 3, "{requests:#?}");
    assert_eq!((&requests[0]["route"], &requests[0]["status"]), (&"/".into(), &200.into()));
    assert!(requests[0]["ms"].as_f64().unwrap() > 0.0);
    assert_eq!(requests[0]["spans"][0]["request_id"], id);
    assert_eq!(
        (&requests[1]["route"], &requests[1]["status"]),
        (&"/review/{id}".into(), &422.into())
    );
    assert_eq!(requests[2]["tool"], "list_restaurants_mcp");
    assert!(!server.logs().join("\n").contains("Secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_of_the_tools_is_what_the_server_lists() {
    let written = std::fs::read_to_string(workspace::root().join("docs/tools.md")).unwrap();
    let listed = reference::markdown().await.unwrap();
    assert!(written == listed, "docs/tools.md is out of date: run cargo xtask docs");
}
