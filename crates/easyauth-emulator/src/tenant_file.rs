//! A tenant and its web apps as a file, in TOML or JSON, with the property names of Microsoft Graph.

mod read;
mod references;
mod write;

use crate::{Cloud, Directory, Site};

/// A tenant and its web apps, as a file describes them. The README has an example.
///
/// What a file leaves out has a default: ids are derived from names, so that they are the same at each start; an application
/// has a service principal; a role or scope is enabled. Microsoft's own APIs are in each tenant and in no file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TenantFile {
    /// The tenant.
    pub directory: Directory,
    /// Its web apps.
    pub sites: Vec<Site>,
}

/// Why a file describes no tenant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TenantFileError {
    /// The text is neither TOML nor JSON.
    #[error("the file cannot be read: {0}")]
    Syntax(String),
    /// A property is missing, has a wrong value, or is not implemented by the emulator.
    #[error("{0}")]
    Property(String),
    /// A name in an assignment matches no object, or several.
    #[error("{place}: `{name}` names {count} objects; give an id or another name")]
    Reference {
        /// The property.
        place: &'static str,
        /// The name.
        name: String,
        /// How many objects have the name.
        count: usize,
    },
}

impl TenantFile {
    /// The tenant and the web apps of a cloud, as they are now.
    #[must_use]
    pub fn of(cloud: &Cloud) -> Self {
        Self::new(cloud.directory().clone(), cloud.sites().clone())
    }

    /// A tenant and its web apps.
    #[must_use]
    pub fn new(directory: Directory, sites: Vec<Site>) -> Self {
        Self { directory, sites }
    }

    /// Reads TOML.
    ///
    /// # Errors
    /// The text describes no tenant.
    pub fn from_toml(text: &str) -> Result<Self, TenantFileError> {
        let syntax = |error: toml::de::Error| TenantFileError::Syntax(error.to_string());
        read::tenant(toml::from_str(text).map_err(syntax)?)
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// The text describes no tenant.
    pub fn from_json(text: &str) -> Result<Self, TenantFileError> {
        let syntax = |error: serde_json::Error| TenantFileError::Syntax(error.to_string());
        read::tenant(serde_json::from_str(text).map_err(syntax)?)
    }

    /// Writes TOML, secrets included.
    ///
    /// # Errors
    /// The tenant has a value that TOML cannot express.
    pub fn to_toml(&self) -> Result<String, TenantFileError> {
        let syntax = |error: toml::ser::Error| TenantFileError::Syntax(error.to_string());
        toml::to_string_pretty(&write::document(self)).map_err(syntax)
    }

    /// Writes JSON, secrets included.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}\n", write::document(self))
    }
}
