//! The address of the database, in each of its forms.

#![no_main]

use libfuzzer_sys::fuzz_target;
use restaurant_storage::DatabaseUrl;

/// Stands for each `~`: no message may repeat it.
const SECRET: &str = "q9secret9q";

fuzz_target!(|text: &str| {
    let text = text.replace('~', SECRET);
    check(DatabaseUrl::parse(&text));
    check(DatabaseUrl::from_libpq(&text));
    let mut lines = text.split('\n').map(Some).chain([None; 6]);
    let mut part = || lines.next().flatten();
    check(DatabaseUrl::from_parts(part(), part(), part(), part(), part(), part()));
});

fn check<E: std::fmt::Display>(read: Result<DatabaseUrl, E>) {
    match read {
        Ok(url) => {
            url.sqlite_path();
            url.has_password();
            url.is_encrypted_or_loopback();
        }
        Err(error) => assert!(!error.to_string().contains(SECRET), "{error}"),
    }
}
