//! Numbers and times as a reader sees them.

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use restaurant_domain::AuditChannel;
use serde::Serialize;

/// A number with its noun: "1 review", "1,234 reviews", "No reviews".
pub(crate) fn counted(number: i64, one: &str, many: &str) -> String {
    match number {
        0 => format!("No {many}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", grouped(number)),
    }
}

/// A number with a comma before every third digit: "1,234".
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let (sign, digits) = digits.split_at(usize::from(number < 0));
    let mut text = sign.to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Where something was written.
pub(crate) fn channel(channel: AuditChannel) -> &'static str {
    match channel {
        AuditChannel::Page => "on this site",
        AuditChannel::Mcp => "over MCP",
        _ => "by command",
    }
}

/// The first lines of a text, and the rest of one that would fill the screen.
pub(crate) fn folded(text: &str) -> (String, Option<String>) {
    const LINES: usize = 10;
    match text.match_indices('\n').nth(LINES - 1) {
        Some((end, _)) => (text[..end].to_owned(), Some(text[end + 1..].to_owned())),
        None => (text.to_owned(), None),
    }
}

/// The names of the months: a format string is read anew for each time that it formats.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment, for people and for programs.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "ShownMoment")]
pub(crate) struct Moment(DateTime<Utc>);

impl Moment {
    pub(crate) fn of(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

/// A moment as the template gets it.
#[derive(Serialize)]
struct ShownMoment {
    /// ISO 8601, UTC.
    iso: String,
    /// "23 November 2026, 09:05 UTC".
    text: String,
}

impl From<Moment> for ShownMoment {
    fn from(Moment(time): Moment) -> Self {
        Self {
            iso: time.to_rfc3339_opts(SecondsFormat::Secs, true),
            text: format!(
                "{} {} {}, {:02}:{:02} UTC",
                time.day(),
                MONTHS[time.month0() as usize],
                time.year(),
                time.hour(),
                time.minute(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        let numbers = [0, 7, 999, 1_000, 123_456, 1_234_567, -1_000];
        let texts = ["0", "7", "999", "1,000", "123,456", "1,234,567", "-1,000"];
        assert_eq!(numbers.map(grouped), texts);
        assert_eq!(grouped(i64::MIN), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn a_count_agrees_with_its_noun() {
        let counts = [0, 1, 2_000].map(|number| counted(number, "review", "reviews"));
        assert_eq!(counts, ["No reviews", "1 review", "2,000 reviews"]);
    }
}
