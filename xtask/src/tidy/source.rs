//! What Rust source may hold, and how long it may be.

mod items;

use std::path::Path;

use anyhow::Result;
use syn::visit::Visit as _;

use self::items::Items;
use super::{finding::Finding, lines};

const FUNCTION_LINES: usize = 60;
const FILE_LINES: usize = 400;
const README: &str = "#![doc = include_str!(\"../README.md\")]";
const LONG: &str = "// tidy: long, because ";

/// Checks one file.
///
/// # Errors
/// It is not Rust.
pub(super) fn check(path: &str, text: &str) -> Result<Vec<Finding>> {
    let file = syn::parse_file(text)?;
    let mut items = Items::default();
    items.visit_file(&file);
    let mut findings = Vec::from_iter(opening(path, text));
    findings.extend(library(path, text, &file));
    findings.extend(length(path, text, &items));
    findings.extend(banned(path, &items));
    findings.extend(in_tests(path, text, &items));
    Ok(findings)
}

/// Whether all of a file is there for tests only: its panics are failures of a test.
fn is_for_tests(path: &str) -> bool {
    let mut parts = Path::new(path).iter().filter_map(|part| part.to_str());
    let names = ["benches", "testing", "testing.rs", "tests", "tests.rs"];
    !path.starts_with("tests/src/") && parts.any(|part| names.contains(&part))
}

fn opening(path: &str, text: &str) -> Option<Finding> {
    let is_open = text.starts_with("//! ") || text.starts_with(README);
    (!is_open).then(|| Finding::new(path, 1, "say what lives here, in a sentence after `//!`"))
}

fn library(path: &str, text: &str, file: &syn::File) -> Vec<Finding> {
    if !path.ends_with("src/lib.rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if !text.contains(README) {
        findings.push(Finding::new(path, 1, format!("the README is the documentation: {README}")));
    }
    for item in &file.items {
        let is_index = match item {
            syn::Item::Mod(module) => module.content.is_none(),
            syn::Item::Use(_) => true,
            _ => false,
        };
        if !is_index {
            let line = items::first_line(item);
            findings.push(Finding::new(path, line, "a lib.rs holds modules and re-exports only"));
        }
    }
    findings
}

fn length(path: &str, text: &str, items: &Items) -> Vec<Finding> {
    if text.lines().any(|line| line.len() > LONG.len() && line.starts_with(LONG)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let lines = (1..=text.lines().count()).filter(|line| !items.is_in_test_module(*line)).count();
    if lines > FILE_LINES {
        let message = format!("{lines} lines: split the file at {FILE_LINES}, or say `{LONG}…`");
        findings.push(Finding::new(path, 1, message));
    }
    for (name, first, last) in &items.functions {
        let lines = last + 1 - first;
        if lines > FUNCTION_LINES && !items.is_in_test_module(*first) {
            let message = format!("`{name}` has {lines} lines: at most {FUNCTION_LINES}");
            findings.push(Finding::new(path, *first, message));
        }
    }
    findings
}

fn banned(path: &str, items: &Items) -> Vec<Finding> {
    let for_tests = is_for_tests(path);
    let panics = items.panics.iter().filter(|(line, _)| !for_tests && !items.is_in_test(*line));
    let panics = panics.map(|(line, what)| {
        Finding::new(path, *line, format!("`{what}` outside tests: return an error"))
    });
    let attributes = items.attributes.iter().map(|(line, what)| {
        let instead = match what.as_str() {
            "allow" => "`#[allow]` stays when its reason is gone: use `#[expect(…, reason)]`",
            _ => "a test that is ignored shows nothing",
        };
        Finding::new(path, *line, instead)
    });
    panics.chain(attributes).collect()
}

fn in_tests(path: &str, text: &str, items: &Items) -> Vec<Finding> {
    let whole = is_for_tests(path) || path.starts_with("tests/");
    let mut findings = Vec::new();
    for (number, line) in lines::without_reason(text) {
        if !whole && !items.is_in_test(number) {
            continue;
        }
        if items.sleeps.contains(&number) {
            let message = "a sleep synchronises nothing: wait for what must happen";
            findings.push(Finding::new(path, number, message));
        }
        if has_port(line) {
            findings.push(Finding::new(path, number, "a fixed port may be taken: use port 0"));
        }
    }
    findings
}

/// Whether a line names an address of this machine with a port other than 0.
fn has_port(line: &str) -> bool {
    ["127.0.0.1:", "0.0.0.0:", "localhost:", "[::1]:"].iter().any(|host| {
        line.match_indices(host).any(|(at, _)| {
            let port = &line[at + host.len()..];
            port.starts_with(|first: char| first.is_ascii_digit() && first != '0')
        })
    })
}

#[cfg(test)]
mod tests;
