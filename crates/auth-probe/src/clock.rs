//! The clock.

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "tokens are of the real time, which no test sets")]
pub(crate) fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}
