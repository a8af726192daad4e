//! The workflows: each action is named by the hash of a commit, because its owner can move a tag to other code.

use std::path::Path;

/// Checks a workflow, or the definition of an action.
pub(super) fn check(path: &str, text: &str) -> Vec<String> {
    let is_yaml = Path::new(path).extension().is_some_and(|it| it == "yml" || it == "yaml");
    if !path.starts_with(".github/") || !is_yaml {
        return Vec::new();
    }
    let unpinned =
        text.lines().enumerate().filter(|(_, line)| action(line).is_some_and(is_unpinned));
    let message = "name the action by the 40 digits of a commit, with ` # v…` behind it";
    unpinned.map(|(number, _)| format!("{path}:{}: {message}", number + 1)).collect()
}

/// The action or workflow that a line uses, to the end of the line.
fn action(line: &str) -> Option<&str> {
    let (before, action) = line.split_once("uses:")?;
    let is_key = before.chars().all(|it| it.is_whitespace() || "-{'\"".contains(it));
    is_key.then(|| action.trim())
}

/// Whether other code may run tomorrow. Actions of this repository are what they are in the commit.
fn is_unpinned(action: &str) -> bool {
    let is_pinned = action.split_once('@').is_some_and(|(_, version)| {
        let hash = version.split(' ').next().unwrap_or_default();
        let is_hash = hash.len() == 40 && hash.bytes().all(|it| it.is_ascii_hexdigit());
        is_hash && version[hash.len()..].starts_with(" # v")
    });
    !is_pinned && !action.starts_with("./")
}

#[cfg(test)]
mod tests {
    use super::check;

    const HASH: &str = "3d3c42e5aac5ba805825da76410c181273ba90b1";

    fn findings(line: &str) -> usize {
        check(".github/workflows/ci.yml", &format!("steps:\n{line}\n")).len()
    }

    #[test]
    fn an_action_without_the_hash_of_a_commit_is_found() {
        for version in ["v4", "main", &HASH[1..], &format!("{HASH}0"), HASH, &format!("{HASH} # x")]
        {
            assert_eq!(findings(&format!("  - uses: actions/checkout@{version}")), 1, "{version}");
        }
        assert_eq!(findings("    uses: docker://alpine:3"), 1);
        assert_eq!(findings("  - { uses: actions/checkout@v4 }"), 1);
        assert_eq!(findings("  - uses: actions/checkout"), 1);
    }

    #[test]
    fn a_pinned_action_and_other_lines_are_left_alone() {
        assert_eq!(findings(&format!("  - uses: actions/checkout@{HASH} # v7.0.1")), 0);
        assert_eq!(findings("  - uses: ./.github/actions/build"), 0);
        assert_eq!(findings("  # A job that uses: nothing."), 0);
        assert!(check("docs/a.yml", "uses: a@v1").is_empty());
    }
}
