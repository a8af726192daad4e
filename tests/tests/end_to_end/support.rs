//! What the tests stand on, stands: clusters, servers, browsers, Python and Node programs.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::Result;
use restaurant_tests::{
    browser::Browser,
    node,
    postgres::{self, Cluster},
    python::Environment,
    server::Server,
};
use serde_json::Value;
use thirtyfour::By;
use tokio::time::{Instant, sleep};

/// Set for the process that a test starts to kill it.
const VICTIM: &str = "RESTAURANT_TESTS_VICTIM";

#[tokio::test]
async fn a_cluster_keeps_what_was_committed_through_a_crash_and_a_stop() -> Result<()> {
    let mut cluster = Cluster::start(&[("application_name", "support")]).await?;
    let database = cluster.create_database().await?;
    database.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)").await?;

    cluster.kill().await?;
    assert!(database.execute("SELECT 1").await.is_err(), "it answers after its death");
    cluster.start_again().await?;
    database.execute("INSERT INTO kept SELECT 1 / count(*) FROM kept").await?;

    cluster.stop().await?;
    assert!(database.execute("SELECT 1").await.is_err(), "it answers after its end");
    cluster.start_again().await?;
    database.execute("SELECT 1 / (count(*) / 2) FROM kept").await?;
    Ok(())
}

#[tokio::test]
async fn a_database_is_gone_with_its_value() -> Result<()> {
    let shared = postgres::shared().await?;
    let database = shared.create_database().await?;
    let other = shared.create_database().await?;
    let url = database.url().to_owned();
    database.execute("CREATE TABLE here ()").await?;
    assert!(other.execute("SELECT FROM here").await.is_err(), "two tests share a database");
    drop(database);
    let error = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.err();
    let code = error.and_then(|error| error.code().cloned());
    assert_eq!(code, Some(tokio_postgres::error::SqlState::INVALID_CATALOG_NAME));
    Ok(())
}

#[tokio::test]
async fn a_cluster_has_the_files_and_settings_it_was_given() -> Result<()> {
    let cluster = Cluster::builder()
        .setting("work_mem", "5MB")
        .file("pg_hba.conf", "host all all 127.0.0.1/32 trust")
        .start()
        .await?;
    let url = cluster.url("postgres").replace(Cluster::PASSWORD, "wrong");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
    let connection = tokio::spawn(connection);
    let setting: String = client.query_one("SHOW work_mem", &[]).await?.get(0);
    assert_eq!(setting, "5MB");
    drop(client);
    connection.await??;
    Ok(())
}

#[tokio::test]
async fn a_cluster_that_cannot_start_says_why() {
    let error = Cluster::start(&[("no_such_setting", "1")]).await.expect_err("it starts");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

/// Run by the next test in a process of its own; does nothing when run with the others.
#[tokio::test]
async fn victim() -> Result<()> {
    if env::var_os(VICTIM).is_none() {
        return Ok(());
    }
    let cluster = Cluster::fast().await?;
    let server = stub("echo 'Pages  http://127.0.0.1:0/'; exec sleep 1000").start().await?;
    let browser = Browser::builder().start().await?;
    let port = browser.driver().handle().server_url().port().unwrap_or_default();
    let (database, data) = (cluster.port(), cluster.data_dir());
    println!("\nready {database} {port} {} {}", server.pid(), data.display());
    std::io::stdout().flush()?;
    std::future::pending().await
}

#[tokio::test]
async fn nothing_outlives_a_killed_test() -> Result<()> {
    let mut victim = Command::new(env::current_exe()?)
        .args(["--exact", "support::victim", "--nocapture"])
        .env(VICTIM, "1")
        .env_remove("TEST_POSTGRES_URL")
        .stdout(Stdio::piped())
        .spawn()?;
    let said = BufReader::new(victim.stdout.take().expect("it is piped"));
    let ready = said.lines().map_while(Result::ok).find(|line| line.starts_with("ready"));
    victim.kill()?;
    victim.wait()?;

    let ready = ready.expect("the victim says that it is ready");
    let words: Vec<_> = ready.split(' ').skip(1).collect();
    let listens = |port: &str| TcpStream::connect(format!("127.0.0.1:{port}")).is_ok();
    until("PostgreSQL listens", || listens(words[0])).await;
    until("chromedriver listens", || listens(words[1])).await;
    until("the server runs", || command_line(words[2]).contains("sleep")).await;
    until("the data are there", || Path::new(words[3]).parent().is_some_and(Path::exists)).await;
    Ok(())
}

#[tokio::test]
async fn a_server_is_found_read_and_ended() -> Result<()> {
    let script = "trap 'echo bye >&2; kill $!; exit 7' TERM; sleep 1000 >&- 2>&- & \
                  echo log $BIND $MINE $CARGO >&2; echo first; \
                  echo 'Pages  http://127.0.0.1:4321/'; wait"; // tidy: no port is bound
    let mut server = stub(script).env("MINE", "yes").start().await?;
    assert_eq!(server.url("/create"), "http://127.0.0.1:4321/create"); // tidy: no port is bound
    assert_eq!(server.stdout()[0], "first");
    server.terminate()?;
    assert_eq!(server.wait().await?.code(), Some(7));
    assert_eq!(server.logs(), ["log 127.0.0.1:0 yes", "bye"]);
    assert!(server.terminate().is_err(), "a process that is gone takes a signal");
    Ok(())
}

#[tokio::test]
async fn a_server_that_ends_at_once_says_why() {
    let error = stub("echo no such database >&2; exit 2").start().await.expect_err("it starts");
    let error = error.to_string();
    assert!(error.contains("exit status: 2") && error.contains("no such database"), "{error}");
}

#[tokio::test]
async fn a_command_gives_its_output() -> Result<()> {
    let output = stub("echo \"bind=$BIND\"; echo oops >&2; exit 3").run().await?;
    assert_eq!(output.status.code(), Some(3));
    assert_eq!((&*output.stdout, &*output.stderr), (&b"bind=\n"[..], &b"oops\n"[..]));
    Ok(())
}

const PAGE: &str = "data:text/html,<style>@media (prefers-color-scheme: dark) { h1 { color: rgb(1,2,3) } }\
                    </style><h1>Hello</h1><script>document.title = 'script ran'</script>";

#[tokio::test]
async fn a_browser_has_the_size_colours_and_scripts_it_was_given() -> Result<()> {
    let browser = Browser::builder().size(390, 844).dark().start().await?;
    browser.driver().goto(PAGE).await?;
    assert_eq!(browser.driver().title().await?, "script ran");
    assert_eq!(heading_colour(&browser).await?, "rgba(1, 2, 3, 1)");
    let size = browser.driver().execute("return [innerWidth, innerHeight]", Vec::new()).await?;
    assert_eq!(size.json(), &serde_json::json!([390, 844]));
    let png = fs::read(browser.screenshot("support").await?)?;
    // Width and height stand big-endian at the same place in every PNG file.
    assert_eq!(png[16..24], [0, 0, 1, 134, 0, 0, 3, 76]);
    browser.close().await
}

#[tokio::test]
async fn a_browser_without_javascript_runs_none_and_still_clicks() -> Result<()> {
    let browser = Browser::builder().without_javascript().start().await?;
    browser.driver().goto(format!("{PAGE}<input type=checkbox>")).await?;
    assert_eq!(browser.driver().title().await?, "");
    assert_eq!(heading_colour(&browser).await?, "rgba(0, 0, 0, 1)");
    let checkbox = browser.driver().find(By::Css("input")).await?;
    checkbox.click().await?;
    assert!(checkbox.is_selected().await?);
    browser.close().await
}

#[tokio::test]
async fn python_has_the_pinned_clients() -> Result<()> {
    let pinned = [
        include_str!("../../python/mcp1/requirements.txt"),
        include_str!("../../python/agent/requirements.txt"),
    ];
    for (environment, pinned) in Environment::ALL.into_iter().zip(pinned) {
        let code = "import mcp, importlib.metadata as m; print('mcp==' + m.version('mcp'))";
        let output = Command::new(environment.interpreter()?).args(["-c", code]).output()?;
        let version = String::from_utf8(output.stdout)?;
        assert!(pinned.lines().any(|line| line == version.trim()), "{version}");
    }
    Ok(())
}

#[test]
fn a_python_program_that_fails_says_why() {
    let error =
        Environment::Mcp1.run("visit.py", &["http://127.0.0.1:0/mcp", "[]", "legacy"]).unwrap_err();
    assert!(format!("{error:#}").contains("Connect"), "{error:#}");
}

#[test]
fn node_is_new_enough_and_has_the_pinned_packages() -> Result<()> {
    let versions: Value = serde_json::from_str(&node::run("versions.mjs", &[""])?)?;
    let node = versions["node"].as_str().and_then(|version| version.split('.').next());
    assert!(node.is_some_and(|major| major.parse::<u32>().is_ok_and(|major| major >= 22)));
    let pinned: Value = serde_json::from_str(include_str!("../../node/package.json"))?;
    let pinned = &pinned["dependencies"]["@modelcontextprotocol/conformance"];
    assert_eq!(&versions["conformance"], pinned);
    Ok(())
}

#[test]
fn a_node_program_that_fails_says_why() {
    let error = node::run("conformance", &["server", "--url", "nonsense"]).unwrap_err();
    assert!(format!("{error:#}").contains("Invalid server URL"), "{error:#}");
    let error = node::run("no-such-program", &[""]).unwrap_err();
    assert!(format!("{error:#}").contains("Cannot find module"), "{error:#}");
}

/// A server that is a shell script.
fn stub(script: &str) -> restaurant_tests::server::ServerBuilder {
    Server::builder().program("/bin/sh").arg("-c").arg(script)
}

async fn heading_colour(browser: &Browser) -> Result<String> {
    Ok(browser.driver().find(By::Css("h1")).await?.css_value("color").await?)
}

fn command_line(pid: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// Waits until `still` is no longer so, and fails if that takes a quarter of a minute.
async fn until(what: &str, still: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(15);
    while still() {
        assert!(Instant::now() < end, "{what}, still");
        sleep(Duration::from_millis(20)).await; // tidy: polls a process that cannot tell us
    }
}
