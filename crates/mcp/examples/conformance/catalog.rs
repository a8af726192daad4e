//! What the fixture lists and answers, read from `catalog.json`.

use std::collections::BTreeMap;

use rmcp::model::{ContentBlock, Prompt, Resource, ResourceTemplate, Tool};
use serde::Deserialize;
use serde_json::Value;

/// The names and texts that the suite looks for.
#[derive(Deserialize)]
pub(crate) struct Catalog {
    /// What `tools/list` gives.
    pub(crate) tools: Vec<Tool>,
    /// The content that a tool gives whatever its arguments are.
    pub(crate) results: BTreeMap<String, Vec<ContentBlock>>,
    /// What the fixture asks its client: requests without an id.
    pub(crate) questions: BTreeMap<String, Value>,
    /// What `resources/list` gives.
    pub(crate) resources: Vec<Resource>,
    /// What `resources/templates/list` gives.
    pub(crate) resource_templates: Vec<ResourceTemplate>,
    /// What `resources/read` gives, by URI.
    pub(crate) contents: BTreeMap<String, Value>,
    /// What `prompts/list` gives.
    pub(crate) prompts: Vec<Prompt>,
    /// What `prompts/get` gives, with `{argument}` where an argument goes.
    pub(crate) messages: BTreeMap<String, Value>,
}

impl Catalog {
    /// Reads it.
    pub(crate) fn read() -> serde_json::Result<Self> {
        serde_json::from_str(include_str!("catalog.json"))
    }
}
