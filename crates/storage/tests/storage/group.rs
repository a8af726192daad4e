//! Reviews that wait for each other in PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{future::poll_fn, ops::Range, pin::Pin, sync::Arc, task::Poll, time::Duration};

use futures_util::future::join_all;
use restaurant_domain::{
    AuditChannel, Author, Budget, BudgetPeriod, CreateError, Created, IdempotencyKey,
    NewRestaurant, NewReview, Restaurant, RestaurantId, Review, ReviewQuery, SystemClock, Via,
    WriteContext,
};
use restaurant_storage::{Database, DatabaseUrl, Limits, open};
use restaurant_tests::postgres::{Cluster, TestDatabase};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_postgres::{Client, NoTls};

/// A store with a restaurant, in a cluster of its own, and a connection past the store.
struct Setup {
    store: Arc<dyn Database>,
    restaurant: Restaurant,
    other: Client,
    database: TestDatabase,
    _cluster: Cluster,
}

impl Setup {
    async fn new() -> Self {
        let cluster = Cluster::fast().await.unwrap();
        let database = cluster.create_database().await.unwrap();
        let store = open_store(&database).await;
        let restaurant = add_restaurant(&*store).await;
        let other = connect(&database).await;
        Self { store, restaurant, other, database, _cluster: cluster }
    }

    /// Creates reviews of the restaurant, the others of which wait for the first one.
    async fn create(&self, reviews: Vec<Pending>) -> Vec<(Pending, Created<Review>)> {
        let reviews = reviews.into_iter().map(|review| (self.restaurant.id, review));
        let created = self.begin(reviews.collect(), 1).await.join_all().await;
        created.into_iter().map(|(review, created)| (review, created.unwrap())).collect()
    }

    /// Starts to create reviews, and returns once this many transactions have waited for the table lock.
    async fn begin(
        &self,
        reviews: Vec<(RestaurantId, Pending)>,
        transactions: usize,
    ) -> JoinSet<(Pending, Result<Created<Review>, CreateError>)> {
        self.other.batch_execute("BEGIN; LOCK TABLE reviews").await.unwrap();
        let mut writers = JoinSet::new();
        for (id, review) in reviews {
            let store = Arc::clone(&self.store);
            writers.spawn(async move {
                let Pending { new, author, key } = review.clone();
                let created = store.create_review(id, new, &author, key.as_ref()).await;
                (review, created.map(Option::unwrap))
            });
        }
        let waiting = "FROM pg_locks WHERE NOT granted AND relation = 'reviews'::regclass";
        self.until(&format!("SELECT count(*) >= {transactions} {waiting}")).await;
        self.other.batch_execute("COMMIT").await.unwrap();
        writers
    }

    /// The store of another instance.
    async fn another_store(&self) -> Arc<dyn Database> {
        open_store(&self.database).await
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

async fn open_store(database: &TestDatabase) -> Arc<dyn Database> {
    let url = DatabaseUrl::parse(database.url()).unwrap();
    let store = open(&url, Limits::default(), Arc::new(SystemClock)).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn add_restaurant(store: &dyn Database) -> Restaurant {
    let new = NewRestaurant::draft().name("Name").street_address("1 Road").description("Fish");
    let new = new.parse().unwrap();
    store.create_restaurant(new, &Author::anonymous(), None).await.unwrap().into_inner()
}

async fn connect(database: &TestDatabase) -> Client {
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
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

/// The reviews of these numbers, each of a restaurant of its own. Their authors have written before.
async fn spread(setup: &Setup, numbers: Range<usize>) -> Vec<(RestaurantId, Pending)> {
    for number in [0, 3, 6, 9, 12] {
        let Pending { new, author, .. } = pending(number);
        setup.store.create_review(setup.restaurant.id, new, &author, None).await.unwrap();
    }
    let mut reviews = Vec::new();
    for number in numbers {
        reviews.push((add_restaurant(&*setup.store).await.id, pending(number)));
    }
    reviews
}

/// Each restaurant has its review, and its kept sums are those of its reviews.
async fn assert_each_has_one(setup: &Setup, reviews: &[(RestaurantId, Pending)]) {
    for (restaurant, pending) in reviews {
        let details = setup.store.restaurant_details(*restaurant, ReviewQuery::default()).await;
        let details = details.unwrap().unwrap();
        assert_eq!(details.restaurant.rating.count, 1);
        let texts: Vec<_> = details.reviews.iter().map(|review| &review.text).collect();
        assert_eq!(texts, [&pending.new.text]);
        let recorded = "SELECT tool FROM activity WHERE review_id IS NOT NULL AND restaurant_id =";
        let tool = &pending.author.context().via.as_ref().unwrap().tool;
        assert_eq!(&Some(setup.text(&format!("{recorded} {}", restaurant.0)).await), tool);
    }
}

#[tokio::test]
async fn reviews_of_several_restaurants_are_committed_together() {
    let setup = Setup::new().await;
    let reviews = spread(&setup, 0..20).await;
    let created = setup.begin(reviews.clone(), 2).await.join_all().await;
    assert_eq!(created.len(), 20);
    for (pending, created) in created {
        let id = created.unwrap().into_inner().id.0;
        let written = setup.text(&format!("SELECT review_text FROM reviews WHERE id = {id}")).await;
        assert_eq!(written, pending.new.text.as_str());
    }
    assert_each_has_one(&setup, &reviews).await;
    let own = setup.restaurant.id.0;
    let commits = setup
        .text(&format!(
            "SELECT count(DISTINCT xmin::text)::text FROM reviews WHERE restaurant_id <> {own}"
        ))
        .await;
    assert!(commits.parse::<u32>().unwrap() <= 8, "{commits} commits of 20 reviews");
    let spent = setup.text("SELECT sum(hour_writes)::text FROM write_budgets").await;
    assert_eq!(spent, "12");
    let keys = setup.text("SELECT count(*)::text FROM idempotency_keys").await;
    assert_eq!(keys, "10");
}

/// Where one of a transaction fails, each of the others is as if it were written alone.
#[tokio::test]
async fn a_key_is_used_for_one_of_two_restaurants() {
    let setup = Setup::new().await;
    let mut reviews = spread(&setup, 0..20).await;
    reviews[14].1.key = reviews[4].1.key.clone();
    let created = setup.begin(reviews.clone(), 2).await.join_all().await;
    let (mut refused, mut written) = (Vec::new(), Vec::new());
    for (pending, created) in created {
        match created {
            Ok(_) => written.push(pending.new.text),
            Err(error) => refused.push((pending.new.text, error)),
        }
    }
    let [(text, CreateError::KeyReused)] = &refused[..] else { panic!("{refused:?}") };
    assert!(["Text 4", "Text 14"].contains(&text.as_str()), "{text:?}");
    assert_eq!(written.len(), 19);
    reviews.retain(|(_, pending)| pending.new.text != *text);
    assert_each_has_one(&setup, &reviews).await;
}

/// What somebody else has locked delays the reviews that need it, and no others.
async fn only_what_needs_it_waits_for(lock: &str, waiting: &[usize]) {
    let setup = Setup::new().await;
    let reviews = spread(&setup, 0..20).await;
    let holder = connect(&setup.database).await;
    let id = reviews[waiting[0]].0.0;
    let lock = lock.replace("{id}", &id.to_string());
    holder.batch_execute(&format!("BEGIN; {lock}")).await.unwrap();
    let mut writers = setup.begin(reviews.clone(), 2).await;
    for _ in 0..20 - waiting.len() {
        let (pending, created) = writers.join_next().await.unwrap().unwrap();
        created.unwrap();
        let number: usize = pending.new.text.as_str()["Text ".len()..].parse().unwrap();
        assert!(!waiting.contains(&number), "{number} did not wait");
    }
    holder.batch_execute("COMMIT").await.unwrap();
    let last = writers.join_all().await;
    assert_eq!(last.iter().filter(|(_, created)| created.is_ok()).count(), waiting.len());
    assert_each_has_one(&setup, &reviews).await;
}

#[tokio::test]
async fn only_reviews_of_a_locked_restaurant_wait() {
    only_what_needs_it_waits_for("SELECT FROM restaurants WHERE id = {id} FOR UPDATE", &[7]).await;
}

#[tokio::test]
async fn only_reviews_that_spend_a_locked_budget_wait() {
    let lock = "SELECT FROM write_budgets WHERE caller_id = 'agent 0' FOR UPDATE";
    only_what_needs_it_waits_for(lock, &[0, 15]).await;
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
    // The first two writers, of two instances, wait while they hold the restaurant. No writer of this test has a budget, nor those
    // that wait a key.
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
    let instance = setup.another_store().await;
    let create = |store: &Arc<dyn Database>, number| {
        let (store, id) = (Arc::clone(store), setup.restaurant.id);
        let Pending { new, author, key } = pending(number);
        async move { store.create_review(id, new, &author, key.as_ref()).await.is_ok() }
    };
    let waits = |kind| {
        format!("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = '{kind}')")
    };
    let first = tokio::spawn(create(&setup.store, 1));
    setup.until(&waits("advisory")).await;
    let second = tokio::spawn(create(&instance, 2));
    setup.until(&waits("transactionid")).await;
    // Asked once, each of the others is in the queue: they are one group.
    let mut others = join_all([5, 7, 11, 13, 17, 19].map(|number| create(&setup.store, number)));
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

/// A review waits for a transaction of others only as long as that takes, however long writers have kept the store busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_review_waits_in_vain_while_many_are_written() {
    let setup = Setup::new().await;
    let mut restaurants = Vec::new();
    for _ in 0..100 {
        restaurants.push(add_restaurant(&*setup.store).await.id);
    }
    let new = || NewReview::draft().user_name("Name").rating(4).text("Text").parse().unwrap();
    let end = Instant::now() + Limits::default().acquire * 2;
    let writers = (0..160).map(|writer| {
        let (store, restaurants) = (&setup.store, &restaurants);
        async move {
            let mut written = 0;
            while Instant::now() < end {
                let (new, author): (NewReview, _) = (new(), Author::anonymous());
                let id = restaurants[(writer * 7 + written) % restaurants.len()];
                let created = store.create_review(id, new, &author, None).await;
                assert!(matches!(created, Ok(Some(Created::New(_)))), "{created:?}");
                written += 1;
            }
            written
        }
    });
    let written = timeout(Duration::from_secs(60), join_all(writers)).await.unwrap();
    let written: usize = written.into_iter().sum();
    assert_eq!(setup.text("SELECT count(*)::text FROM reviews").await, written.to_string());
    let kept = setup.text("SELECT sum(rating_count)::text FROM restaurants").await;
    assert_eq!(kept, written.to_string());
}
