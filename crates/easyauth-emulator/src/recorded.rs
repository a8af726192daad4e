//! The recorded answers of a real deployment, by which the emulator can be set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Options;

/// The answers of a deployment, by the names of the questions, as `mcp-entra record` writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The origin of the deployment.
    pub url: String,
    /// The answers.
    #[serde(default)]
    pub answers: BTreeMap<String, RecordedAnswer>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedAnswer {
    /// True or false, a status, or a text.
    pub answer: Value,
    /// The day on which it was given, such as `2026-11-29`.
    pub date: String,
}

/// The text is no record. It says where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RecordedError(String);

impl Recorded {
    /// Reads TOML.
    ///
    /// # Errors
    /// The text is no record.
    pub fn from_toml(text: &str) -> Result<Self, RecordedError> {
        toml::from_str(text).map_err(|error| RecordedError(error.to_string()))
    }

    /// Writes TOML.
    ///
    /// # Errors
    /// An answer is one that TOML cannot express.
    pub fn to_toml(&self) -> Result<String, RecordedError> {
        toml::to_string_pretty(self).map_err(|error| RecordedError(error.to_string()))
    }

    /// Sets the options of the emulator that the answers decide, and returns the names of those that decide none: they
    /// follow from the settings of the web app, or the emulator does not vary in them.
    ///
    /// # Errors
    /// An answer that decides an option is neither true nor false.
    pub fn apply(&self, options: &mut Options) -> Result<Vec<&str>, RecordedError> {
        let mut others = Vec::new();
        for (name, RecordedAnswer { answer, .. }) in &self.answers {
            let option = match name.as_str() {
                "takes_v1_issuer" => &mut options.gateway.takes_v1_issuer,
                "takes_agent_identities" => &mut options.gateway.takes_agent_identities,
                "checks_resource" => &mut options.issuer.checks_resource,
                "without_lists_lets_in" => &mut options.gateway.without_lists_lets_in,
                "strips_on_excluded_paths" => &mut options.gateway.strips_on_excluded_paths,
                _ => {
                    others.push(name.as_str());
                    continue;
                }
            };
            let not_bool = || RecordedError(format!("answers.{name}.answer is no true or false"));
            *option = answer.as_bool().ok_or_else(not_bool)?;
        }
        Ok(others)
    }
}
