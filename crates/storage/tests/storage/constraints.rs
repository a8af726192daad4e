//! The databases refuse by themselves what the domain refuses, and keep the sums of what is written past it.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::Arc;

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use restaurant_domain::{FieldKind, IdempotencyKey, NewRestaurant, NewReview, SystemClock};
use restaurant_storage::{DatabaseUrl, Limits, open};
use restaurant_tests::postgres::shared;
use tokio_postgres::NoTls;

/// The columns of a restaurant, a review or a key that a case may change, each with a good value.
const RESTAURANT: &[(&str, &str)] = &[
    ("name", "'Blue Door'"),
    ("name_key", "'blue door'"),
    ("street_address", "'1 Harbour Road'"),
    ("description", "'Fish\n& chips'"),
    ("created_at", "'2026-01-01 12:00:00'"),
    ("created_by_kind", "'anonymous'"),
    ("created_by_id", "NULL"),
    ("created_by_name", "NULL"),
];
const REVIEW: &[(&str, &str)] = &[
    ("restaurant_id", "1"),
    ("user_name", "'Ann'"),
    ("rating", "4"),
    ("review_text", "'Good\nfish'"),
    ("created_at", "'2026-01-01 12:00:00'"),
    ("created_by_kind", "'person'"),
    ("created_by_id", "'id'"),
    ("created_by_name", "'Ann'"),
];
const KEY: &[(&str, &str)] = &[
    ("caller_kind", "'anonymous'"),
    ("caller_id", "''"),
    ("key", "'k'"),
    ("fingerprint", "zeroblob(32)"),
    ("created_at", "'2026-01-01 12:00:00'"),
    ("restaurant_id", "1"),
    ("review_id", "NULL"),
];

/// England, Scotland and Wales.
const FLAGS: &str = "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}\
     🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}\
     🏴\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}";

fn insert(table: &str, columns: &[(&str, &str)], column: &str, value: &str) -> String {
    let others = columns.iter().filter(|(name, _)| *name != column);
    let changed = (!column.is_empty()).then_some((column, value));
    let (names, values): (Vec<_>, Vec<_>) = others.copied().chain(changed).unzip();
    format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))
}

fn text_of(length: usize) -> String {
    format!("'{}'", "é".repeat(length))
}

/// Statements that must fail, each for one reason.
fn bad() -> Vec<String> {
    let mut bad = Vec::new();
    let mut add =
        |table, columns: &'static [(&'static str, &'static str)], column, values: Vec<String>| {
            bad.extend(values.iter().map(|value| insert(table, columns, column, value)));
        };
    let texts = |max: usize, one_line: bool| {
        let mut values: Vec<String> =
            ["''", "' '", "' padded'", "'a\u{7}b'", "'a\u{7f}b'", "'a\u{85}b'", "'a\tb'"]
                .map(Into::into)
                .into();
        values.push(text_of(max + 1));
        values.extend(
            ["\u{2028}", "\u{202A}", "\u{202E}", "\u{E0041}", "🏴\u{E0075}\u{E0073}\u{E007F}"]
                .map(|hidden| format!("'a{hidden}b'")),
        );
        if one_line {
            values.extend(
                ["\n", "\u{61C}", "\u{200E}", "\u{200F}", "\u{2066}", "\u{2069}"]
                    .map(|turning| format!("'a{turning}b'")),
            );
        }
        values
    };
    for (table, columns, fields) in [
        ("restaurants", RESTAURANT, NewRestaurant::FIELDS),
        ("reviews", REVIEW, NewReview::FIELDS),
        ("idempotency_keys", KEY, &[IdempotencyKey::FIELD]),
    ] {
        for field in fields {
            let FieldKind::Text { max_chars, rows } = field.kind else { continue };
            let column = match field.name {
                "restaurant_name" => "name",
                "idempotency_key" => "key",
                column => column,
            };
            let null = columns.iter().any(|(name, _)| *name == column).then(|| "NULL".to_owned());
            let mut values = texts(max_chars, rows == 1);
            values.extend(null);
            add(table, columns, column, values);
        }
    }
    add("reviews", REVIEW, "rating", ["NULL", "0", "6", "-1"].map(Into::into).into());
    add("reviews", REVIEW, "restaurant_id", ["NULL", "7"].map(Into::into).into());
    for (table, columns) in [("restaurants", RESTAURANT), ("reviews", REVIEW)] {
        add(table, columns, "created_at", vec!["NULL".into()]);
        add(table, columns, "created_by_kind", ["NULL", "'robot'"].map(Into::into).into());
        add(table, columns, "created_by_id", vec![text_of(101)]);
        add(table, columns, "created_by_name", vec![text_of(101)]);
    }
    add("idempotency_keys", KEY, "caller_kind", ["NULL", "'robot'"].map(Into::into).into());
    add("idempotency_keys", KEY, "caller_id", vec!["NULL".into(), text_of(101)]);
    let sizes = ["NULL", "zeroblob(31)", "zeroblob(33)"];
    add("idempotency_keys", KEY, "fingerprint", sizes.map(Into::into).into());
    add("idempotency_keys", KEY, "created_at", vec!["NULL".into()]);
    add("idempotency_keys", KEY, "restaurant_id", ["NULL", "7"].map(Into::into).into());
    // With a restaurant it is one too many.
    add("idempotency_keys", KEY, "review_id", vec!["4".into()]);
    // Taken.
    add("idempotency_keys", KEY, "key", vec![text_of(100)]);
    bad
}

/// Statements that must work, in this order: whatever is longest, and sums that follow every kind of change.
fn good() -> Vec<(String, [i64; 4])> {
    let restaurant = |column, value: &str| insert("restaurants", RESTAURANT, column, value);
    let review = |column, value: &str| insert("reviews", REVIEW, column, value);
    let key = |column, value: &str| insert("idempotency_keys", KEY, column, value);
    // Expected: the first restaurant's sum, count and key; the number of restaurants.
    vec![
        (restaurant("name", &text_of(50)), [0, 0, 0, 1]),
        (restaurant("description", &text_of(250)), [0, 0, 0, 2]),
        (review("review_text", &text_of(500)), [4, 1, 4_000_000, 2]),
        (review("rating", "1"), [5, 2, 2_500_000, 2]),
        (review("rating", "2"), [7, 3, 2_333_333, 2]),
        ("UPDATE reviews SET rating = 5 WHERE rating = 1".into(), [11, 3, 3_666_666, 2]),
        ("UPDATE reviews SET restaurant_id = 2 WHERE rating = 2".into(), [9, 2, 4_500_000, 2]),
        ("DELETE FROM reviews WHERE rating = 5".into(), [4, 1, 4_000_000, 2]),
        ("DELETE FROM restaurants WHERE id = 2".into(), [4, 1, 4_000_000, 1]),
        (format!("UPDATE restaurants SET name = '{FLAGS}'"), [4, 1, 4_000_000, 1]),
        (
            format!("UPDATE restaurants SET description = '\u{2067}{FLAGS}\u{2069}'"),
            [4, 1, 4_000_000, 1],
        ),
        ("DELETE FROM reviews".into(), [0, 0, 0, 1]),
        (review("rating", "4"), [4, 1, 4_000_000, 1]),
        (key("key", &text_of(100)), [4, 1, 4_000_000, 1]),
        (key("caller_id", &text_of(100)), [4, 1, 4_000_000, 1]),
    ]
}

const SUMS: &str = "SELECT rating_sum, rating_count, rating_key, \
     (SELECT CAST(sum(restaurants) AS BIGINT) FROM restaurant_counts) FROM restaurants WHERE id = 1";

async fn migrate(url: &str) {
    let url = DatabaseUrl::parse(url).unwrap();
    let store = open(&url, Limits::default(), Arc::new(SystemClock)).await.unwrap();
    store.migrate().await.unwrap();
}

#[tokio::test]
async fn sqlite_keeps_the_rules() {
    use diesel::{RunQueryDsl as _, dsl::sql, sql_types::BigInt};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("restaurants.db");
    migrate(&format!("sqlite://{}", path.display())).await;
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    for (statement, expected) in good() {
        connection.batch_execute(&statement).unwrap();
        let sums = sql::<(BigInt, BigInt, BigInt, BigInt)>(SUMS);
        let sums: (i64, i64, i64, i64) = sums.get_result(&mut connection).unwrap();
        assert_eq!(<[i64; 4]>::from(sums), expected, "{statement}");
    }
    let fraction = insert("reviews", REVIEW, "rating", "4.5");
    let no_blob = insert("idempotency_keys", KEY, "fingerprint", &text_of(32));
    let zeros = [("restaurants", RESTAURANT, "name"), ("idempotency_keys", KEY, "key")]
        .map(|(table, columns, column)| insert(table, columns, column, "'a' || char(0)"));
    let turned = "UPDATE restaurants SET name = 'a\u{202E}b'".to_owned();
    for statement in bad().into_iter().chain([fraction, no_blob, turned]).chain(zeros) {
        assert!(connection.batch_execute(&statement).is_err(), "{statement:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_the_rules() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    migrate(database.url()).await;
    let (client, connection) =
        tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let as_sqlite = "CREATE FUNCTION zeroblob(size INT) RETURNS bytea LANGUAGE sql \
         AS $$ SELECT decode(repeat('00', size), 'hex') $$";
    client.batch_execute(as_sqlite).await.unwrap();
    for (statement, expected) in good() {
        client.batch_execute(&statement).await.unwrap();
        assert_eq!(sums(&client).await, expected, "{statement}");
    }
    let turned = "UPDATE restaurants SET name = 'a\u{202E}b'".to_owned();
    for statement in bad().into_iter().chain([turned]) {
        assert!(client.batch_execute(&statement).await.is_err(), "{statement:?}");
    }
    let review = insert("reviews", REVIEW, "", "");
    client.batch_execute(&format!("{review}; TRUNCATE reviews CASCADE")).await.unwrap();
    assert_eq!(sums(&client).await, [0, 0, 0, 1]);
    client.batch_execute("TRUNCATE restaurants CASCADE").await.unwrap();
    let left = client
        .query_one("SELECT sum(restaurants)::BIGINT FROM restaurant_counts", &[])
        .await
        .unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
}

async fn sums(client: &tokio_postgres::Client) -> [i64; 4] {
    let row = client.query_one(SUMS, &[]).await.unwrap();
    [0, 1, 2, 3].map(|column| row.get(column))
}

/// The tables by their place in a cluster of several PostgreSQL nodes, as `docs/operations.md` plans it: with the restaurant,
/// with the caller, or on every node.
const PLACES: &[(&str, Option<&str>)] = &[
    ("restaurants", Some("id")),
    ("restaurant_search", Some("restaurant_id")),
    ("reviews", Some("restaurant_id")),
    ("hidden_restaurants", Some("id")),
    ("hidden_reviews", Some("restaurant_id")),
    ("activity", Some("restaurant_id")),
    ("idempotency_keys", Some("caller_id")),
    ("write_budgets", Some("caller_id")),
    ("restaurant_counts", None),
    ("__diesel_schema_migrations", None),
];

/// The plan past one PostgreSQL stays possible: each table has a place, its column is never empty, and a table refers only to
/// tables beside it, except where the plan says so.
#[tokio::test]
async fn each_table_has_a_place_in_a_cluster() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let url = DatabaseUrl::parse(database.url()).unwrap();
    let store = open(&url, Limits::default(), Arc::new(SystemClock)).await.unwrap();
    store.migrate().await.unwrap();
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let names =
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1";
    let rows = client.query(names, &[]).await.unwrap();
    let tables: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let mut planned: Vec<_> = PLACES.iter().map(|(table, _)| *table).collect();
    planned.sort_unstable();
    assert_eq!(tables, planned);
    for (table, column) in PLACES.iter().filter_map(|(table, column)| Some((table, (*column)?))) {
        let is_set = "SELECT attnotnull FROM pg_attribute WHERE attrelid = $1::text::regclass AND attname = $2";
        let row = client.query_one(is_set, &[table, &column]).await.unwrap();
        assert!(row.get::<_, bool>(0), "{table}.{column} may be empty");
    }
    let references = "SELECT conrelid::regclass::text, f.attname::text, confrelid::regclass::text, t.attname::text \
        FROM pg_constraint \
        JOIN pg_attribute AS f ON f.attrelid = conrelid AND f.attnum = conkey[1] \
        JOIN pg_attribute AS t ON t.attrelid = confrelid AND t.attnum = confkey[1] \
        WHERE contype = 'f' ORDER BY 1, 2";
    let place = |table: &str| PLACES.iter().find(|(name, _)| *name == table).and_then(|it| it.1);
    let mut apart = Vec::new();
    for row in client.query(references, &[]).await.unwrap() {
        let [from, column, to, key]: [String; 4] = [0, 1, 2, 3].map(|index| row.get(index));
        if (place(&from), place(&to)) != (Some(&*column), Some(&*key)) {
            apart.push(format!("{from}.{column}"));
        }
    }
    assert_eq!(apart, ["idempotency_keys.restaurant_id", "idempotency_keys.review_id"]);
}
