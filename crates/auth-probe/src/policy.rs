//! What each identity may call: a table of identities and tools, judged cell by cell.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ProfileError, Verdict, profile};

/// The identity without a token.
pub(crate) const ANONYMOUS: &str = "anonymous";

/// A table of tools and identities, read from TOML.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The rules by tool, and then by identity.
    cells: BTreeMap<String, BTreeMap<String, Rule>>,
    /// The arguments of a tool. Default: those of the profile's call, or none.
    #[serde(default)]
    pub(crate) arguments: BTreeMap<String, Map<String, Value>>,
}

/// Whether an identity may call a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Rule {
    /// It may.
    Allowed,
    /// It may not.
    Denied,
}

/// What came of a cell.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Cell {
    /// The identity.
    pub identity: String,
    /// The tool.
    pub tool: String,
    /// The rule of the policy.
    pub expected: Rule,
    /// What the app did; nothing where that cannot be told.
    pub got: Option<Rule>,
    /// Whether it did what the rule says.
    pub verdict: Verdict,
    /// What came back, or why the cell was not judged.
    pub cause: Option<String>,
    /// Whether it was skipped on purpose.
    pub deliberate: bool,
}

impl FromStr for Policy {
    type Err = ProfileError;

    /// Reads TOML.
    ///
    /// # Errors
    /// The text is no TOML, has an unknown key or a wrong value, or no cell.
    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let policy: Self = profile::from_toml(text)?;
        if policy.cells.values().all(BTreeMap::is_empty) {
            let wanted = "cells: give at least one, such as [cells.TOOL] with good = \"allowed\"";
            return Err(ProfileError::new(wanted));
        }
        Ok(policy)
    }
}

impl Policy {
    /// The names of the identities.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<_> =
            self.cells.values().flat_map(BTreeMap::keys).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }

    /// The tools, each with its rules; those that allow come first.
    pub(crate) fn tools(&self) -> impl Iterator<Item = (&str, Vec<(&str, Rule)>)> {
        self.cells.iter().map(|(tool, rules)| {
            let mut rules: Vec<_> =
                rules.iter().map(|(name, rule)| (name.as_str(), *rule)).collect();
            rules.sort_by_key(|(_, rule)| *rule == Rule::Denied);
            (tool.as_str(), rules)
        })
    }
}

impl Rule {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
        }
    }
}

impl Cell {
    /// What to say of it on one line.
    pub(crate) fn outcome(&self) -> String {
        let got = self.got.map_or("not judged", Rule::name);
        let cause = self.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
        format!("{got}{cause}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Policy, Rule};

    #[test]
    fn a_policy_is_a_table_of_tools_and_identities() {
        let text = "[cells.add]\nreader = \"denied\"\nzoe = \"allowed\"\n[cells.list]\nreader = \"allowed\"\n[arguments.add]\na = 1";
        let policy: Policy = text.parse().unwrap();
        assert_eq!(policy.identities().collect::<Vec<_>>(), ["reader", "zoe"]);
        let tools: Vec<_> = policy.tools().collect();
        assert_eq!(tools[0], ("add", vec![("zoe", Rule::Allowed), ("reader", Rule::Denied)]));
        for (text, named) in [
            ("", "`cells`"),
            ("[cells]", "cells"),
            ("[cells.x]\na = \"maybe\"", "`denied`"),
            ("[cell.x]\na = \"denied\"", "`cell`"),
        ] {
            let error = text.parse::<Policy>().unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
