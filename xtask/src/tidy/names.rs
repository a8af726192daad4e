//! Files and folders are named after what is in them.

use std::path::Path;

use super::finding::Finding;

const NAMELESS: [&str; 7] = ["mod.rs", "util", "utils", "helper", "helpers", "common", "misc"];

pub(super) fn check(path: &str) -> Option<Finding> {
    let nameless = Path::new(path).iter().filter_map(|part| part.to_str()).find(|part| {
        let stem = part.strip_suffix(".rs").unwrap_or(part);
        NAMELESS.contains(part) || NAMELESS.contains(&stem)
    })?;
    Some(Finding::new(path, 1, format!("`{nameless}` says nothing: name it after what is in it")))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_that_say_nothing_are_found() {
        for path in ["a/src/mod.rs", "a/src/utils.rs", "a/helpers/b.rs", "a/tests/common.rs"] {
            assert!(check(path).is_some(), "{path}");
        }
        for path in ["a/src/model.rs", "a/src/commons.rs", "README.md"] {
            assert_eq!(check(path), None, "{path}");
        }
    }
}
