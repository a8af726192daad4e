//! Rules about names and lines, each with the reason that it prints. `tidy: REASON` at a line's end, or in a comment on the
//! line before, excuses the line.

use std::path::Path;

/// Names that say nothing of a file's content.
const NAMELESS: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

/// Folders of one machine.
const MACHINE: [&str; 6] = ["/home/", "/mnt/", "/root/", "/tmp/", "/work/", "/Users/"]; // tidy: the rule

const README: &str = "#![doc = include_str!(\"../README.md\")]";
const LONG: &str = "// tidy: long, because ";
const FILE_LINES: usize = 400;

/// Checks the path of a file.
pub(super) fn check_name(path: &str) -> Option<String> {
    let parts = Path::new(path).iter().filter_map(|part| part.to_str());
    let stems = parts.map(|part| part.strip_suffix(".rs").unwrap_or(part));
    let nameless = stems.into_iter().find(|stem| NAMELESS.contains(stem))?;
    Some(format!("{path}:1: `{nameless}` says nothing: name it after its content"))
}

/// Checks the text of a file.
pub(super) fn check(path: &str, text: &str) -> Vec<String> {
    let is_rust = Path::new(path).extension().is_some_and(|it| it == "rs");
    let mut findings = if is_rust { check_file(path, text) } else { Vec::new() };
    let tests = text.find("#[cfg(test)]\nmod ").map_or(usize::MAX, |at| text[..at].lines().count());
    let mut before = "";
    for (number, line) in text.lines().enumerate() {
        let before_is_comment = before.trim_start().starts_with("//");
        let excused = has_reason(line) || (before_is_comment && has_reason(before));
        let in_test =
            is_rust && (path.contains("/tests/") || path.starts_with("tests/") || number > tests);
        let message = if excused { None } else { check_line(line, is_rust, in_test) };
        findings.extend(message.map(|message| format!("{path}:{}: {message}", number + 1)));
        before = line;
    }
    findings
}

fn has_reason(line: &str) -> bool {
    line.split_once("tidy: ").is_some_and(|(_, reason)| !reason.trim().is_empty())
}

fn check_line(line: &str, is_rust: bool, in_test: bool) -> Option<&'static str> {
    let code = line.trim_start();
    if MACHINE.iter().any(|folder| names(line, folder)) {
        Some("this is a path of one machine")
    } else if is_rust && code.starts_with("#[ignore") {
        Some("a test that is ignored shows nothing")
    } else if in_test && !code.starts_with("//") && calls_sleep(code) {
        Some("a sleep synchronises nothing: wait for what must happen")
    } else if in_test && has_port(line) {
        Some("a fixed port may be taken: use port 0")
    } else {
        None
    }
}

fn check_file(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    if !(text.starts_with("//! ") || text.starts_with(README)) {
        findings.push(format!("{path}:1: say what lives here, in a sentence after `//!`"));
    }
    if path.ends_with("src/lib.rs") && !is_index(text) {
        findings.push(format!("{path}:1: a lib.rs holds {README}, modules and re-exports only"));
    }
    let lines = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().lines().count();
    let excused = text.lines().any(|line| line.len() > LONG.len() && line.starts_with(LONG));
    if lines > FILE_LINES && !excused && !path.contains("/tests/") {
        findings.push(format!(
            "{path}:1: {lines} lines: split the file at {FILE_LINES}, or say `{LONG}…`"
        ));
    }
    findings
}

/// Whether a lib.rs has the README as its documentation, and no item but modules and re-exports.
fn is_index(text: &str) -> bool {
    let item = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
    let allowed = |line: &str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        (line.starts_with("mod ") && line.ends_with(';')) || line.starts_with("use ")
    };
    text.contains(README) && text.lines().filter(item).all(allowed)
}

/// Whether a line has the absolute path of a folder, not merely a longer path or an address with it.
fn names(line: &str, folder: &str) -> bool {
    let continues = |before: char| before.is_alphanumeric() || "._-/})]>~*".contains(before);
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(continues))
}

fn calls_sleep(line: &str) -> bool {
    let longer = |before: char| before.is_alphanumeric() || "_.".contains(before);
    line.match_indices("sleep(").any(|(at, _)| !line[..at].ends_with(longer))
        && !line.contains("fn sleep(")
}

/// Whether a line names an address of this machine with a port other than 0.
fn has_port(line: &str) -> bool {
    ["127.0.0.1:", "0.0.0.0:", "localhost:", "[::1]:"].iter().any(|host| {
        line.match_indices(host).any(|(at, _)| {
            line[at + host.len()..]
                .starts_with(|first: char| first.is_ascii_digit() && first != '0')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{check, check_name};

    fn assert_found(path: &str, line: &str, message: &str) {
        let findings = check(path, &format!("//! Opens.\n{line}\n"));
        let [finding] = &*findings else { panic!("{path} with {line}: {findings:?}") };
        assert!(
            finding.starts_with(&format!("{path}:2: ")) && finding.contains(message),
            "{finding}"
        );
        let excused =
            [format!("//! O.\n{line} // tidy: why"), format!("//! O.\n// tidy: why\n{line}")];
        for text in excused {
            assert!(check(path, &text).is_empty(), "{text}");
        }
    }

    #[test]
    fn each_rule_finds_its_sample() {
        let test = "crates/web/tests/a.rs";
        // tidy: samples
        assert_found("README.md", "see `/tmp/x`", "machine");
        assert_found(test, "#[ignore = \"slow\"]", "ignored");
        assert_found(test, "    tokio::time::sleep(second).await;", "sleep"); // tidy: a sample
        assert_found("tests/src/a.rs", "bind(\"127.0.0.1:8000\")", "port"); // tidy: a sample
        // tidy: a sample
        let in_module = "//! Opens.\n#[cfg(test)]\nmod tests {\n    sleep(a);\n}";
        assert_eq!(check("crates/web/src/a.rs", in_module).len(), 1);
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        for line in
            ["https://example.com/home/", "target/tmp/x", "bind(\"127.0.0.1:0\")", "a.sleep()"]
        {
            assert!(
                check("crates/web/tests/a.rs", &format!("//! Opens.\n{line}")).is_empty(),
                "{line}"
            );
        }
        assert!(check("crates/web/src/a.rs", "//! Opens.\nsleep(second)").is_empty());
    }

    #[test]
    fn files_open_with_what_they_are_and_have_an_end() {
        assert_eq!(check("a/src/b.rs", "fn f() {}").len(), 1);
        let long = format!("//! Opens.\n{}", "use a;\n".repeat(400));
        assert_eq!(check("a/src/b.rs", &long).len(), 1);
        assert!(
            check("a/src/b.rs", &format!("{long}// tidy: long, because it is a table")).is_empty()
        );
        let lib = "#![doc = include_str!(\"../README.md\")]\nmod a;\npub use a::A;\n";
        assert!(check("a/src/lib.rs", lib).is_empty());
        assert_eq!(check("a/src/lib.rs", &format!("{lib}fn f() {{}}")).len(), 1);
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        for path in ["a/src/utils.rs", "a/helpers/b.rs", "a/tests/common.rs"] {
            assert!(check_name(path).is_some(), "{path}");
        }
        assert_eq!(check_name("a/src/commons.rs"), None);
    }
}
