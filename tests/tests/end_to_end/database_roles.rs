//! Databases that do not let the server do everything: roles with few rights, standbys, read-only databases, encodings.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{process::Output, time::Duration};

use reqwest::{Client, Response, StatusCode, redirect::Policy};
use restaurant_tests::{
    mcp,
    postgres::{Cluster, TestDatabase, shared},
    server::{Server, ServerBuilder},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// How long a standby may take to follow, or to become the primary.
const TIMEOUT: Duration = Duration::from_secs(30);

const REVIEW: [(&str, &str); 3] = [("user_name", "Ann"), ("rating", "4"), ("review_text", "Good")];

fn server(url: &str) -> ServerBuilder {
    Server::builder().env("DATABASE_URL", url)
}

async fn started(server: ServerBuilder) -> Server {
    let server = server.start().await.unwrap();
    server.wait_until_ready().await.unwrap();
    server
}

async fn command(url: &str, name: &str) -> Output {
    server(url).arg(name).run().await.unwrap()
}

/// Migrates a database as its owner, and adds the sample data.
async fn fill(database: &TestDatabase) {
    let filled = command(database.url(), "seed").await;
    assert!(filled.status.success(), "{filled:?}");
}

/// A role that may sign in, and what else is granted to it; gives its URL.
async fn role(database: &TestDatabase, name: &str, grants: &str) -> String {
    let role = format!("{name}_{}", database.name());
    let grants = grants.replace("ROLE", &role);
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'of-a-test'; {grants}");
    database.execute(&create).await.unwrap();
    let (_, place) = database.url().rsplit_once('@').unwrap();
    format!("postgres://{role}:of-a-test@{place}")
}

async fn drop_role(database: &TestDatabase, name: &str) {
    let role = format!("{name}_{}", database.name());
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}

fn client() -> Client {
    Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(20)).build().unwrap()
}

async fn post_review(server: &Server) -> Response {
    client().post(server.url("/review/1")).form(&REVIEW).send().await.unwrap()
}

async fn get(server: &Server, path: &str) -> StatusCode {
    client().get(server.url(path)).send().await.unwrap().status()
}

/// The result of a tool.
async fn call(server: &Server, tool: &str, arguments: Value) -> Value {
    let call = mcp::tool_call(tool, &arguments);
    let request = mcp::post(&client(), server.url("/mcp"), &call);
    request.send().await.unwrap().json::<Value>().await.unwrap()["result"].clone()
}

/// The error that a tool gives.
async fn error(server: &Server, tool: &str, arguments: Value) -> Value {
    let result = call(server, tool, arguments).await;
    assert_eq!(result["isError"], true, "{result}");
    serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
}

fn review() -> Value {
    json!({"restaurant_id": 1, "user_name": "Ann", "rating": 4, "review_text": "Good"})
}

/// What is recommended in docs/security.md.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_change_rows_and_no_tables_serves_what_is_migrated() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    fill(&database).await;
    let grants = "REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE; \
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ROLE";
    let url = role(&database, "rows", grants).await;
    let migrated = command(&url, "migrate").await;
    assert!(migrated.status.success(), "{migrated:?}");
    let server = started(server(&url)).await;
    assert_eq!(get(&server, "/details/1").await, StatusCode::OK);
    assert_eq!(post_review(&server).await.status(), StatusCode::SEE_OTHER);
    let arguments = json!({"restaurant_name": "New", "street_address": "1 Quay", "description": "Fish", "idempotency_key": "one"});
    let created = call(&server, "create_restaurant_mcp", arguments).await;
    assert_eq!(created["isError"], false, "{created}");
    let log = server.logs().join("\n");
    assert!(!log.contains("lacks"), "{log}");
    drop(server);
    drop_role(&database, "rows").await;
}

/// Azure's function for principals, which makes roles of this cluster.
const PRINCIPALS: &str = "CREATE OR REPLACE FUNCTION \
    pgaadauth_create_principal_with_oid(role text, id text, kind text, admin bool, mfa bool) \
    RETURNS text LANGUAGE plpgsql AS $$ BEGIN \
        IF id::uuid IS NULL OR kind <> 'service' OR admin OR mfa THEN \
            RAISE '% is not an identity of an app', role; \
        END IF; \
        EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L', role, 'of-a-test'); \
        RETURN 'Created role for ' || role; \
    END $$";

/// As `azd up` does it: the app starts first, and the migration creates its role.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_grants_the_app_its_rows_and_nothing_else() {
    let cluster = shared().await.unwrap();
    connect(&cluster.url("postgres")).await.batch_execute(PRINCIPALS).await.unwrap();
    let database = cluster.create_database().await.unwrap();
    let name = format!("app-{}", database.name());
    let (_, place) = database.url().rsplit_once('@').unwrap();
    let url = format!("postgres://{name}:of-a-test@{place}");
    let app = server(&url).start().await.unwrap();
    let migrate = async |arguments: &[&str]| {
        let migrate = server(database.url()).arg("migrate");
        let migrate = arguments.iter().fold(migrate, |migrate, argument| migrate.arg(*argument));
        migrate.run().await.unwrap()
    };
    let refused = migrate(&["--grant-to", &name]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("does not exist"), "{said}");
    assert_eq!(get(&app, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);

    let id = "00000000-0000-4000-8000-00000000000a";
    for _ in ["created", "there already"] {
        let granted = migrate(&["--grant-to", &name, "--grant-to-principal", id]).await;
        assert!(granted.status.success(), "{granted:?}");
    }
    app.wait_until_ready().await.unwrap();
    let arguments = json!({"restaurant_name": "New", "street_address": "1 Quay", "description": "Fish", "idempotency_key": "one"});
    let created = call(&app, "create_restaurant_mcp", arguments).await;
    assert_eq!(created["isError"], false, "{created}");
    assert_eq!(post_review(&app).await.status(), StatusCode::SEE_OTHER);
    takes_back(&app).await;
    let log = app.logs().join("\n");
    assert!(!log.contains("lacks"), "{log}");
    drop(app);

    let client = connect(&url).await;
    loses_nothing(&client).await;
    for forbidden in [
        "CREATE TABLE mine (id bigint)",
        "ALTER TABLE restaurants ADD COLUMN mine bigint",
        "DROP TABLE reviews",
        "DELETE FROM reviews",
        "DELETE FROM hidden_reviews",
        "DELETE FROM hidden_restaurants",
        "UPDATE hidden_reviews SET review_text = 'other'",
        "TRUNCATE hidden_reviews",
        "DELETE FROM __diesel_schema_migrations",
        "CREATE ROLE another",
    ] {
        let refused = client.batch_execute(forbidden).await.unwrap_err();
        // insufficient_privilege
        assert_eq!(refused.code().unwrap().code(), "42501", "{forbidden}: {refused}");
    }
    drop(client);
    let drop_role = format!("DROP OWNED BY \"{name}\"; DROP ROLE \"{name}\"");
    database.execute(&drop_role).await.unwrap();
}

/// The app hides and restores a review and a restaurant, without the right to delete.
async fn takes_back(app: &Server) {
    let post = async |path: &str| client().post(app.url(path)).send().await.unwrap().status();
    let read = async || call(app, "get_details_mcp", json!({"restaurant_id": 1})).await;
    let before = read().await["structuredContent"].clone();
    assert_eq!(before["reviews"].as_array().unwrap().len(), 1, "{before}");
    let review = format!("1/{}", before["reviews"][0]["id"]);
    assert_eq!(post(&format!("/hide/{review}")).await, StatusCode::SEE_OTHER);
    assert_eq!(read().await["structuredContent"]["restaurant"]["review_count"], 0);
    assert_eq!(post(&format!("/restore/{review}")).await, StatusCode::SEE_OTHER);
    assert_eq!(read().await["structuredContent"], before);
    assert_eq!(post("/hide/1").await, StatusCode::SEE_OTHER);
    assert_eq!(read().await["isError"], true);
    assert_eq!(post("/restore/1").await, StatusCode::SEE_OTHER);
    assert_eq!(read().await["structuredContent"], before);
}

/// The functions that end a move delete nothing that has no equal copy.
async fn loses_nothing(client: &tokio_postgres::Client) {
    let columns = "id, restaurant_id, user_name, rating, review_text, created_at, created_by_kind, created_by_id, \
        created_by_name, created_by_client_id, created_by_client_name, created_by_blueprint, created_via";
    let other = columns.replace("review_text", "'other'");
    let forge = format!(
        "INSERT INTO hidden_reviews ({columns}, hidden_at, reason) SELECT {other}, now(), 'hide' FROM reviews; \
         CREATE TEMPORARY TABLE hidden_restaurants AS SELECT *, now()::timestamp AS hidden_at, 'hide' AS reason FROM restaurants"
    );
    client.batch_execute(&forge).await.unwrap();
    let count = async || {
        let count = "SELECT (SELECT count(*) FROM reviews) + (SELECT count(*) FROM restaurants)";
        client.query_one(count, &[]).await.unwrap().get::<_, i64>(0)
    };
    let before = count().await;
    for name in ["hiding_review", "hiding_reviews_of", "hiding_restaurant", "restoring_review"] {
        let call = format!(
            "SELECT finish_{name}(id) FROM reviews UNION ALL SELECT finish_{name}(id) FROM restaurants"
        );
        let deleted = client.query(&call, &[]).await.unwrap();
        assert!(deleted.is_empty(), "{name}");
    }
    assert_eq!(count().await, before);
    client.batch_execute("DROP TABLE pg_temp.hidden_restaurants").await.unwrap();
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_is_named() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let revoke = "REVOKE CREATE ON SCHEMA public FROM PUBLIC";
    let url = role(&database, "few", revoke).await;
    let refused = command(&url, "migrate").await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(said.contains("CREATE ON SCHEMA public"), "{said}");
    fill(&database).await;
    let refused = command(&url, "migrate").await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(said.contains("SELECT ON __diesel_schema_migrations"), "{said}");
    let grant = format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO few_{}", database.name());
    database.execute(&grant).await.unwrap();
    let server = started(server(&url)).await;
    assert_eq!(get(&server, "/details/1").await, StatusCode::OK);
    server.until_logged("INSERT ON reviews").await.unwrap();
    let log = server.logs().join("\n");
    assert!(log.contains("INSERT ON reviews") && !log.contains("SELECT ON"), "{log}");
    drop(server);
    drop_role(&database, "few").await;
}

/// As Azure makes a server whose disk is almost full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_database_is_read_and_the_cause_is_told() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    fill(&database).await;
    let server = started(server(database.url())).await;
    let read_only = |on: &str| {
        format!("ALTER DATABASE {} SET default_transaction_read_only = {on}", database.name())
    };
    database.execute(&read_only("on")).await.unwrap();
    database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").await.unwrap();
    let again = started(self::server(database.url())).await;
    for server in [&server, &again] {
        until(|| async { get(server, "/details/1").await == StatusCode::OK }).await;
        let refused = post_review(server).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key("retry-after"));
        let page = refused.text().await.unwrap();
        assert!(page.contains("takes no changes at the moment"), "{page}");
        let error = error(server, "create_review_mcp", review()).await;
        assert_eq!((&error["code"], &error["retryable"]), (&json!("unavailable"), &json!(true)));
        assert!(error["message"].as_str().unwrap().contains("read-only"), "{error}");
        server.until_logged("cannot execute INSERT in a read-only transaction").await.unwrap();
    }
    let off = format!("SET transaction_read_only = off; {}", read_only("off"));
    database.execute(&off).await.unwrap();
    database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").await.unwrap();
    until(|| async { post_review(&server).await.status() == StatusCode::SEE_OTHER }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_is_read_until_it_is_the_primary() {
    let mut primary = Cluster::fast().await.unwrap();
    let (on_primary, name) = (primary.url("reviews"), "reviews");
    let administrator = primary.create_database().await.unwrap();
    administrator.execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let filled = command(&on_primary, "seed").await;
    assert!(filled.status.success(), "{filled:?}");
    let standby = Cluster::builder().setting("max_connections", "300");
    let standby = standby.start_standby_of(&primary).await.unwrap();

    let writer = started(server(&on_primary)).await;
    let reader = started(server(&standby.url(name)).env("READ_ONLY", "true")).await;
    let patient = started(server(&standby.url(name))).await;
    assert_eq!(post_review(&writer).await.status(), StatusCode::SEE_OTHER);
    let count = async |server: &Server| {
        let details = call(server, "get_details_mcp", json!({"restaurant_id": 1})).await;
        details["structuredContent"]["restaurant"]["review_count"].as_u64().unwrap()
    };
    let written = count(&writer).await;
    until(|| async { count(&reader).await == written }).await;
    assert_eq!(post_review(&reader).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(error(&reader, "create_review_mcp", review()).await["code"], "forbidden");
    assert_eq!(post_review(&patient).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(error(&patient, "create_review_mcp", review()).await["code"], "unavailable");

    drop(administrator);
    primary.kill().await.unwrap();
    assert_eq!(count(&reader).await, written, "reads go on without the primary");
    let (promote, connection) =
        tokio_postgres::connect(&standby.url(name), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    promote.query_one("SELECT pg_promote(true)", &[]).await.unwrap();
    until(|| async { post_review(&patient).await.status() == StatusCode::SEE_OTHER }).await;
    assert_eq!(count(&reader).await, count(&patient).await);
    assert!(count(&reader).await > written, "nothing that was acknowledged is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let cluster = shared().await.unwrap();
    let any = cluster.create_database().await.unwrap();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = format!("{}_{}", any.name(), encoding.to_lowercase());
        let create =
            format!("CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0");
        any.execute(&create).await.unwrap();
        let url = any.url().replace(any.name(), &name);
        let refused = command(&url, "migrate").await;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success());
        assert!(said.contains(encoding) && said.contains("ENCODING 'UTF8'"), "{said}");
        any.execute(&format!("DROP DATABASE {name}")).await.unwrap();
    }
}

async fn until<F: Future<Output = bool>>(mut done: impl FnMut() -> F) {
    let end = Instant::now() + TIMEOUT;
    while !done().await {
        assert!(Instant::now() < end, "waited in vain");
        sleep(Duration::from_millis(20)).await; // tidy: polls, with a deadline
    }
}
