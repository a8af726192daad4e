//! What the searches of both databases share.

/// As many words as a power of two, the last one several times: so there are few different statements to prepare, however
/// many words people look for.
pub(crate) fn padded<'a>(words: &[&'a str]) -> impl Iterator<Item = &'a str> {
    let length = if words.is_empty() { 0 } else { words.len().next_power_of_two() };
    words.iter().chain(words.last().into_iter().cycle()).take(length).copied()
}
