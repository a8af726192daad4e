//! A secret that is easy to find again, and the malformed values that it is put into.

use std::{ffi::OsString, fmt::Write as _, os::unix::ffi::OsStringExt as _};

/// What is never to be seen: a word, and a number for settings that are numbers.
#[derive(Debug)]
pub struct Canary {
    word: &'static str,
    number: &'static str,
}

impl Default for Canary {
    fn default() -> Self {
        Self { word: "k7fq93hush", number: "48151623421337" }
    }
}

impl Canary {
    pub fn text(&self) -> &'static str {
        self.word
    }

    /// Each byte as `%XX`.
    pub fn encoded(&self) -> String {
        self.word.bytes().fold(String::new(), |mut text, byte| {
            write!(text, "%{byte:02x}").unwrap();
            text
        })
    }

    /// The lines in which any form of it stands; the number, too, where it is malformed.
    pub fn lines_with_it(&self, output: &str, is_malformed: bool) -> Vec<String> {
        let encoded = self.encoded();
        let mut forms = vec![self.word.to_owned(), encoded.replace('%', "%25"), encoded];
        forms.extend(is_malformed.then(|| self.number.to_owned()));
        let lines = output.lines().filter(|line| {
            let line = line.to_lowercase();
            forms.iter().any(|form| line.contains(form))
        });
        lines.map(str::to_owned).collect()
    }
}

/// Values that are malformed for any setting, or have a secret where it must not be.
pub fn shapes(canary: &Canary) -> Vec<OsString> {
    let (word, number, encoded) = (canary.word, canary.number, canary.encoded());
    let texts = [
        format!("https://id:{word}@host"),
        format!("https://id:{encoded}@host/#{word}"),
        format!("https://host:99999/{word}?{word}"),
        format!("postgresql://app:{word}@host:port/db"),
        format!("postgres://127.0.0.1:9/r?user=app;password={word}"), // tidy: nothing listens there
        format!("postgres://127.0.0.1:9/r?user=app%3Bpassword%3D{encoded}"), // tidy: as above
        format!("postgres://app%3A{word}@127.0.0.1:9/r?sslmode=require"), // tidy: as above
        format!(
            // tidy: as above
            "postgres://app:x@127.0.0.1:9/r?sslmode=verify-ca&sslrootcert=no.pem;password={word}"
        ),
        format!("sqlite://data.sqlite3;password={word}"),
        format!("host=127.0.0.1 port=9 user=app,password={word} {word}=1"),
        format!("host=127.0.0.1 password='{word}"),
        format!("Server=127.0.0.1;Port={word};User Id=app;Password={word};Pooling=no"),
        format!("Data Source=db;Password={word}"),
        format!("InstrumentationKey=1;IngestionEndpoint=https://u:{word}@h;"),
        format!("InstrumentationKey={word};IngestionEndpoint={word}"),
        format!("InstrumentationKey={word};EndpointSuffix= {word}/;Location=a b"),
        format!("[{{password={word}}}]={word}"),
        format!("\"{word}\""),
        format!("{word}\nsecond line"),
        format!("x\u{1b}[31m{word}\t?"),
        format!("--{word}={word}"),
        number.to_owned(),
        format!("-{number}.5"),
    ];
    let mut shapes: Vec<OsString> = texts.into_iter().map(OsString::from).collect();
    let mut not_utf8 = word.as_bytes().to_vec();
    not_utf8.push(0xff);
    shapes.push(OsString::from_vec(not_utf8));
    shapes
}
