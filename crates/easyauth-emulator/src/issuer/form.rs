//! The parameters of a request: one without a value counts as left out, and a repeated one is refused (RFC 6749, sections 3.1
//! and 3.2).

use std::collections::BTreeMap;

use super::error::TokenError;

/// The parameters of a request.
#[derive(Debug, Clone)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// # Errors
    /// A parameter is there twice.
    pub(super) fn new(pairs: Vec<(String, String)>) -> Result<Self, TokenError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            if parameters.insert(name, value).is_some() {
                return Err(TokenError::Repeated);
            }
        }
        Ok(Self(parameters))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// # Errors
    /// The parameter is missing.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, TokenError> {
        self.get(name).ok_or(TokenError::Missing(name))
    }

    pub(super) fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }

    pub(super) fn take(&mut self, name: &'static str) -> Result<String, TokenError> {
        self.0.remove(name).ok_or(TokenError::Missing(name))
    }
}
