//! A step of a command.

use std::fmt;

use serde_json::Value;

/// A change, and the call that makes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// What it does, in a few words for people.
    pub what: String,
    /// The method of the call.
    pub method: String,
    /// Its address.
    pub url: String,
    /// Its body, if it has one; secrets in it are replaced by a remark.
    pub body: Option<Value>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  {} {}", self.what, self.method, self.url)?;
        self.body.as_ref().map_or(Ok(()), |body| write!(f, "\n  {body}"))
    }
}
