//! Bad samples for every rule about source text.

use super::check;

const PATH: &str = "crates/web/src/page.rs";

/// The lines and messages of what is found in a file with these contents after its first line.
fn found(path: &str, text: &str) -> Vec<String> {
    let findings = check(path, &format!("//! Opens.\n{text}")).unwrap();
    let path = format!("{path}:");
    findings.iter().map(|finding| finding.to_string().replace(&path, "")).collect()
}

fn assert_found(path: &str, text: &str, line: usize, message: &str) {
    let found = found(path, text);
    let [finding] = &*found else { panic!("{path} with {text}: {found:?}") };
    assert!(finding.starts_with(&format!("{line}: ")), "{finding}");
    assert!(finding.contains(message), "{finding}");
}

#[test]
fn a_file_opens_with_what_it_is() {
    let findings = check(PATH, "fn f() {}").unwrap();
    assert!(findings[0].to_string().contains("//!"), "{findings:?}");
}

#[test]
fn panics_belong_to_tests() {
    assert_found(PATH, "fn f() {\n    g().unwrap();\n}", 3, ".unwrap()");
    for name in ["dbg", "panic", "todo", "unimplemented", "unreachable"] {
        assert_found(PATH, &format!("fn f() {{ {name}!() }}"), 2, name);
    }
    assert_found(PATH, "impl A { fn f(&self) { std::panic!() } }", 2, "panic!");
    let excused = [
        (PATH, "#[cfg(test)]\nmod tests { fn f() { g().unwrap(); } }"),
        (PATH, "#[tokio::test]\nasync fn f() { panic!() }"),
        (PATH, "fn f() { g().unwrap_or_default(); }"),
        ("crates/domain/src/testing/contract.rs", "fn f() { g().unwrap(); }"),
        ("crates/web/tests/pages.rs", "fn f() { g().unwrap(); }"),
    ];
    for (path, text) in excused {
        assert_eq!(found(path, text), [""; 0], "{text}");
    }
    assert_found("tests/src/browser.rs", "fn f() { g().unwrap(); }", 2, ".unwrap()");
}

#[test]
fn nothing_is_silenced() {
    assert_found(PATH, "#[allow(dead_code)]\nfn f() {}", 2, "expect");
    assert_found(PATH, "#![allow(dead_code)]", 2, "expect");
    assert_found(PATH, "#[cfg_attr(unix, allow(dead_code))]\nfn f() {}", 2, "expect");
    assert_found("tests/tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}", 3, "ignored");
    assert_eq!(found(PATH, "#[expect(dead_code, reason = \"later\")]\nfn f() {}"), [""; 0]);
}

#[test]
fn functions_and_files_have_an_end() {
    let function = |lines: usize| format!("fn long() {{\n{}}}\n", "    f();\n".repeat(lines - 2));
    assert_found(PATH, &function(61), 2, "61 lines");
    assert_eq!(found(PATH, &function(60)), [""; 0]);
    assert_found(PATH, &"use a;\n".repeat(400), 1, "401 lines");
    assert_eq!(found(PATH, &"use a;\n".repeat(399)), [""; 0]);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}", "use a;\n".repeat(500));
    assert_eq!(found(PATH, &tests), [""; 0]);
    let long = format!("// tidy: long, because it is a table\n{}", function(500));
    assert_eq!(found(PATH, &long), [""; 0]);
    assert_eq!(found(PATH, &format!("// tidy: long, because \n{}", function(500))).len(), 2);
}

#[test]
fn a_library_is_an_index() {
    let lib = "crates/web/src/lib.rs";
    let readme = "#![doc = include_str!(\"../README.md\")]\n";
    assert_found(lib, "mod a;", 1, "README");
    assert_found(lib, &format!("{readme}mod a {{}}"), 3, "re-exports");
    assert_found(lib, &format!("{readme}pub struct A;"), 3, "re-exports");
    assert_eq!(found(lib, &format!("{readme}mod a;\npub use a::A;")), [""; 0]);
}

#[test]
fn tests_wait_for_what_must_happen() {
    let test = "#[test]\nfn f() {\n    sleep(second);\n}";
    assert_found(PATH, test, 4, "sleep");
    assert_found(PATH, &test.replace("sleep", "tokio::time::sleep"), 4, "sleep");
    assert_found("tests/src/server.rs", "fn f() { sleep(second) }", 2, "sleep");
    assert_eq!(found(PATH, &test.replace(';', "; // tidy: the clock is what is tested")), [""; 0]);
    let before = test.replace("    sleep", "    // tidy: the clock is what is tested\n    sleep");
    assert_eq!(found(PATH, &before), [""; 0]);
    assert_eq!(found(PATH, "fn f() { sleep(second) }"), [""; 0]);
}

#[test]
fn tests_take_any_port() {
    let test = |address: &str| format!("#[test]\nfn f() {{\n    bind(\"{address}\");\n}}");
    for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"] {
        assert_found(PATH, &test(&format!("{host}:8000")), 4, "port");
        assert_eq!(found(PATH, &test(&format!("{host}:0"))), [""; 0]);
    }
}
