//! The guide as a test reads it: its blocks, what they are to print, and its table of cases.

use std::fs;

use restaurant_tests::workspace;

/// Something to type.
#[derive(Debug, Clone)]
pub struct Block {
    /// `by hand`, `by command`, or nothing: what is typed either way.
    pub how: String,
    pub text: String,
    /// What it prints, if the guide says so; `…` stands for anything.
    pub prints: Option<String>,
}

impl Block {
    pub fn plain(text: &str) -> Self {
        Self { how: String::new(), text: format!("{text}\n"), prints: None }
    }
}

/// The guide.
#[derive(Debug)]
pub struct Guide {
    pub blocks: Vec<Block>,
    /// The cases of its table, each with its command.
    pub cases: Vec<(String, String)>,
}

impl Guide {
    pub fn read() -> Self {
        let path = workspace::root().join("docs/GUIDE_AUTH_MCP_SERVER.md");
        let text = fs::read_to_string(path).unwrap();
        let mut blocks: Vec<Block> = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(info) = line.strip_prefix("```") else { continue };
            let body = lines.by_ref().take_while(|line| *line != "```");
            let body = body.fold(String::new(), |body, line| body + line + "\n");
            match info.split_once(' ').unwrap_or((info, "")) {
                ("sh", how) => {
                    assert!(["", "by hand", "by command"].contains(&how), "{info}");
                    blocks.push(Block { how: how.to_owned(), text: body, prints: None });
                }
                ("text", _) => blocks.last_mut().unwrap().prints = Some(body.trim().to_owned()),
                _ => {}
            }
        }
        assert!(blocks.len() > 15, "{blocks:?}");
        let rows = text.lines().filter(|line| line.contains(" --case "));
        let cases = rows.map(|row| {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            (cells[1].to_owned(), cells[cells.len() - 2].trim_matches('`').to_owned())
        });
        Self { cases: cases.collect(), blocks }
    }
}

/// Whether a text is what a pattern says. A pattern that opens or ends with `…` may be a part of more lines.
pub fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let mut last = first;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = part;
    }
    rest.is_empty() || (last.is_empty() && pattern.ends_with('…'))
}
