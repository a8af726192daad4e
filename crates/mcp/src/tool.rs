//! What a tool is to the rest of the crate: its description, the right it needs, and the function that does it.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
};

use restaurant_domain::{Actor, Forbidden, Permission, Repository};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::Value;
use tracing::Span;

use crate::tool_error::ToolError;

/// The name of the tool that a request called, in the extensions of the HTTP response: for the host application's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalledTool(
    /// One of the tools' names; never what a caller made up.
    pub &'static str,
);

/// What happens to a call on its way: the transport puts it into the request, the handler uses it.
///
/// The protocol library runs a call in a task of its own, which would otherwise lose its request.
#[derive(Debug, Clone)]
pub(crate) struct CallContext {
    /// The request's span: what the call logs belongs to it.
    pub(crate) span: Span,
    /// Filled with the tool's name when it is known.
    pub(crate) called: Arc<OnceLock<CalledTool>>,
}

/// A call to a tool: on which store, by whom, with what.
pub(crate) struct Call<'a> {
    /// The store.
    pub(crate) repository: &'a dyn Repository,
    /// The caller; the right that the tool needs was checked.
    pub(crate) actor: &'a Actor,
    /// What the caller sent.
    pub(crate) arguments: &'a JsonObject,
    /// The properties of the tool's input schema.
    pub(crate) known: &'a JsonObject,
}

/// What a call comes to: the structured content, or why there is none.
pub(crate) type CallResult<'a> =
    Pin<Box<dyn Future<Output = Result<Value, ToolError>> + Send + 'a>>;

/// One of the tools.
pub(crate) struct ToolEntry {
    /// The contract's name.
    pub(crate) name: &'static str,
    /// What clients are told.
    pub(crate) tool: Tool,
    /// The right that a caller needs to see and to call it.
    pub(crate) permission: Permission,
    /// Does it.
    pub(crate) run: for<'a> fn(Call<'a>) -> CallResult<'a>,
    /// The properties of its input schema.
    pub(crate) known: JsonObject,
}

impl ToolEntry {
    /// Describes a tool.
    pub(crate) fn new(
        name: &'static str,
        permission: Permission,
        description: &'static str,
        input: JsonObject,
        run: for<'a> fn(Call<'a>) -> CallResult<'a>,
    ) -> Self {
        let known = input.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        Self { name, tool: Tool::new(name, description, input), permission, run, known }
    }

    /// Adds the title and the hints; a tool never deletes, and never reaches beyond the store.
    pub(crate) fn titled(mut self, title: &str) -> Self {
        let reads = self.permission == Permission::Read;
        let annotations = ToolAnnotations::with_title(title);
        let annotations =
            annotations.read_only(reads).destructive(false).idempotent(reads).open_world(false);
        self.tool = self.tool.with_title(title).with_annotations(annotations);
        self
    }

    /// Adds the schema of the structured content.
    pub(crate) fn answering(mut self, schema: Arc<JsonObject>) -> Self {
        self.tool = self.tool.with_raw_output_schema(schema);
        self
    }

    /// Whether a caller may use it.
    pub(crate) fn allows(&self, actor: &Actor) -> Result<(), Forbidden> {
        match self.permission {
            Permission::Write => actor.may_write().map(|_| ()),
            _ => actor.may_read(),
        }
    }
}

/// The structured content of an answer.
pub(crate) fn structured(view: impl serde::Serialize) -> Result<Value, ToolError> {
    serde_json::to_value(view)
        .map_err(|error| ToolError::Store(restaurant_domain::StoreError::failed(error)))
}
