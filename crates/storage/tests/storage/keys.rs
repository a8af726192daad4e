//! Idempotency keys, budgets and the activity record in the databases' own tables: how long rows are kept, when they are deleted,
//! and what concurrent writers and processes do.

#![expect(clippy::unreachable, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    env,
    process::{Child, Command},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use diesel::{
    Connection as _, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _,
};
use restaurant_domain::{
    Author, Budget, Clock as _, CreateError, Created, Fingerprint, IdempotencyKey, NewRestaurant,
    NewReview, Restaurant, RestaurantId, Review, SystemClock, WriteContext, testing::ManualClock,
};
use restaurant_storage::{Database, DatabaseUrl, Limits, open};
use restaurant_tests::postgres::{TestDatabase, shared};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, NoTls};

/// A store, its clock, and a way past it.
struct Fixture<Direct> {
    store: Arc<dyn Database>,
    clock: Arc<ManualClock>,
    direct: Direct,
}

/// A way into the tables past the store.
trait Direct {
    async fn execute(&mut self, statement: &str);
    async fn number(&mut self, query: &str) -> i64;
}

struct Sqlite(SqliteConnection, TempDir);

impl Direct for Sqlite {
    async fn execute(&mut self, statement: &str) {
        self.0.batch_execute(statement).unwrap();
    }

    async fn number(&mut self, query: &str) -> i64 {
        let query = diesel::dsl::sql::<diesel::sql_types::BigInt>(query);
        query.get_result(&mut self.0).unwrap()
    }
}

struct Postgres(Client, TestDatabase);

impl Direct for Postgres {
    async fn execute(&mut self, statement: &str) {
        self.0.batch_execute(statement).await.unwrap();
    }

    async fn number(&mut self, query: &str) -> i64 {
        self.0.query_one(query, &[]).await.unwrap().get(0)
    }
}

async fn opened(url: &str) -> (Arc<dyn Database>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let url = DatabaseUrl::parse(url).unwrap();
    let store = open(&url, Limits::default(), Arc::clone(&clock) as _).await.unwrap();
    store.migrate().await.unwrap();
    (store, clock)
}

async fn sqlite() -> Fixture<Sqlite> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("restaurants.db");
    let (store, clock) = opened(&format!("sqlite://{}", path.display())).await;
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 3000").unwrap();
    Fixture { store, clock, direct: Sqlite(connection, folder) }
}

async fn postgres() -> Fixture<Postgres> {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let (store, clock) = opened(database.url()).await;
    let direct = Postgres(client(&database).await, database);
    Fixture { store, clock, direct }
}

async fn client(database: &TestDatabase) -> Client {
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

fn restaurant(name: &str) -> NewRestaurant {
    NewRestaurant::draft()
        .name(name)
        .street_address("1 Harbour Road")
        .description("Fish")
        .parse()
        .unwrap()
}

async fn create(store: &dyn Database, name: &str, text: &str) -> Created<Restaurant> {
    let author = Author::anonymous();
    store.create_restaurant(restaurant(name), &author, Some(&key(text))).await.unwrap()
}

async fn write(store: &dyn Database, id: RestaurantId, text: &str, by: &str) -> Created<Review> {
    let review = NewReview::draft().user_name("Ann").rating(4).text(text).parse().unwrap();
    let created = store.create_review(id, review, &Author::anonymous(), Some(&key(by))).await;
    created.unwrap().unwrap()
}

const KEYS: &str = "SELECT count(*) FROM idempotency_keys";

async fn keys_that_are_too_old_go_bit_by_bit(mut fixture: Fixture<impl Direct>) {
    let store = &*fixture.store;
    let id = create(store, "Blue Door", "restaurant").await.into_inner().id;
    for number in 1..250 {
        write(store, id, "Good", &format!("key {number}")).await;
    }
    assert_eq!(fixture.direct.number(KEYS).await, 250);
    fixture.clock.advance(IdempotencyKey::LIFETIME);
    for (number, left) in [(1, 151), (2, 52), (3, 3), (4, 4)] {
        write(store, id, "Good", &format!("new {number}")).await;
        assert_eq!(fixture.direct.number(KEYS).await, left, "after {number}");
    }
}

#[tokio::test]
async fn keys_that_are_too_old_go_bit_by_bit_from_sqlite() {
    keys_that_are_too_old_go_bit_by_bit(sqlite().await).await;
}

#[tokio::test]
async fn keys_that_are_too_old_go_bit_by_bit_from_postgresql() {
    keys_that_are_too_old_go_bit_by_bit(postgres().await).await;
}

async fn a_key_goes_with_what_was_created_under_it(mut fixture: Fixture<impl Direct>) {
    let store = &*fixture.store;
    let id = create(store, "Blue Door", "restaurant").await.into_inner().id;
    write(store, id, "Good", "review").await;
    fixture.direct.execute("DELETE FROM reviews").await;
    let again = write(store, id, "Better", "review").await;
    assert!(matches!(again, Created::New(_)), "{again:?}");
    fixture.direct.execute("DELETE FROM restaurants").await;
    assert_eq!(fixture.direct.number(KEYS).await, 0);
    let again = create(store, "Red Door", "restaurant").await;
    assert!(matches!(again, Created::New(_)), "{again:?}");
}

#[tokio::test]
async fn a_key_goes_with_what_was_created_under_it_in_sqlite() {
    a_key_goes_with_what_was_created_under_it(sqlite().await).await;
}

#[tokio::test]
async fn a_key_goes_with_what_was_created_under_it_in_postgresql() {
    a_key_goes_with_what_was_created_under_it(postgres().await).await;
}

/// Another instance that is in the middle of the same create.
#[tokio::test]
async fn in_postgresql_who_comes_second_waits_for_the_first() {
    let Fixture { store, direct: Postgres(first, database), .. } = postgres().await;
    let watch = client(&database).await;
    for (end, repeated) in [("ROLLBACK", false), ("COMMIT", true)] {
        first.batch_execute("BEGIN").await.unwrap();
        let insert = "WITH created AS (INSERT INTO restaurants (name, name_key, street_address, \
             description, created_at, created_by_kind) VALUES ($1, '', 's', 'd', now(), 'anonymous') \
             RETURNING id, created_at) \
             INSERT INTO idempotency_keys SELECT 'anonymous', '', $1, $2, created_at, id FROM created \
             RETURNING restaurant_id";
        let fingerprint = Fingerprint::of_restaurant(&restaurant(end));
        let fingerprint = fingerprint.as_bytes().as_slice();
        let row = first.query_one(insert, &[&end, &fingerprint]).await.unwrap();
        let second = tokio::spawn({
            let store = Arc::clone(&store);
            async move { create(&*store, end, end).await }
        });
        until(&watch, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)").await;
        first.batch_execute(end).await.unwrap();
        let second = second.await.unwrap();
        assert_eq!(matches!(second, Created::Replayed(_)), repeated, "{second:?}");
        assert_eq!(second.into_inner().id.0 == row.get::<_, i64>(0), repeated);
    }
    assert_eq!(Postgres(first, database).number("SELECT count(*) FROM restaurants").await, 2);
}

/// Half of many keys are too old: no planner reads them all to find one, or a hundred.
#[tokio::test]
async fn in_postgresql_keys_are_found_by_their_indexes() {
    let Fixture { store, direct: Postgres(client, database), .. } = postgres().await;
    let id = create(&*store, "Blue Door", "restaurant").await.into_inner().id;
    drop(store);
    until(&client, ALONE).await;
    let fill = "INSERT INTO idempotency_keys SELECT 'anonymous', '', 'key ' || number, \
         sha256(number::TEXT::BYTEA), created_at - number % 2 * INTERVAL '24 hours', id \
         FROM restaurants, generate_series(1, 20000) AS number";
    client.batch_execute(fill).await.unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    client.batch_execute("SELECT pg_stat_reset()").await.unwrap();

    let (store, _) = opened(database.url()).await;
    let review = write(&*store, id, "Good", "review").await;
    assert_eq!(write(&*store, id, "Good", "review").await.into_inner(), review.into_inner());
    drop(store);
    until(&client, ALONE).await;
    // The key goes by its index, too.
    let delete = "DELETE FROM reviews; SELECT pg_stat_force_next_flush()";
    client.batch_execute(delete).await.unwrap();
    let used = "SELECT array_agg(indexrelname::TEXT ORDER BY indexrelname) FROM pg_stat_user_indexes \
         WHERE relname = 'idempotency_keys' AND idx_scan > 0";
    let used: Vec<String> = client.query_one(used, &[]).await.unwrap().get(0);
    let indexes =
        ["idempotency_keys_by_age", "idempotency_keys_of_reviews", "idempotency_keys_pkey"];
    assert_eq!(used, indexes);
    let scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'idempotency_keys'";
    assert_eq!(client.query_one(scans, &[]).await.unwrap().get::<_, i64>(0), 0);
    let left: i64 = client.query_one(KEYS, &[]).await.unwrap().get(0);
    assert_eq!(left, 20_001 - 200);
}

/// A connection reports what it read when it ends, at the latest.
const ALONE: &str = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()";

async fn until(client: &Client, query: &str) {
    let holds = async {
        while !client.query_one(query, &[]).await.unwrap().get::<_, bool>(0) {
            // tidy: it looks, then waits a little before it looks again
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(30), holds).await.expect(query);
}

/// The variable by which a process of [`processes_keep_to_a_budget`] learns the database.
const DATABASE: &str = "TEST_BUDGET_DATABASE";
/// The name of the test that each of these processes runs.
const PROCESS: &str = "keys::a_process_with_a_budget";

/// What one of several processes does: it writes until its budget is exhausted. On its own, nothing.
#[tokio::test]
async fn a_process_with_a_budget() {
    let Ok(url) = env::var(DATABASE) else { return };
    let url = DatabaseUrl::parse(&url).unwrap();
    let store = open(&url, Limits::default(), Arc::new(SystemClock)).await.unwrap();
    store.migrate().await.unwrap();
    let budget: Budget = "40/hour, 1000/day".parse().unwrap();
    let context = WriteContext { budget, ..WriteContext::default() };
    let agent = Author::agent("agent", None).with_context(context);
    loop {
        let review = NewReview::draft().user_name("Ann").rating(4).text("Text").parse().unwrap();
        match store.create_review(RestaurantId(1), review, &agent, None).await {
            Ok(created) => assert!(created.is_some()),
            Err(CreateError::BudgetExhausted(exhausted)) => return assert_eq!(exhausted.limit, 40),
            Err(CreateError::Store(error)) => {
                // Under load a process may wait for the file too long.
                assert!(
                    matches!(error, restaurant_domain::StoreError::Unavailable(_)),
                    "{error:?}"
                );
            }
            Err(other) => unreachable!("{other:?}"),
        }
    }
}

/// Several processes at once write exactly as much as the budget of their common caller allows.
async fn processes_keep_to_a_budget(mut fixture: Fixture<impl Direct>, url: &str) {
    create(&*fixture.store, "Blue Door", "k").await;
    let program = env::current_exe().unwrap();
    let process = |_| -> Child {
        let mut process = Command::new(&program);
        process.args(["--exact", PROCESS, "--quiet"]).env(DATABASE, url).spawn().unwrap()
    };
    let processes: Vec<_> = (0..5).map(process).collect();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let direct = &mut fixture.direct;
    assert_eq!(direct.number("SELECT count(*) FROM reviews").await, 40);
    assert_eq!(direct.number("SELECT rating_count FROM restaurants").await, 40);
    let recorded = "SELECT count(*) FROM activity WHERE actor_id = 'agent'";
    assert_eq!(direct.number(recorded).await, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_sqlite_processes_keep_to_a_budget() {
    let fixture = sqlite().await;
    let url = format!("sqlite://{}", fixture.direct.1.path().join("restaurants.db").display());
    processes_keep_to_a_budget(fixture, &url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_postgresql_processes_keep_to_a_budget() {
    let fixture = postgres().await;
    let url = fixture.direct.1.url().to_owned();
    processes_keep_to_a_budget(fixture, &url).await;
}

/// Old entries of the activity record are deleted, and young ones never.
async fn only_old_entries_are_forgotten(mut fixture: Fixture<impl Direct>) {
    let (store, clock) = (&*fixture.store, &fixture.clock);
    clock.advance(-TimeDelta::days(3));
    create(store, "Old", "old").await;
    clock.advance(TimeDelta::days(3));
    create(store, "Young", "young").await;
    let yesterday = clock.now() - TimeDelta::days(1);
    assert_eq!(store.forget_activity(yesterday).await.unwrap(), 1);
    assert_eq!(store.forget_activity(yesterday).await.unwrap(), 0);
    store.forget_activity(clock.now() + TimeDelta::days(1)).await.unwrap_err();
    assert_eq!(fixture.direct.number("SELECT count(*) FROM activity").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_old_entries_are_forgotten_on_both() {
    only_old_entries_are_forgotten(sqlite().await).await;
    only_old_entries_are_forgotten(postgres().await).await;
}
