//! What is read as a database's address, and what is said of what is not.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::prelude::*;
use restaurant_storage::DatabaseUrl;

fn shown(url: &str) -> String {
    DatabaseUrl::parse(url).unwrap().to_string()
}

fn refused(url: &str) -> String {
    DatabaseUrl::parse(url).unwrap_err().to_string()
}

#[test]
fn urls_of_postgresql() {
    for (url, expected) in [
        ("postgres://u:p@db:6432/shop", "postgres://u@db:6432/shop?sslmode=prefer"),
        ("postgresql://u@db", "postgres://u@db:5432/u?sslmode=prefer"),
        ("postgres://u@/shop?host=db&port=1", "postgres://u@db:1/shop?sslmode=prefer"),
        ("postgres://u@[2001:db8::1]:1/shop", "postgres://u@[2001:db8::1]:1/shop?sslmode=prefer"),
        ("postgres://u@a:1,b:2/shop", "postgres://u@a:1,b:2/shop?sslmode=prefer"),
        ("postgres://u@a,b/shop", "postgres://u@a:5432,b:5432/shop?sslmode=prefer"),
        ("postgres://u@%2Frun%2Fpg/shop", "postgres://u@/run/pg:5432/shop?sslmode=prefer"),
        ("postgres://a%40b:p@db/my%20shop", "postgres://a@b@db:5432/my shop?sslmode=prefer"),
        ("postgres://u@db/s?sslmode=verify-full", "postgres://u@db:5432/s?sslmode=verify-full"),
        // As libpq does: to require TLS and name an authority asks the authority.
        (
            "postgres://u@db/s?sslmode=require&sslrootcert=ca.pem",
            "postgres://u@db:5432/s?sslmode=verify-ca",
        ),
        (
            "postgres://u@db/s?application_name=x&connect_timeout=3",
            "postgres://u@db:5432/s?sslmode=prefer",
        ),
    ] {
        assert_eq!(shown(url), expected, "{url}");
    }
}

#[test]
fn urls_of_sqlite() {
    for (url, path) in [
        ("sqlite://restaurants.db", "restaurants.db"),
        ("sqlite://data/my restaurants%20.db", "data/my restaurants%20.db"),
        ("sqlite:///var/lib/restaurants.db", "/var/lib/restaurants.db"),
    ] {
        let parsed = DatabaseUrl::parse(url).unwrap();
        assert_eq!(parsed.sqlite_path(), Some(Path::new(path)));
        assert_eq!(parsed.to_string(), url);
    }
    assert_eq!(DatabaseUrl::parse("postgres://u@db").unwrap().sqlite_path(), None);
    for url in [
        "sqlite://",
        "sqlite://:memory:",
        "sqlite:///tmp/",
        "sqlite://a.db?mode=ro",
        "sqlite://a\0",
    ] {
        assert!(refused(url).contains("SQLite path"), "{url}");
    }
}

#[test]
fn libpq_strings_with_their_quoting() {
    for (text, expected) in [
        (
            "dbname=shop host=db.postgres.database.azure.com port=5432 sslmode=require user=u password=p",
            "postgres://u@db.postgres.database.azure.com:5432/shop?sslmode=require",
        ),
        (
            r" user = 'a b'  dbname='it\'s \\ here' host=db ",
            r"postgres://a b@db:5432/it's \ here?sslmode=prefer",
        ),
        (r"user=a\ b host=db", "postgres://a b@db:5432/a b?sslmode=prefer"),
        ("user=u password='' host=db", "postgres://u@db:5432/u?sslmode=prefer"),
        // tidy: an address to read, not to call
        ("user=first user=last", "postgres://last@localhost:5432/last?sslmode=prefer"),
    ] {
        assert_eq!(DatabaseUrl::from_libpq(text).unwrap().to_string(), expected, "{text}");
    }
    for text in ["user", "user=u shop", "=x", "user='u", "user=u port=x", "user=u sslmode=maybe"] {
        DatabaseUrl::from_libpq(text).unwrap_err();
    }
}

#[test]
fn what_libpq_takes_as_a_connection_string_may_be_a_url() {
    for url in ["postgresql://app:pw@host/db", "postgres://app:pw@host/db"] {
        let read = DatabaseUrl::from_libpq(url).unwrap();
        assert_eq!(read.to_string(), "postgres://app@host:5432/db?sslmode=prefer");
        assert!(read.has_password());
    }
    let pairs = DatabaseUrl::parse("host=h user=u password=p").unwrap();
    assert_eq!(pairs.to_string(), "postgres://u@h:5432/u?sslmode=prefer");
    DatabaseUrl::from_libpq("sqlite://data.sqlite3").unwrap_err();
}

#[test]
fn the_form_that_azure_writes_for_net() {
    for (text, expected) in [
        (
            "Server=db.postgres.database.azure.com;Database=shop;Port=5432;Ssl Mode=Require;User Id=app;Password=pw;",
            "postgres://app@db.postgres.database.azure.com:5432/shop?sslmode=require",
        ),
        (
            "Host=h;Username=app;Password=\"a;b\"\"=c\";SslMode=VerifyFull",
            "postgres://app@h:5432/app?sslmode=verify-full",
        ),
        (
            " SERVER = h ; user id = 'my app' ;; pwd = a=b ",
            "postgres://my app@h:5432/my app?sslmode=prefer",
        ),
    ] {
        for url in [DatabaseUrl::parse(text), DatabaseUrl::from_libpq(text)] {
            let url = url.unwrap();
            assert_eq!(url.to_string(), expected, "{text}");
            assert!(url.has_password(), "{text}");
        }
    }
    for (text, says) in [
        ("Server=h;User Id=app;Password=geheim;Pooling=true", "\"pooling\""),
        ("Server=h;User Id=app;Password=geheim;Ssl Mode=geheim", "sslmode"),
        ("Server=h;Port=geheim;User Id=app", "port"),
        ("Server=h;User Id=app;Password=geheim;geheim", "Server=…;Database=…"),
        ("Server=h;User Id=app;geheim=x", "Server=…;Database=…"),
        ("Server=h;User Id=app;Password='geheim", "Server=…;Database=…"),
        ("Server=h;User Id=app;Password='a'geheim", "Server=…;Database=…"),
    ] {
        let error = DatabaseUrl::from_libpq(text).unwrap_err().to_string();
        assert!(error.contains(says) && !error.contains("geheim"), "{text}: {error}");
    }
}

#[test]
fn the_systems_authorities_need_the_hosts_name() {
    for url in [
        "postgres://u@db/s?sslrootcert=system",
        "postgres://u@db/s?sslrootcert=system&sslmode=verify-full",
        "host=db user=u dbname=s sslrootcert=system",
        "Host=db;Username=u;Database=s;Root Certificate=system",
    ] {
        assert_eq!(shown(url), "postgres://u@db:5432/s?sslmode=verify-full", "{url}");
    }
    for mode in ["disable", "prefer", "require", "verify-ca"] {
        let error = refused(&format!("postgres://u@db/s?sslrootcert=system&sslmode={mode}"));
        assert!(error.contains("sslmode") && error.contains("verify-full"), "{error}");
    }
    // A file of that name, as libpq has it.
    let file = shown("postgres://u@db/s?sslrootcert=./system&sslmode=require");
    assert!(file.ends_with("sslmode=verify-ca"), "{file}");
}

/// Addresses with a password in a place where it would be shown.
const WITH_A_PASSWORD_IN_A_NAME: &[&str] = &[
    "postgres://h/r?user=app;password=geheim",
    "postgres://h/r?user=app%3Bpassword%3Dgeheim",
    "postgres://h/r?user=app%253Bpassword%253Dgeheim",
    "postgres://h/r?user=app%0Ageheim",
    "postgres://h/r?user=app:geheim",
    "postgres://h/r?user=app/geheim",
    "postgres://app%3Ageheim@h/r",
    "postgres://app;password=geheim@h/r",
    "postgres://u:p@h;password=geheim/r",
    "postgres://u:p@h/r;password=geheim",
    "postgres://u:p@h/r%3Fpassword=geheim",
    "postgres://u:p@h/r&password=geheim",
    "postgres://u/geheim%40h/r",
    "postgres://u:p@h/r#geheim",
    "postgres://u:p@h/r?dbname=postgres%3A//app:geheim%40h",
    "postgres://u:p@h/r?host=h;password=geheim",
    "postgres://u:p@h/r?host=/run;password=geheim",
    "postgres://u:p@h/r?sslmode=verify-ca&sslrootcert=ca.pem;password=geheim",
    "postgres://u:p@h/r?application_name=x;password=geheim",
    "postgres://u:p@h/r?options=-c%20x=y;password=geheim",
    "postgres://u:p@h/r?geheim=1",
    "postgres://u:geheim/x?geheim=1",
    "postgres://u:p@h/r?passwordgeheim=1",
    "host=h user='app password=geheim'",
    "host=h user=app,password=geheim",
    "host=h user=app&password=geheim",
    "host=h user=app\\ password=geheim",
    "host=h geheim=1",
    "host=postgres://app:geheim@h",
    "host=h:geheim",
    "dbname=postgres://app:geheim@h/r",
    "Host=h;User Id=app:geheim",
    "sqlite://data.db;password=geheim",
    "sqlite://data.db password=geheim",
    "sqlite://app:geheim@h/r",
    "sqlite://data.db\ngeheim",
    "Data Source=data.db;Password=geheim",
    "jdbc:postgresql://h/r?user=app&password=geheim",
    "postgresql+psycopg://app:geheim@h/r",
    "\"postgres://app:geheim@h/r\"",
];

#[test]
fn names_that_may_hide_a_password_are_refused_and_not_shown() {
    for text in WITH_A_PASSWORD_IN_A_NAME {
        for url in [DatabaseUrl::parse(text), DatabaseUrl::from_libpq(text)] {
            let error = url.expect_err(text);
            let seen = format!("{error} {error:?}");
            assert!(!seen.contains("geheim") && !seen.contains('\n'), "{text}: {seen}");
        }
    }
    let it = Some("app;password=geheim");
    for parts in [
        [it, None, None, None, None],
        [None, it, None, None, None],
        [None, None, it, None, None],
        [None, None, None, it, None],
        [None, None, None, None, it],
    ] {
        let [host, port, name, user, sslmode] = parts;
        let error = DatabaseUrl::from_parts(host, port, name, user, None, sslmode).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
    }
}

#[test]
fn names_as_azure_has_them_are_taken() {
    for user in [
        "app@server",
        "anna_gmail.com#EXT#@contoso.onmicrosoft.com",
        "id-reviews-7f3",
        "DB Readers",
        "Grüße",
    ] {
        let user = encoded(user);
        DatabaseUrl::parse(&format!("postgres://{user}:pw@h/my-shop_1.a")).unwrap();
    }
    DatabaseUrl::parse("postgres://u@/shop?host=/cloudsql/project:region:instance").unwrap();
    DatabaseUrl::parse("postgres://u@h/shop?options=-c%20search_path=a,b").unwrap();
}

#[test]
fn single_settings_have_libpqs_defaults() {
    let url = DatabaseUrl::from_parts(
        Some("db"),
        None,
        Some("shop"),
        Some("u"),
        Some("p'\\ "),
        Some("require"),
    );
    assert_eq!(url.unwrap().to_string(), "postgres://u@db:5432/shop?sslmode=require");
    let url = DatabaseUrl::from_parts(None, Some(""), None, Some("u"), None, None);
    // tidy: an address to read, not to call
    assert_eq!(url.unwrap().to_string(), "postgres://u@localhost:5432/u?sslmode=prefer");
    let error = DatabaseUrl::from_parts(None, Some("x"), None, None, None, None).unwrap_err();
    assert_eq!(error.to_string(), "the value of port is wrong: give a number from 1 to 65535");
}

#[test]
fn an_error_names_the_part_that_is_wrong() {
    for (url, part) in [
        ("mysql://u:p@db", "postgres://"),
        ("restaurants.db", "sqlite://"),
        ("postgres://u:p@db:x/s", "port"),
        ("postgres://u:p@db:99999/s", "port"),
        ("postgres://u:p@[::1/s", "host"),
        ("postgres://u:p@db/s?sslmode=on", "disable, prefer, require, verify-ca or verify-full"),
        ("postgres://u:p@db/s?sslcert=x", "\"sslcert\""),
        ("postgres://u:p@db/s?tcp_user_timeout=1", "\"tcp_user_timeout\""),
        ("postgres://u:p@db/s?connect_timeout=soon", "connect_timeout"),
        ("postgres://u:p@db/s?sslmode", "key=value"),
        ("postgres://u:p@db/%FF", "UTF-8"),
    ] {
        let error = refused(url);
        assert!(error.contains(part), "{url}: {error}");
    }
    let error = DatabaseUrl::from_libpq("user=u password=two words=3").unwrap_err().to_string();
    assert!(error.contains("after the password") && !error.contains("words"), "{error}");
}

/// All that a person or a log could get to see of an attempt.
fn seen(attempt: Result<DatabaseUrl, restaurant_storage::DatabaseUrlError>) -> String {
    match attempt {
        Ok(url) => format!("{url} {url:?}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

fn encoded(text: &str) -> String {
    percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string()
}

proptest! {
    #[test]
    fn any_text_is_an_address_or_an_error(
        text in "\\PC{0,60}|((postgres|sqlite)://)?[a-z0-9:/@?&=%,'\\\\\\[\\] \\x00]{0,60}",
    ) {
        let _ = DatabaseUrl::parse(&text);
        let _ = DatabaseUrl::parse(&format!("postgres://{text}"));
        let _ = DatabaseUrl::from_libpq(&text);
        let part = Some(text.as_str());
        let _ = DatabaseUrl::from_parts(part, part, part, part, part, part);
    }

    /// Encoded as it should be, or pasted as it is; with all else right, or not.
    #[test]
    fn a_password_is_never_seen(
        noise in "[a-z0-9:/@?&=%#,'\\\\\\[\\] ]{0,12}",
        rest in prop_oneof![Just("/s"), Just(":x/s"), Just("/s?port=x"), Just("/s?key=1"), Just("/s?sslmode=x")],
    ) {
        let password = format!("hush{noise}hush");
        for given in [password.clone(), encoded(&password)] {
            let seen = seen(DatabaseUrl::parse(&format!("postgres://u:{given}@db{rest}")));
            prop_assert!(!seen.contains("hush"), "{}", seen);
        }
        let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
        for rest in ["", " port=x", " key=1", " sslmode=x", " '"] {
            let seen = seen(DatabaseUrl::from_libpq(&format!("user=u password='{quoted}' host=db{rest}")));
            prop_assert!(!seen.contains("hush"), "{}", seen);
        }
        let seen = seen(DatabaseUrl::from_parts(None, None, None, None, Some(&password), None));
        prop_assert!(!seen.contains("hush"), "{}", seen);
    }
}

#[test]
fn pairs_separated_by_semicolons_are_refused_and_not_shown() {
    let error = DatabaseUrl::from_libpq("dbname=r;host=h;password=geheim").unwrap_err().to_string();
    assert!(error.contains("blanks") && !error.contains("geheim"), "{error}");
    DatabaseUrl::from_libpq("host=h password=a;b dbname=r").unwrap();
    DatabaseUrl::from_libpq("host=h password='a;b=c' dbname=r").unwrap();
}
