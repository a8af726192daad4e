//! Takes every part of a credential out of a text that a judged app wrote.
//!
//! An app may give a token back in pieces, with separators, or in another encoding. So a text is compared by its letters
//! and digits alone, after its escapes are decoded, with fingerprints of the credential in each encoding. The credentials
//! themselves are not kept.

mod sieve;

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState},
    iter::once,
    ops::Range,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

use self::sieve::Sieve;
use crate::AccessToken;

/// What stands for a part of a credential.
const REDACTED: &str = "[redacted]";

/// A run of this many letters and digits that a text shares with a credential is a part of it.
const RUN: usize = 12;

/// Shorter runs count too, where they make up [`SHORT_RUNS_COVER`] characters of a text: one of them is chance, many are
/// a credential cut smaller.
const SHORT_RUN: usize = 6;
const SHORT_RUNS_COVER: usize = 24;
/// … and at least one part in so many of it.
const SHORT_RUNS_SHARE: usize = 4;

/// How many characters of a text are looked at; the rest is dropped.
const LOOKED_AT: usize = 64 << 10;

/// How often escapes are decoded that stand in each other.
const ESCAPES_IN_ESCAPES: usize = 3;

/// Claims that are no secret: the report needs them to tell what to change.
const PUBLIC_CLAIMS: [&str; 12] = [
    "aud", "iss", "azp", "appid", "tid", "ver", "scp", "roles", "idtyp", "azpacr", "appidacr",
    "idp",
];

/// Claims that name a person, secret however short they are.
const NAMES: [&str; 7] =
    ["name", "given_name", "family_name", "preferred_username", "upn", "unique_name", "email"];

/// The shortest name that is looked for.
const SHORTEST_NAME: usize = 4;

/// Hashes, which need no further hash to be kept by.
type Fingerprints = HashSet<u64, BuildHasherDefault<Unhashed>>;

/// The hash of a hash is the hash itself.
#[derive(Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The credentials of a run, as fingerprints.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    hasher: RandomState,
    /// Lets few other runs pass than those of the tokens and their claims.
    sieve: Sieve,
    /// Of the tokens, in each encoding.
    runs: Fingerprints,
    /// Of their claims.
    claims: Fingerprints,
    short_runs: Fingerprints,
    learned: Fingerprints,
    /// Of claims that are no secret: ids that a report names may begin like others.
    public: Fingerprints,
    /// Of claims that are shorter than a run.
    names: HashSet<Vec<char>>,
}

/// A character of a text as it is compared, and the bytes of the text that it was made of.
#[derive(Debug, Clone)]
struct Piece {
    char: char,
    bytes: Range<usize>,
}

impl Redactor {
    /// Remembers a credential.
    pub(crate) fn learn(&mut self, token: &AccessToken) {
        let text = token.expose();
        if !self.learned.insert(self.hasher.hash_one(text)) {
            return;
        }
        self.learn_text(text);
        for (name, value) in &token.claims().0 {
            if !PUBLIC_CLAIMS.contains(&name.as_str()) {
                self.learn_claim(name, value);
            } else if let Some(value) = value.as_str() {
                self.learn_public(value);
            }
        }
    }

    /// Remembers a credential that is no token.
    pub(crate) fn learn_text(&mut self, text: &str) {
        let reversed: String = text.chars().rev().collect();
        for encoding in encodings(text.as_bytes()).iter().chain([&reversed]) {
            self.learn_runs(encoding);
        }
        let runs = self.sieve.add(&compared(text), SHORT_RUN).into_iter();
        self.short_runs.extend(runs.map(|run| self.hasher.hash_one(run)));
    }

    fn learn_runs(&mut self, encoding: &str) {
        let runs = self.sieve.add(&compared(encoding), RUN).into_iter();
        self.runs.extend(runs.map(|run| self.hasher.hash_one(run)));
    }

    /// Remembers a text that is shown, whatever claim has it too.
    pub(crate) fn learn_public(&mut self, text: &str) {
        let text = compared(text);
        let runs = self.sieve.numbers(&text, RUN);
        self.public.extend(runs.map(|run| self.hasher.hash_one(run)));
    }

    fn learn_claim(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(value) => {
                let text = compared(value);
                if text.len() >= RUN {
                    let runs = self.sieve.add(&text, RUN).into_iter();
                    self.claims.extend(runs.map(|run| self.hasher.hash_one(run)));
                } else if NAMES.contains(&name) && text.len() >= SHORTEST_NAME {
                    self.names.insert(text);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.learn_claim(name, value)),
            Value::Object(values) => {
                values.iter().for_each(|(name, value)| self.learn_claim(name, value));
            }
            _ => {}
        }
    }

    /// The text without any part of a credential.
    pub(crate) fn redact(&self, text: &str) -> String {
        let text = start(text);
        let mut found = self.find(text, Self::parts_of_tokens);
        found.extend(self.find(text, Self::parts_of_claims));
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        for found in merge(found) {
            shown.push_str(&text[at..found.start]);
            shown.push_str(REDACTED);
            at = found.end;
        }
        shown.push_str(&text[at..]);
        shown
    }

    /// Whether a part of a token is in the text, in any encoding. A claim is none: an app may greet a person by name.
    pub(crate) fn is_token_in(&self, text: &str) -> bool {
        let runs = |it: &Self, text: &[char]| it.runs_in(text, RUN, |run| it.runs.contains(&run));
        !self.find(start(text), runs).is_empty()
    }

    /// The bytes of a text in which a search finds something, whether or not its escapes are decoded.
    fn find(
        &self,
        text: &str,
        search: impl Fn(&Self, &[char]) -> Vec<Range<usize>>,
    ) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut pieces: Vec<_> = text.char_indices().map(piece).collect();
        for _ in 0..=ESCAPES_IN_ESCAPES {
            let compared = letters_and_digits(&pieces);
            let chars: Vec<_> = compared.iter().map(|piece| piece.char).collect();
            let parts = search(self, &chars).into_iter();
            let first_and_last = parts.map(|part| (&compared[part.start], &compared[part.end - 1]));
            found.extend(first_and_last.map(|(first, last)| first.bytes.start..last.bytes.end));
            let decoded = decode(&pieces);
            if decoded.len() == pieces.len() {
                break;
            }
            pieces = decoded;
        }
        found
    }

    fn parts_of_tokens(&self, text: &[char]) -> Vec<Range<usize>> {
        let mut parts = self.runs_in(text, RUN, |run| self.runs.contains(&run));
        let short = self.runs_in(text, SHORT_RUN, |run| self.short_runs.contains(&run));
        let covered: usize = short.iter().map(Range::len).sum();
        if covered >= SHORT_RUNS_COVER && covered * SHORT_RUNS_SHARE >= text.len() {
            parts.extend(short);
        }
        parts
    }

    fn parts_of_claims(&self, text: &[char]) -> Vec<Range<usize>> {
        let is_secret = |run| self.claims.contains(&run) && !self.public.contains(&run);
        let mut parts = self.runs_in(text, RUN, is_secret);
        for name in &self.names {
            let places = text.windows(name.len()).enumerate().filter(|(_, part)| part == name);
            parts.extend(places.map(|(at, _)| at..at + name.len()));
        }
        parts
    }

    /// Where a text has runs of a length whose fingerprint is one of those that are looked for.
    fn runs_in(
        &self,
        text: &[char],
        length: usize,
        is_looked_for: impl Fn(u64) -> bool,
    ) -> Vec<Range<usize>> {
        let runs = self.sieve.runs(text, length);
        let found = runs.filter(|(_, run)| is_looked_for(self.hasher.hash_one(run)));
        merge(found.map(|(at, _)| at..at + length).collect())
    }
}

/// The forms in which bytes are written as text. Base64 depends on where the bytes begin in a group of three.
fn encodings(bytes: &[u8]) -> Vec<String> {
    let plain = String::from_utf8_lossy(bytes).into_owned();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    let by_base64 = (0..3).filter_map(|skipped| {
        let rest = bytes.get(skipped..)?;
        Some([STANDARD_NO_PAD.encode(rest), URL_SAFE_NO_PAD.encode(rest)])
    });
    once(plain).chain(once(hex)).chain(by_base64.flatten()).collect()
}

/// What of a text is compared.
fn compared(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

fn piece((at, char): (usize, char)) -> Piece {
    Piece { char, bytes: at..at + char.len_utf8() }
}

fn letters_and_digits(pieces: &[Piece]) -> Vec<Piece> {
    let kept = pieces.iter().filter(|piece| piece.char.is_alphanumeric()).cloned();
    kept.map(|piece| Piece { char: piece.char.to_ascii_lowercase(), ..piece }).collect()
}

/// The start of a text that is looked at, at the end of a character.
fn start(text: &str) -> &str {
    let end = (0..=LOOKED_AT.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

/// Decodes the escapes of URLs (`%41`), JSON and programs (`\u0041`, `\x41`), HTML (`&#65;`, `&#x41;`) and mails (`=41`).
fn decode(pieces: &[Piece]) -> Vec<Piece> {
    let mut decoded = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while at < pieces.len() {
        let (char, length) = escape(&pieces[at..]).unwrap_or((pieces[at].char, 1));
        let end = pieces[at + length - 1].bytes.end;
        decoded.push(Piece { char, bytes: pieces[at].bytes.start..end });
        at += length;
    }
    decoded
}

/// The character of the escape at the start, and how many characters the escape has.
fn escape(pieces: &[Piece]) -> Option<(char, usize)> {
    let char = |at: usize| pieces.get(at).map(|piece| piece.char);
    let digits = |from: usize, count: usize, radix: u32| {
        let text: String = (from..from + count).map_while(char).collect();
        let number = u32::from_str_radix(&text, radix).ok()?;
        (text.chars().count() == count).then_some(())?;
        Some((char::from_u32(number)?, from + count))
    };
    match (char(0)?, char(1)?) {
        ('%' | '=', _) => digits(1, 2, 16),
        ('\\', 'x') => digits(2, 2, 16),
        ('\\', 'u') => digits(2, 4, 16),
        ('&', '#') => {
            let (from, radix) = if matches!(char(2)?, 'x' | 'X') { (3, 16) } else { (2, 10) };
            let count = (from..from + 8).map_while(char).take_while(|c| c.is_digit(radix)).count();
            let (decoded, end) = digits(from, count, radix)?;
            Some((decoded, end + usize::from(char(end) == Some(';'))))
        }
        _ => None,
    }
}

/// Ranges in order, those that touch or overlap as one.
fn merge(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde_json::{Value, json};

    use super::{REDACTED, Redactor, URL_SAFE_NO_PAD};
    use crate::AccessToken;

    fn token() -> AccessToken {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"alg": "RS256", "kid": "a-key-of-the-issuer", "typ": "JWT"}));
        let claims = part(json!({
            "aud": "api://11111111-2222-4333-8444-555555555555", "name": "Ada Sample",
            "oid": "99999999-aaaa-4bbb-8ccc-dddddddddddd", "exp": 4_000_000_000_u32,
        }));
        let signature =
            URL_SAFE_NO_PAD.encode((0..=255).map(|i: u8| i.wrapping_mul(73)).collect::<Vec<_>>());
        AccessToken::new(&format!("{header}.{claims}.{signature}")).unwrap()
    }

    /// The parts of a text that have this length, with something between them.
    fn apart(text: &str, length: usize, between: &str) -> String {
        let parts = text.as_bytes().chunks(length).map(String::from_utf8_lossy);
        parts.collect::<Vec<_>>().join(between)
    }

    fn redactor() -> Redactor {
        let mut redactor = Redactor::default();
        redactor.learn(&token());
        redactor
    }

    /// The longest run of letters and digits that is shown and in the token.
    fn longest_run_left(shown: &str) -> usize {
        let token = token();
        let shown: Vec<char> = shown.replace(REDACTED, "|").chars().collect();
        let lengths = (0..shown.len()).map(|from| {
            let lengths = 1..=shown.len() - from;
            let is_in = |length: &usize| {
                token.expose().contains(&shown[from..from + length].iter().collect::<String>())
            };
            lengths.take_while(is_in).last().unwrap_or_default()
        });
        lengths.max().unwrap_or_default()
    }

    #[test]
    fn a_piece_is_redacted_however_it_is_cut() {
        let (redactor, token) = (redactor(), token());
        let token = token.expose();
        let half = token.len() / 2;
        for text in [
            format!("Bearer {token}!"),
            token[1..].to_owned(),
            token[..token.len() - 1].to_owned(),
            token[..half].to_owned(),
            token[half..].to_owned(),
            token[100..112].replace(['.', '-', '_'], ""),
            token.chars().flat_map(|c| [c, ' ']).collect(),
            token.chars().flat_map(|c| [c, '-', '/']).collect(),
            token.to_uppercase(),
            apart(token, 11, "zQz"),
            apart(token, 7, ", then "),
        ] {
            let shown = redactor.redact(&text);
            assert!(shown.contains(REDACTED), "{text}");
            assert!(longest_run_left(&shown) < 8, "{text}: {shown}");
        }
        let reversed: String = token.chars().rev().collect();
        assert_eq!(redactor.redact(&reversed), REDACTED);
    }

    #[test]
    fn an_encoding_is_redacted() {
        let (redactor, token) = (redactor(), token());
        let token = token.expose();
        let each = |form: fn(char) -> String| token.chars().map(form).collect::<String>();
        for text in [
            each(|c| format!("%{:02X}", c as u32)),
            each(|c| format!("%25{:02x}", c as u32)),
            each(|c| format!("\\u{:04x}", c as u32)),
            each(|c| format!("\\\\u{:04x}", c as u32)),
            each(|c| format!("\\x{:02x}", c as u32)),
            each(|c| format!("&#{};", c as u32)),
            each(|c| format!("&#x{:x};", c as u32)),
            each(|c| format!("={:02X}", c as u32)),
            each(|c| format!("{:02x}", c as u32)),
            each(|c| format!("{:02X} ", c as u32)),
            STANDARD.encode(token),
            STANDARD.encode(&token[1..]),
            STANDARD.encode(&token[2..]),
            URL_SAFE_NO_PAD.encode(&token[3..40]),
        ] {
            let shown = redactor.redact(&text);
            let left = shown.replace(REDACTED, "");
            assert!(left.chars().filter(|c| c.is_alphanumeric()).count() < 6, "{text}: {shown}");
        }
    }

    #[test]
    fn claims_are_redacted_but_those_that_tell_what_to_change() {
        let redactor = redactor();
        let oid = "oid 99999999-aaaa-4bbb-8ccc-dddddddddddd of Ada Sample, ada sample";
        assert_eq!(redactor.redact(oid), format!("oid {REDACTED} of {REDACTED}, {REDACTED}"));
        let audience = "audience api://11111111-2222-4333-8444-555555555555";
        assert_eq!(redactor.redact(audience), audience);
    }

    #[test]
    fn other_texts_stay() {
        let redactor = redactor();
        for text in [
            "",
            "401, www-authenticate: Bearer realm=\"app.example\"",
            "%zz \\u00 &#; =4 %",
            "restaurant 7, which is there when read back",
            "ß日本語 %E6%97%A5 — «done»",
            "alg RS256",
        ] {
            assert_eq!(redactor.redact(text), text);
            assert!(!redactor.is_token_in(text));
        }
        assert!(!redactor.is_token_in("Ada Sample"));
        assert!(redactor.is_token_in(&format!("<pre>{}</pre>", &token().expose()[30..60])));
        assert!(!Redactor::default().is_token_in(token().expose()));
    }

    #[test]
    fn a_long_text_is_cut_within_its_characters() {
        let shown = redactor().redact(&"é".repeat(super::LOOKED_AT));
        assert_eq!(shown.len(), super::LOOKED_AT);
    }
}
