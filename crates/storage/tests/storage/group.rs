//! Reviews that wait for one restaurant in PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};

use futures_util::future::join_all;
use restaurant_domain::{
    AuditChannel, Author, Budget, BudgetPeriod, Created, IdempotencyKey, NewRestaurant, NewReview,
    Restaurant, Review, ReviewQuery, SystemClock, Via, WriteContext,
};
use restaurant_storage::{Database, DatabaseUrl, Limits, open};
use restaurant_tests::postgres::{Cluster, TestDatabase};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_postgres::{Client, NoTls};

/// A store with a restaurant, in a cluster of its own, and a connection past the store.
struct Setup {
    store: Arc<dyn Database>,
    restaurant: Restaurant,
    other: Client,
    _database: TestDatabase,
    _cluster: Cluster,
}

impl Setup {
    async fn new() -> Self {
        let cluster = Cluster::fast().await.unwrap();
        let database = cluster.create_database().await.unwrap();
        let url = DatabaseUrl::parse(database.url()).unwrap();
        let store = open(&url, Limits::default(), Arc::new(SystemClock)).await.unwrap();
        store.migrate().await.unwrap();
        let new = NewRestaurant::draft().name("Name").street_address("1 Road").description("Fish");
        let new = new.parse().unwrap();
        let restaurant = store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
        let restaurant = restaurant.into_inner();
        let (other, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        Self { store, restaurant, other, _database: database, _cluster: cluster }
    }

    /// Creates reviews, which have to wait until as many transactions as may do.
    async fn create(&self, reviews: Vec<Pending>) -> Vec<(Pending, Created<Review>)> {
        self.other.batch_execute("BEGIN; LOCK TABLE reviews").await.unwrap();
        let mut writers = JoinSet::new();
        for review in reviews {
            let (store, id) = (Arc::clone(&self.store), self.restaurant.id);
            writers.spawn(async move {
                let Pending { new, author, key } = review.clone();
                let created = store.create_review(id, new, &author, key.as_ref()).await;
                (review, created.unwrap().unwrap())
            });
        }
        self.until("SELECT count(*) = 2 FROM pg_locks WHERE NOT granted AND relation = 'reviews'::regclass")
            .await;
        self.other.batch_execute("COMMIT").await.unwrap();
        writers.join_all().await
    }

    async fn until(&self, condition: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        while !self.other.query_one(condition, &[]).await.unwrap().get::<_, bool>(0) {
            assert!(Instant::now() < end, "waited in vain: {condition}");
            sleep(Duration::from_millis(5)).await; // tidy: polls a server that cannot tell us
        }
    }

    async fn text(&self, query: &str) -> String {
        self.other.query_one(query, &[]).await.unwrap().get(0)
    }
}

/// A review to create.
#[derive(Clone)]
struct Pending {
    new: NewReview,
    author: Author,
    key: Option<IdempotencyKey>,
}

/// The review of this number: some have a key, some have a budget.
fn pending(number: usize) -> Pending {
    let new = NewReview::draft().user_name(format!("Name {number}")).rating(4);
    let budget = match number % 3 {
        0 => Budget::default().per(BudgetPeriod::Hour, 100),
        _ => Budget::default(),
    };
    let context = WriteContext {
        via: Some(Via { channel: AuditChannel::Mcp, tool: Some(format!("tool{number}")) }),
        request_id: Some(format!("request {number}")),
        budget,
        ..WriteContext::default()
    };
    Pending {
        new: new.text(format!("Text {number}")).parse().unwrap(),
        author: Author::agent(&format!("agent {}", number % 5), None).with_context(context),
        key: number
            .is_multiple_of(2)
            .then(|| IdempotencyKey::parse(&format!("key {number}")).unwrap()),
    }
}

/// Most of them need no commit and no statement of their own, and each is as if it were written alone.
#[tokio::test]
async fn reviews_that_wait_are_committed_together() {
    let setup = Setup::new().await;
    let created = setup.create((0..20).map(pending).collect()).await;
    assert_eq!(created.len(), 20);
    for (pending, created) in &created {
        let Created::New(review) = created else { panic!("it was there before: {created:?}") };
        assert_eq!(review.text, pending.new.text);
        let id = review.id.0;
        let row = setup
            .text(&format!(
                "SELECT concat_ws(',', user_name, review_text, r.created_by_id, r.created_via, request_id, tool, actor_id, key) \
                 FROM reviews r JOIN activity a ON a.review_id = r.id LEFT JOIN idempotency_keys k ON k.review_id = r.id \
                 WHERE r.id = {id}"
            ))
            .await;
        let number = review.text.as_str().strip_prefix("Text ").unwrap();
        let agent = pending.author.id().unwrap();
        let key = pending.key.as_ref().map(|key| format!(",{}", key.as_str()));
        let expected = format!(
            "Name {number},Text {number},{agent},mcp:tool{number},request {number},tool{number},{agent}{}",
            key.unwrap_or_default()
        );
        assert_eq!(row, expected);
    }
    let commits = setup.text("SELECT count(DISTINCT xmin::text)::text FROM reviews").await;
    assert!(commits.parse::<u32>().unwrap() <= 4, "{commits} commits of 20 reviews");
    let kept = setup.store.restaurant_details(setup.restaurant.id, ReviewQuery::default()).await;
    assert_eq!(kept.unwrap().unwrap().restaurant.rating.count, 20);
    let spent = setup.text("SELECT sum(hour_writes)::text FROM write_budgets").await;
    assert_eq!(spent, "7");
}

/// One of a group that repeats what was written before gets that, and one whose key another of the group has.
#[tokio::test]
async fn a_repeated_review_of_a_group_is_written_once() {
    let setup = Setup::new().await;
    let first = setup.create((1..10).map(pending).collect()).await;
    let again = (5..15).chain(10..15).map(pending).collect();
    let again = setup.create(again).await;
    let texts = |created: &[(Pending, Created<Review>)]| {
        let mut new: Vec<_> = created
            .iter()
            .filter(|(_, created)| matches!(created, Created::New(_)))
            .map(|(pending, _)| pending.new.text.as_str().to_owned())
            .collect();
        new.sort();
        new
    };
    assert_eq!(texts(&first).len(), 9);
    // Without a key: 5, 7 and 9 again, 11 and 13 twice. With one: 6 and 8 again, 10, 12 and 14 twice.
    let expected = [5, 7, 9, 10, 11, 11, 12, 13, 13, 14].map(|number| format!("Text {number}"));
    let mut expected = Vec::from(expected);
    expected.sort();
    assert_eq!(texts(&again), expected);
    assert_eq!(setup.text("SELECT count(*)::text FROM reviews").await, "19");
}

/// A version of a row that two transactions have locked together stays until a vacuum, and each later write looks at it.
#[tokio::test]
async fn writers_of_one_restaurant_do_not_share_a_lock() {
    let setup = Setup::new().await;
    let other = &setup.other;
    let next_shared = async || {
        other.batch_execute("CHECKPOINT").await.unwrap();
        setup.text("SELECT next_multixact_id::text FROM pg_control_checkpoint()").await
    };
    // The first two writers wait while they hold the restaurant. No writer of this test has a budget, nor those that wait a key.
    other
        .batch_execute(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN PERFORM pg_advisory_xact_lock(substr(NEW.tool, 5)::int); RETURN NEW; END $$;
             CREATE TRIGGER wait BEFORE INSERT ON activity FOR EACH ROW
             WHEN (NEW.tool IN ('tool1', 'tool2')) EXECUTE FUNCTION wait();
             SELECT pg_advisory_lock(1), pg_advisory_lock(2)",
        )
        .await
        .unwrap();
    let before = next_shared().await;
    let create = |number| {
        let (store, id) = (Arc::clone(&setup.store), setup.restaurant.id);
        let Pending { new, author, key } = pending(number);
        async move { store.create_review(id, new, &author, key.as_ref()).await.is_ok() }
    };
    let waits = |kind| {
        format!("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = '{kind}')")
    };
    let first = tokio::spawn(create(1));
    setup.until(&waits("advisory")).await;
    let second = tokio::spawn(create(2));
    setup.until(&waits("transactionid")).await;
    // Asked once, each of the others is in the queue: they are one group.
    let mut others = join_all([5, 7, 11, 13, 17, 19].map(create));
    let asked = poll_fn(|context| Poll::Ready(Pin::new(&mut others).poll(context)));
    assert!(asked.await.is_pending());
    let others = tokio::spawn(others);
    other.batch_execute("SELECT pg_advisory_unlock(1)").await.unwrap();
    assert!(first.await.unwrap());
    setup.until(&waits("advisory")).await;
    // The others wait for the second, or found the row free before it had woken up.
    let are_written = "(SELECT count(*) > 6 FROM reviews)";
    setup.until(&format!("{} OR {are_written}", waits("transactionid"))).await;
    other.batch_execute("SELECT pg_advisory_unlock(2)").await.unwrap();
    assert!(second.await.unwrap());
    assert_eq!(others.await.unwrap(), [true; 6]);
    assert_eq!(next_shared().await, before);
    let commits = setup.text("SELECT count(DISTINCT xmin::text)::text FROM reviews").await;
    assert_eq!(commits, "3");
}
