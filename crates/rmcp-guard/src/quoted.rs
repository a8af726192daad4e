//! Text of a client inside a message.

/// Quotes a text, shortened to 40 characters, with control characters escaped: safe in a message and in the log.
pub(crate) fn quoted(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    let mut short: String = text.chars().take(MAX_CHARS).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        short.push('…');
    }
    format!("{short:?}")
}
