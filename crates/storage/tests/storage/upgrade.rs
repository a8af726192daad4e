//! A database of the version before, brought up to date: what is derived is derived anew, and no row is lost.

#![expect(clippy::unreachable, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{fmt::Write as _, sync::Arc, time::Duration};

use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection};
use restaurant_domain::{
    Author, NewReview, PageLimit, RatingCounts, Restaurant, RestaurantId, RestaurantQuery,
    RestaurantSort, ReviewQuery, SearchText, SystemClock,
};
use restaurant_storage::{Database, DatabaseUrl, Limits, open};
use restaurant_tests::postgres::{TestDatabase, shared};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

/// How many restaurants the version before left: several batches, and a part of one.
const ROWS: usize = 2300;
/// Names that this version folds otherwise than the one before, or would refuse.
const NAMES: [&str; 8] = [
    "Gasthaus Straße",
    "Casa LIMÓN",
    "ΟΔΥΣΣΕΥΣ",
    "Ápple",
    "plain",
    "turned\u{202E}name",
    "hidden\u{E0049}\u{E0067}",
    "\u{3164}",
];
const LONGEST: char = '\u{FDFA}';

/// A database as the version before made and filled it.
enum Before {
    Postgres(Client, TestDatabase),
    Sqlite(SqliteConnection, TempDir),
}

impl Before {
    async fn postgres() -> Self {
        let database = shared().await.unwrap().create_database().await.unwrap();
        let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let mut before = Self::Postgres(client, database);
        before
            .fill(&[
                include_str!(
                    "../../migrations/postgres/00000000000001_restaurants_and_reviews/up.sql"
                ),
                include_str!("../../migrations/postgres/00000000000002_idempotency_keys/up.sql"),
            ])
            .await;
        before
    }

    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("restaurants.db");
        let connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let mut before = Self::Sqlite(connection, folder);
        before.execute("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 20000").await;
        before
            .fill(&[
                include_str!(
                    "../../migrations/sqlite/00000000000001_restaurants_and_reviews/up.sql"
                ),
                include_str!("../../migrations/sqlite/00000000000002_idempotency_keys/up.sql"),
            ])
            .await;
        before
    }

    async fn fill(&mut self, migrations: &[&str]) {
        self.execute(
            "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
             run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
        )
        .await;
        for (migration, version) in migrations.iter().zip(1..) {
            self.execute(migration).await;
            let done = "INSERT INTO __diesel_schema_migrations (version) VALUES";
            self.execute(&format!("{done} ('{version:014}')")).await;
        }
        let names: Vec<_> = (0..ROWS).map(name).collect();
        self.insert(1, &names).await;
        self.execute(
            "INSERT INTO reviews \
             (restaurant_id, user_name, rating, review_text, created_at, created_by_kind) \
             SELECT id, 'Ann', 1 + (id + 2) % 5, 'turned\u{202E}text', created_at, \
             CASE id % 3 WHEN 0 THEN 'anonymous' WHEN 1 THEN 'person' ELSE 'agent' END FROM restaurants",
        )
        .await;
    }

    /// Adds restaurants as the version before does: with texts in lower case, and no word of a version.
    async fn insert(&mut self, first_id: usize, names: &[String]) {
        let (mut restaurants, mut texts) = (String::new(), String::new());
        for (name, id) in names.iter().zip(first_id..) {
            let comma = if restaurants.is_empty() { "" } else { "," };
            let key = name.to_lowercase();
            write!(
                restaurants,
                "{comma} ('{name}', '{key}', '1 Quay', 'Fish', '2026-01-01 12:00:00', 'anonymous')"
            )
            .unwrap();
            write!(texts, "{comma} ({id}, '{key}\n1 quay\nfish')").unwrap();
        }
        self.execute(&format!(
            "INSERT INTO restaurants \
             (name, name_key, street_address, description, created_at, created_by_kind) \
             VALUES{restaurants}; \
             INSERT INTO restaurant_search (restaurant_id, text) VALUES{texts}"
        ))
        .await;
    }

    async fn execute(&mut self, sql: &str) {
        match self {
            Self::Postgres(client, _) => client.batch_execute(sql).await.unwrap(),
            Self::Sqlite(connection, _) => connection.batch_execute(sql).unwrap(),
        }
    }

    /// How many rows still have what another version derived.
    async fn outdated(&mut self) -> i64 {
        let sql = "SELECT count(*) FROM restaurant_search WHERE folding <> 1";
        match self {
            Self::Postgres(client, _) => client.query_one(sql, &[]).await.unwrap().get(0),
            Self::Sqlite(connection, _) => {
                let count = diesel::dsl::sql::<diesel::sql_types::BigInt>(sql);
                count.get_result(connection).unwrap()
            }
        }
    }

    async fn open(&self) -> Arc<dyn Database> {
        let url = match self {
            Self::Postgres(_, database) => database.url().to_owned(),
            Self::Sqlite(_, folder) => {
                format!("sqlite://{}", folder.path().join("restaurants.db").display())
            }
        };
        let url = DatabaseUrl::parse(&url).unwrap();
        // A server asks again when an instance that upgrades holds the lock for longer than the limit.
        let mut limits = Limits::default();
        limits.acquire = Duration::from_secs(60);
        open(&url, limits, Arc::new(SystemClock)).await.unwrap()
    }
}

fn name(row: usize) -> String {
    match NAMES.get(row % 10) {
        Some(name) if *name == "\u{3164}" => (*name).to_owned(),
        Some(name) => format!("{name} {row}"),
        None if row % 10 == 8 => LONGEST.to_string().repeat(50),
        None => format!("Number {row}"),
    }
}

async fn pages(
    store: &dyn Database,
    search: Option<&str>,
    sort: RestaurantSort,
    cursor: Option<&str>,
) -> Vec<Restaurant> {
    let (mut all, mut cursor) = (Vec::new(), cursor.map(ToOwned::to_owned));
    loop {
        let search = search.and_then(|text| SearchText::parse(text).unwrap());
        let after = cursor.map(|cursor| cursor.parse().unwrap());
        let limit = PageLimit::new(100).unwrap();
        let query = RestaurantQuery::new(search, sort, limit, after).unwrap();
        let page = store.list_restaurants(&query).await.unwrap();
        all.extend(page.restaurants);
        assert!(all.len() < 2 * ROWS, "the list has no end");
        match page.next {
            Some(next) => cursor = Some(next.to_string()),
            None => return all,
        }
    }
}

async fn found(store: &dyn Database, text: &str) -> usize {
    pages(store, Some(text), RestaurantSort::Name, None).await.len()
}

/// What has to hold after an upgrade.
async fn assert_up_to_date(store: &dyn Database) {
    for sort in RestaurantSort::ALL {
        let mut all = pages(store, None, sort, None).await;
        if sort == RestaurantSort::Name {
            assert!(all.is_sorted_by_key(|restaurant| (restaurant.name.sort_key(), restaurant.id)));
        }
        all.sort_by_key(|restaurant| restaurant.id);
        let names = all.iter().map(|restaurant| restaurant.name.as_str().to_owned());
        assert!(names.eq((0..ROWS).map(name)), "by {sort}");
        assert!(all.iter().all(|restaurant| restaurant.rating.count == 1));
        let author = |restaurant: &Restaurant| restaurant.created_by == Author::anonymous();
        assert!(
            all.iter().all(|it| author(it) && it.created_via.is_none()),
            "they keep what they have"
        );
    }
    for text in ["STRASSE", "straße gasthaus", "limon casa", "οδυσσευς", "apple", "turnedname"]
    {
        assert_eq!(found(store, text).await, ROWS / 10, "{text}");
    }
    assert_eq!(found(store, "strasse 1450").await, 1);
    assert_eq!(found(store, &LONGEST.to_string()).await, ROWS / 10);
    for id in 1..=15 {
        let query = ReviewQuery::default();
        let details = store.restaurant_details(RestaurantId(id), query).await.unwrap().unwrap();
        let (mut counts, review) = (RatingCounts::default(), &details.reviews[0]);
        counts.add(review.rating, review.created_by.kind());
        assert_eq!(details.ratings, counts, "{id}");
    }
    // What would be refused now is read as it was written, and may be reviewed.
    let id = RestaurantId(6);
    let details = store.restaurant_details(id, ReviewQuery::default()).await.unwrap().unwrap();
    assert_eq!(details.restaurant.name.as_str(), "turned\u{202E}name 5");
    assert_eq!(details.reviews[0].text.as_str(), "turned\u{202E}text");
    let review = NewReview::draft().user_name("Bob").rating(2).text("Well").parse().unwrap();
    store.create_review(id, review, &Author::anonymous(), None).await.unwrap().unwrap();
    let details = store.restaurant_details(id, ReviewQuery::default()).await.unwrap().unwrap();
    assert_eq!((details.restaurant.rating.sum, details.reviews.len()), (6, 2));
}

async fn old_rows_are_derived_anew(mut before: Before) {
    let store = before.open().await;
    assert!(store.migrate().await.unwrap() > 0);
    assert_eq!(before.outdated().await, 0);
    assert_up_to_date(&*store).await;
    assert_eq!(store.migrate().await.unwrap(), 0);
}

/// An instance of the version before may run on for a while.
async fn rows_that_come_from_the_version_before_are_found_by_the_next_start(mut before: Before) {
    before.open().await.migrate().await.unwrap();
    let late: Vec<_> = ["Spätzle", "Weißwurst"].map(ToOwned::to_owned).into();
    before.insert(ROWS + 1, &late).await;
    let store = before.open().await;
    assert_eq!(store.migrate().await.unwrap(), 0, "no table is changed");
    assert_eq!(before.outdated().await, 0);
    for text in ["spatzle", "WEISSWURST"] {
        assert_eq!(found(&*store, text).await, 1, "{text}");
    }
    // A store that runs looks again when it is asked to. Until then it has all rows, in an order that has an end.
    let late: Vec<_> = (0..150).map(|row| format!("Käse {row}")).collect();
    before.insert(ROWS + 3, &late).await;
    assert_eq!(found(&*store, "kase").await, 0);
    assert_eq!(pages(&*store, None, RestaurantSort::Name, None).await.len(), ROWS + 2 + 150);
    assert_eq!(store.migrate().await.unwrap(), 0);
    assert_eq!(found(&*store, "kase").await, 150);
    assert_eq!(pages(&*store, None, RestaurantSort::Name, None).await.len(), ROWS + 2 + 150);
}

async fn ten_instances_upgrade_at_once(mut before: Before) {
    let mut instances = JoinSet::new();
    for _ in 0..10 {
        let store = before.open().await;
        instances.spawn(async move { store.migrate().await.unwrap() });
    }
    let applied = instances.join_all().await;
    assert_eq!(applied.iter().filter(|applied| **applied > 0).count(), 1, "{applied:?}");
    assert_eq!(before.outdated().await, 0);
    let store = before.open().await;
    store.migrate().await.unwrap();
    assert_up_to_date(&*store).await;
}

/// What a newer version derived is left to it.
async fn rows_of_a_newer_version_stay(mut before: Before) {
    before.open().await.migrate().await.unwrap();
    before
        .execute("UPDATE restaurant_search SET folding = 2, text = 'new' WHERE restaurant_id = 7")
        .await;
    let store = before.open().await;
    store.migrate().await.unwrap();
    assert_eq!(before.outdated().await, 1);
    assert_eq!(found(&*store, "new").await, 1);
}

/// A client may hold a cursor that the version before gave it.
async fn a_cursor_of_the_version_before_goes_on(before: Before) {
    let store = before.open().await;
    store.migrate().await.unwrap();
    // "name:1444:ápple 1443", after which, accents apart, comes "apple 1453".
    let cursor = "bmFtZToxNDQ0OsOhcHBsZSAxNDQz";
    let rest = pages(&*store, None, RestaurantSort::Name, Some(cursor)).await;
    let all = pages(&*store, None, RestaurantSort::Name, None).await;
    let at = all.iter().position(|restaurant| restaurant.id.0 == 1444).unwrap();
    assert_eq!(rest, all[at + 1..]);
    assert_eq!(rest[0].name.as_str(), "Ápple 1453");
}

macro_rules! on_both {
    ($($rule:ident)*) => {
        mod postgres {
            //! On PostgreSQL.
            use super::Before;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    super::$rule(Before::postgres().await).await;
                }
            )*
        }

        mod sqlite {
            //! On SQLite.
            use super::Before;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    super::$rule(Before::sqlite().await).await;
                }
            )*
        }
    };
}

on_both! {
    old_rows_are_derived_anew
    rows_that_come_from_the_version_before_are_found_by_the_next_start
    ten_instances_upgrade_at_once
    rows_of_a_newer_version_stay
    a_cursor_of_the_version_before_goes_on
}

/// Rows are derived anew by a role that may change no table; one that may only read leaves them, and reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_only_read_and_write_derives_anew() {
    let mut before = Before::postgres().await;
    before.open().await.migrate().await.unwrap();
    before.insert(ROWS + 1, &["Käse".to_owned()]).await;
    let Before::Postgres(_, database) = &before else { unreachable!() };
    let (name, url) = (database.name().to_owned(), database.url().to_owned());
    let (_, place) = url.rsplit_once('@').unwrap();
    for (role, rights, outdated) in
        [("reader", "SELECT", 1), ("writer", "SELECT, INSERT, UPDATE, DELETE", 0)]
    {
        let role = format!("{role}_{name}");
        before
            .execute(&format!(
                "CREATE ROLE {role} LOGIN PASSWORD 'p'; \
                 GRANT {rights} ON ALL TABLES IN SCHEMA public TO {role}; \
                 GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"
            ))
            .await;
        let url = DatabaseUrl::parse(&format!("postgres://{role}:p@{place}")).unwrap();
        let store = open(&url, Limits::default(), Arc::new(SystemClock)).await.unwrap();
        assert_eq!(store.migrate().await.unwrap(), 0, "{role}");
        assert_eq!(before.outdated().await, outdated, "{role}");
        let all = pages(&*store, None, RestaurantSort::Name, None).await;
        assert_eq!(all.len(), ROWS + 1, "{role}");
        drop(store);
        before.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    }
}

/// The version before goes on writing reviews while an instance of this version starts: none is lost, none fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reviews_are_written_meanwhile() {
    let before = Before::postgres().await;
    let store = before.open().await;
    let Before::Postgres(client, _) = before else { unreachable!() };
    let upgrade = tokio::spawn(async move { store.migrate().await.unwrap() });
    let mut written = 0_i64;
    while !upgrade.is_finished() || written == 0 {
        let review = "INSERT INTO reviews \
             (restaurant_id, user_name, rating, review_text, created_at, created_by_kind) \
             VALUES (1 + $1::BIGINT * 7919 % 2300, 'Ann', 5, 'Good', now(), 'anonymous')";
        client.execute(review, &[&written]).await.unwrap();
        written += 1;
    }
    assert!(upgrade.await.unwrap() > 0);
    let sums = "SELECT sum(rating_count)::BIGINT, count(*) FILTER (WHERE name_key LIKE '%ß%' OR name_key LIKE '%ó%') \
         FROM restaurants";
    let row = client.query_one(sums, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2300 + written, 0));
}
