//! `cargo xtask tidy`: the project's rules that clippy does not know.

mod layers;
mod text;
mod workflows;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use xshell::{Shell, cmd};

/// Check the layers, the files and the source text against the project's rules.
#[derive(Args)]
pub(crate) struct Arguments {}

/// Prints each violation as `file:line: message`, and fails if there is one.
pub(crate) fn run(_: &Arguments) -> Result<ExitCode> {
    let findings = check()?;
    for finding in &findings {
        println!("{finding}");
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check() -> Result<Vec<String>> {
    let shell = Shell::new()?;
    shell.change_dir(crate::root());
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version=1 --locked").quiet();
    let layers = layers::check(&metadata.read()?, &shell.read_file(".deny.toml")?)?;
    let mut findings: Vec<_> =
        layers.into_iter().map(|message| format!(".deny.toml:1: {message}")).collect();
    let files = cmd!(shell, "git ls-files --cached --others --exclude-standard").quiet().read()?;
    for path in files.lines().filter(|path| shell.path_exists(path)) {
        findings.extend(text::check_name(path));
        // A binary file has no lines.
        let Ok(text) = shell.read_file(path) else { continue };
        findings.extend(text::check(path, &text));
        findings.extend(workflows::check(path, &text));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn the_tree_is_tidy() {
        let findings = check().unwrap();
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }
}
