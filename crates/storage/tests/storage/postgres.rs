//! The store in PostgreSQL.

// tidy: long, because all of it shares the store and the ways past it

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{sync::Arc, time::Duration};

use restaurant_domain::{
    Author, Clock, CreateError, ImportRestaurant, ImportReview, NewRestaurant, NewReview,
    PageLimit, Restaurant, RestaurantId, RestaurantQuery, RestaurantSort, ReviewQuery, SearchText,
    StoreError, SystemClock, Total,
};
use restaurant_storage::{Database, DatabaseUrl, Limits, open};
use restaurant_tests::postgres::{Cluster, TestDatabase, shared};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_postgres::{Client, NoTls};

mod contract {
    //! It passes the suite.
    use super::store;

    restaurant_domain::repository_contract!(store);
    restaurant_domain::accountability_contract!(store);
    restaurant_domain::import_contract!(store);
}

/// A store in an empty database.
async fn store(clock: Arc<dyn Clock>) -> (Arc<dyn Database>, TestDatabase) {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let url = DatabaseUrl::parse(database.url()).unwrap();
    let store = open(&url, Limits::default(), clock).await.unwrap();
    store.migrate().await.unwrap();
    (store, database)
}

async fn migrated(url: &str, limits: Limits) -> Arc<dyn Database> {
    let store = opened(url, limits).await;
    store.migrate().await.unwrap();
    store
}

async fn opened(url: &str, limits: Limits) -> Arc<dyn Database> {
    open(&DatabaseUrl::parse(url).unwrap(), limits, Arc::new(SystemClock)).await.unwrap()
}

/// A connection past the store.
async fn client(database: &TestDatabase) -> Client {
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

fn restaurant(name: &str) -> NewRestaurant {
    NewRestaurant::draft()
        .name(name)
        .street_address("1 Harbour Road")
        .description("Fish")
        .parse()
        .unwrap()
}

/// Adds a restaurant without a key.
async fn create(store: &dyn Database, name: &str) -> Result<Restaurant, StoreError> {
    match store.create_restaurant(restaurant(name), &Author::anonymous(), None).await {
        Ok(created) => Ok(created.into_inner()),
        Err(CreateError::Store(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

async fn total(store: &dyn Database) -> Result<i64, StoreError> {
    Ok(store.list_restaurants(&RestaurantQuery::default()).await?.total.get())
}

fn assert_unavailable<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_instances_that_start_at_once_one_migrates() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let mut instances = JoinSet::new();
    for _ in 0..10 {
        let store = opened(database.url(), Limits::default()).await;
        instances.spawn(async move {
            let applied = store.migrate().await.unwrap();
            store.ping().await.unwrap();
            applied
        });
    }
    let applied = instances.join_all().await;
    assert_eq!(applied.iter().filter(|applied| **applied > 0).count(), 1, "{applied:?}");
}

/// On the runtime with one thread, where blocking would be fatal.
#[tokio::test]
async fn before_it_is_migrated_it_answers_nothing() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let store = opened(database.url(), Limits::default()).await;
    assert_unavailable(&store.ping().await);
    assert_unavailable(&total(&*store).await);
    assert_unavailable(&store.import(vec![], true).await);
    store.migrate().await.unwrap();
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up() {
    let (_, database) = store(Arc::new(SystemClock)).await;
    let store =
        migrated(database.url(), limits(|l| l.statement = Duration::from_millis(100))).await;
    let other = client(&database).await;
    other.batch_execute("BEGIN; LOCK TABLE restaurants").await.unwrap();
    let start = Instant::now();
    assert_unavailable(&total(&*store).await);
    // By the server: the caller's own patience is a second longer.
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_unavailable(&create(&*store, "Name").await);
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(total(&*store).await.unwrap(), 0);
}

#[tokio::test]
async fn who_waits_too_long_for_a_connection_is_told_to_come_back() {
    let (_, database) = store(Arc::new(SystemClock)).await;
    let limits = limits(|l| {
        l.pool_size = 1;
        l.acquire = Duration::from_millis(100);
    });
    let store = migrated(database.url(), limits).await;
    let other = client(&database).await;
    other.batch_execute("BEGIN; LOCK TABLE restaurants").await.unwrap();
    let holder = tokio::spawn({
        let store = Arc::clone(&store);
        async move { total(&*store).await }
    });
    until(|| async {
        let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
        other.query_one(waiting, &[]).await.unwrap().get(0)
    })
    .await;
    let start = Instant::now();
    assert_unavailable(&store.ping().await);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(holder.await.unwrap().unwrap(), 0);
    store.ping().await.unwrap();
}

/// Its work runs to its end, and its connection is lent again.
#[tokio::test]
async fn callers_that_go_away_cost_no_connection() {
    let (_, database) = store(Arc::new(SystemClock)).await;
    let limits = limits(|l| {
        l.pool_size = 4;
        l.statement = Duration::from_mins(1);
        l.acquire = Duration::from_mins(1);
    });
    let store = migrated(database.url(), limits).await;
    // Writers of one restaurant would wait for each other, without a connection.
    let ids =
        [create(&*store, "Name").await.unwrap().id, create(&*store, "Other").await.unwrap().id];
    let other = client(&database).await;
    let sessions = async || -> i64 {
        let count = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()";
        other.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
        other.query_one(count, &[]).await.unwrap().get(0)
    };
    let waiting = async |count: i64| {
        until(|| async {
            let waits = "SELECT count(*) = $1 FROM pg_locks WHERE NOT granted AND relation = 'reviews'::regclass \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            other.query_one(waits, &[&count]).await.unwrap().get(0)
        })
        .await;
    };
    let mut before = None;
    for round in 1..=5 {
        other.batch_execute("BEGIN; LOCK TABLE reviews").await.unwrap();
        let mut callers = JoinSet::new();
        for id in ids {
            let store = Arc::clone(&store);
            callers.spawn(async move {
                let review =
                    NewReview::draft().user_name("Ann").rating(4).text("Good").parse().unwrap();
                store.create_review(id, review, &Author::anonymous(), None).await
            });
        }
        waiting(2).await;
        // One connection more, for the reads below while both writers still have theirs.
        store.ping().await.unwrap();
        before.get_or_insert(sessions().await);
        callers.shutdown().await;
        other.batch_execute("COMMIT").await.unwrap();
        // A writer that must try again would wait for the lock of the next round.
        for id in ids {
            until(|| async { total_reviews(&*store, id).await == round }).await;
        }
    }
    assert_eq!(before, Some(sessions().await), "new sessions");
}

async fn total_reviews(store: &dyn Database, id: RestaurantId) -> i64 {
    let details = store.restaurant_details(id, ReviewQuery::default()).await.unwrap();
    details.unwrap().restaurant.rating.count
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_and_called_again() {
    let (_, database) = store(Arc::new(SystemClock)).await;
    let proxy = Proxy::to(database.url()).await;
    let limits = limits(|l| {
        l.pool_size = 1;
        l.statement = Duration::from_secs(1);
        l.connect = Duration::from_secs(2);
    });
    let store = migrated(&proxy.url, limits).await;
    assert_eq!(total(&*store).await.unwrap(), 0);
    proxy.silent.send_replace(true);
    // First the connection that there is, then a new one: neither takes longer than its limit.
    for _ in 0..2 {
        let given_up = timeout(Duration::from_secs(20), total(&*store)).await;
        assert_unavailable(&given_up.expect("it waits for ever"));
    }
    proxy.silent.send_replace(false);
    assert_eq!(total(&*store).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_again_when_the_database_is_back() {
    let mut cluster = Cluster::fast().await.unwrap();
    let url = cluster.url("postgres");
    cluster.stop().await.unwrap();

    let store = opened(&url, Limits::default()).await;
    assert_unavailable(&store.migrate().await);
    assert_unavailable(&store.ping().await);
    cluster.start_again().await.unwrap();
    store.migrate().await.unwrap();
    create(&*store, "First").await.unwrap();

    cluster.stop().await.unwrap();
    assert_unavailable(&total(&*store).await);
    assert_unavailable(&create(&*store, "Lost").await);
    cluster.start_again().await.unwrap();
    assert_eq!(total(&*store).await.unwrap(), 1);

    cluster.kill().await.unwrap();
    assert_unavailable(&store.ping().await);
    cluster.start_again().await.unwrap();
    create(&*store, "Second").await.unwrap();
    assert_eq!(total(&*store).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_query_uses_its_index() {
    let (store, database) = store(Arc::new(SystemClock)).await;
    assert!(store.import(many(), true).await.unwrap());
    let client = client(&database).await;
    drop(store);
    until_alone(&client).await;
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    client.batch_execute("SELECT pg_stat_reset()").await.unwrap();
    let store = migrated(database.url(), Limits::default()).await;
    for sort in RestaurantSort::ALL {
        let limit = PageLimit::new(10).unwrap();
        let first = RestaurantQuery::new(None, sort, limit, None).unwrap();
        let page = store.list_restaurants(&first).await.unwrap();
        let second = RestaurantQuery::new(None, sort, limit, page.next).unwrap();
        store.list_restaurants(&second).await.unwrap();
    }
    for words in ["number 1234", "1234 long Number text street", "Números 1234"] {
        let search = RestaurantQuery::new(
            SearchText::parse(words).unwrap(),
            RestaurantSort::Rating,
            PageLimit::default(),
            None,
        );
        let expected = i64::from(!words.starts_with("Números"));
        let found = store.list_restaurants(&search.unwrap()).await.unwrap();
        assert_eq!(found.total, Total::Exactly(expected));
    }
    let read = store.restaurant_details(RestaurantId(77), ReviewQuery::default()).await.unwrap();
    assert_eq!(read.unwrap().reviews.len(), 3);
    let review = NewReview::draft().user_name("Ann").rating(5).text("Good").parse().unwrap();
    let created = store.create_review(RestaurantId(77), review, &Author::anonymous(), None).await;
    assert!(created.unwrap().is_some());
    drop(store);
    until_alone(&client).await;
    for index in [
        "restaurants_by_name",
        "restaurants_by_rating",
        "restaurants_by_reviews",
        "restaurants_pkey",
        "restaurant_search_by_folding",
        "restaurant_search_by_trigram",
        "reviews_of_restaurant",
    ] {
        let used = "SELECT idx_scan > 0 FROM pg_stat_user_indexes WHERE indexrelname = $1";
        assert!(client.query_one(used, &[&index]).await.unwrap().get::<_, bool>(0), "{index}");
    }
    let scans = "SELECT relname || ' ' || seq_scan FROM pg_stat_user_tables \
         WHERE seq_scan > 0 AND relname IN ('restaurants', 'reviews', 'restaurant_search')";
    let scanned: Vec<String> =
        client.query(scans, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert!(scanned.is_empty(), "{scanned:?}");
}

/// As on a server whose administrator does not allow the extension.
#[tokio::test]
async fn without_the_trigram_extension_a_search_only_takes_longer() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let name = database.name();
    let set_up = format!(
        "CREATE ROLE plain_{name} LOGIN PASSWORD 'p''w\\ @:/?#%'; \
         GRANT CREATE ON SCHEMA public TO plain_{name}; \
         CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'not on the list'; END $$; \
         CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') \
         EXECUTE FUNCTION refuse()"
    );
    database.execute(&set_up).await.unwrap();
    // The same password in its three spellings.
    let (_, address) = database.url().rsplit_once('@').unwrap();
    let (place, _) = address.split_once('/').unwrap();
    let (host, port) = place.split_once(':').unwrap();
    let user = format!("plain_{name}");
    let urls = [
        DatabaseUrl::parse(&format!(
            "postgres://{user}:p'w%5C%20%40%3A%2F%3F%23%25@{place}/{name}"
        )),
        DatabaseUrl::from_libpq(&format!(
            r"host={host} port={port} dbname={name} user={user} password='p\'w\\ @:/?#%'"
        )),
        DatabaseUrl::from_parts(
            Some(host),
            Some(port),
            Some(name),
            Some(&user),
            Some(r"p'w\ @:/?#%"),
            None,
        ),
    ];
    for url in urls {
        let store = open(&url.unwrap(), Limits::default(), Arc::new(SystemClock)).await.unwrap();
        store.migrate().await.unwrap();
        let name = create(&*store, "Blue Door").await;
        let search = SearchText::parse("E DOO").unwrap();
        let query =
            RestaurantQuery::new(search, RestaurantSort::Newest, PageLimit::default(), None);
        let found = store.list_restaurants(&query.unwrap()).await.unwrap();
        assert_eq!(found.restaurants[0], name.unwrap());
    }
    let clean_up = format!("DROP OWNED BY plain_{name}; DROP ROLE plain_{name}");
    database.execute(&clean_up).await.unwrap();
}

/// Restaurants with three reviews each: so many, and so long, that no planner reads them all to find a few.
fn many() -> Vec<ImportRestaurant> {
    let (created_at, long) = (SystemClock.now(), "Long text. ".repeat(22));
    let review = |stars| ImportReview {
        review: NewReview::draft().user_name("Ann").rating(stars).text("Good").parse().unwrap(),
        created_at,
    };
    (0..3000)
        .map(|number| ImportRestaurant {
            restaurant: NewRestaurant::draft()
                .name(format!("Number {number}"))
                .street_address("Street")
                .description(&long)
                .parse()
                .unwrap(),
            created_at,
            reviews: vec![review(1 + number % 5), review(5), review(1)],
        })
        .collect()
}

/// A connection reports what it read when it ends, at the latest.
async fn until_alone(client: &Client) {
    until(|| async {
        let alone = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()";
        client.query_one(alone, &[]).await.unwrap().get(0)
    })
    .await;
}

async fn until<F: Future<Output = bool>>(mut done: impl FnMut() -> F) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done().await {
        assert!(Instant::now() < end, "waited in vain");
        // tidy: it looks, then waits a little before it looks again
        sleep(Duration::from_millis(20)).await;
    }
}

/// A way to a server that can fall silent: nothing is closed, nothing goes through.
struct Proxy {
    url: String,
    silent: watch::Sender<bool>,
}

impl Proxy {
    async fn to(url: &str) -> Self {
        let (start, rest) = url.rsplit_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{start}@{}/{database}", listener.local_addr().unwrap());
        let (silent, watched) = watch::channel(false);
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((inbound, _)) = listener.accept().await {
                tokio::spawn(forward(inbound, server.clone(), watched.clone()));
            }
        });
        Self { url, silent }
    }
}

/// Forwards until told to be silent, and keeps the connection open then.
async fn forward(mut inbound: TcpStream, server: String, mut silent: watch::Receiver<bool>) {
    let mut outbound = TcpStream::connect(server).await.unwrap();
    tokio::select! {
        _ = copy_bidirectional(&mut inbound, &mut outbound) => {}
        () = async { drop(silent.wait_for(|silent| *silent).await) } => std::future::pending().await,
    }
}
