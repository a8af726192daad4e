//! `cargo xtask tidy`: the project's rules that no other tool knows.

mod finding;
mod layers;
mod lines;
mod names;
mod source;

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;
use xshell::{Shell, cmd};

use self::finding::Finding;

/// Checks the layers, the files and the source text against the project's rules.
#[derive(Args)]
pub(crate) struct Arguments {}

/// Prints what it finds as `file:line: message`, and fails if that is anything.
pub(crate) fn run(_: &Arguments) -> Result<ExitCode> {
    let findings = check()?;
    for finding in &findings {
        println!("{finding}");
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check() -> Result<Vec<Finding>> {
    let shell = Shell::new()?;
    shell.change_dir(crate::root());
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version=1 --locked").quiet();
    let mut findings = layers::check(&serde_json::from_str(&metadata.read()?)?);
    let files = cmd!(shell, "git ls-files --cached --others --exclude-standard").quiet().read()?;
    for path in files.lines().filter(|path| shell.path_exists(path)) {
        findings.extend(names::check(path));
        // What is not text has no lines to check.
        let Ok(text) = shell.read_file(path) else { continue };
        findings.extend(check_text(path, &text).with_context(|| format!("reading {path}"))?);
    }
    Ok(findings)
}

fn check_text(path: &str, text: &str) -> Result<Vec<Finding>> {
    let mut findings = lines::check(path, text);
    if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
        findings.extend(source::check(path, text)?);
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn the_tree_is_tidy() {
        let findings: Vec<_> = check().unwrap().iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }
}
