//! What no line of any text file may hold.

use super::finding::Finding;

/// Folders of somebody's machine.
const MACHINE: [&str; 6] = ["/home/", "/mnt/", "/root/", "/tmp/", "/work/", "/Users/"]; // tidy: the rule

/// Checks every line of a file that gives no reason why not.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in without_reason(text) {
        if let Some(folder) = MACHINE.iter().find(|folder| names(line, folder)) {
            let message = format!("`{folder}` is a path of one machine");
            findings.push(Finding::new(path, number, message));
        }
    }
    findings
}

/// The lines (counted from one) that the rules hold for: all but those with a reason
/// (`tidy: …`) at their end, or in a comment of its own on the line before.
pub(super) fn without_reason(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let before = std::iter::once("").chain(text.lines());
    let lines = (1..).zip(text.lines()).zip(before);
    lines.filter_map(|((number, line), before)| {
        let before_is_comment = before.trim_start().starts_with("//");
        let excused = has_reason(line) || (before_is_comment && has_reason(before));
        (!excused).then_some((number, line))
    })
}

fn has_reason(line: &str) -> bool {
    line.split_once("tidy: ").is_some_and(|(_, reason)| !reason.trim().is_empty())
}

/// Whether `line` has the absolute path `folder`, not merely a longer path or an address with it.
fn names(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        !line[..at]
            .ends_with(|before: char| before.is_alphanumeric() || "._-/})]>~*".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn paths_of_a_machine_are_found() {
        // tidy: samples
        for line in ["/home/ann/x", "see `/tmp/x`", "FILE=/work/a", "(\"/root/.cargo\")"] {
            assert_eq!(check("README.md", &format!("\n{line}")).len(), 1, "{line}");
        }
        for line in ["https://example.com/home/", "target/tmp/x", "/homes", "`a/tmp/b`"] {
            assert!(check("README.md", line).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_reason_excuses_its_line_or_the_next() {
        let path = "/tmp/"; // tidy: a sample
        for excused in [format!("cd {path} # tidy: why"), format!("// tidy: why\ncd {path}")] {
            assert!(check("x", &excused).is_empty(), "{excused}");
        }
        let wrong = ["cd P # tidy: ", "# tidy: why\n\ncd P", "x // tidy: why\ncd P"];
        for text in wrong.map(|text| text.replace('P', path)) {
            assert_eq!(check("x", &text).len(), 1, "{text}");
        }
    }
}
