//! The tools of a handler, as clients see them and as their arguments are checked: made once for each tool.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde_json::Value;

use crate::{
    arguments::{Arguments, fit},
    call_context::CallContext,
    prepared::Prepared,
    schema::{Use, flatten},
};

/// The number of tools that are kept. A handler with more costs their compilation again.
const MAX_TOOLS: usize = 1024;
/// The number of written lists that are kept: one for each set of tools that callers may see.
const MAX_LISTS: usize = 16;

/// A tool with flat schemas and a check of its arguments.
pub(crate) struct CheckedTool {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// As clients see it.
    pub(crate) tool: Tool,
    /// The check; an error when its schema is not a JSON Schema.
    pub(crate) arguments: Result<Arguments, String>,
    source: (Arc<JsonObject>, Option<Arc<JsonObject>>),
}

impl CheckedTool {
    fn new(mut tool: Tool) -> Self {
        let source = (Arc::clone(&tool.input_schema), tool.output_schema.clone());
        let arguments = Arguments::new(&tool.input_schema);
        tool.input_schema = Arc::new(flatten(&tool.input_schema, Use::Input));
        let output = tool.output_schema.as_deref().map(|schema| flatten(schema, Use::Output));
        tool.output_schema = output.map(Arc::new);
        Self { name: tool.name.as_ref().into(), tool, arguments, source }
    }

    /// Whether it was made from these schemas.
    fn is_of(&self, tool: &Tool) -> bool {
        let same = |a: &Arc<JsonObject>, b: &Arc<JsonObject>| Arc::ptr_eq(a, b) || a == b;
        let (input, output) = &self.source;
        same(input, &tool.input_schema)
            && match (output, &tool.output_schema) {
                (Some(a), Some(b)) => same(a, b),
                (a, b) => a.is_none() && b.is_none(),
            }
    }

    /// The tool as clients see it: everything but the schemas as the handler says now.
    fn shown(&self, tool: Tool) -> Tool {
        let mut shown = tool;
        shown.input_schema = Arc::clone(&self.tool.input_schema);
        shown.output_schema.clone_from(&self.tool.output_schema);
        shown
    }

    /// Whether the tool says that it changes something. Without the annotation it does not say.
    pub(crate) fn writes(&self) -> bool {
        let annotations = self.tool.annotations.as_ref();
        annotations.and_then(|annotations| annotations.read_only_hint) == Some(false)
    }

    /// Brings a result into the form of the flat output schema, which knows no null.
    pub(crate) fn fit(&self, result: &mut CallToolResult) {
        if let (Some(schema), Some(value)) =
            (&self.tool.output_schema, &mut result.structured_content)
        {
            fit(schema, value);
        }
    }
}

/// The tools that were seen, by name, and the lists of them that were sent.
#[derive(Default)]
pub(crate) struct ToolCatalog {
    tools: RwLock<HashMap<Arc<str>, Arc<CheckedTool>>>,
    lists: RwLock<Vec<(Vec<Tool>, Arc<str>)>>,
}

impl ToolCatalog {
    /// The checked form of a tool: that of before, unless its schemas have changed.
    pub(crate) fn check(&self, tool: Tool) -> Arc<CheckedTool> {
        let known = self.tools.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&*tool.name).filter(|known| known.is_of(&tool)) {
            return Arc::clone(known);
        }
        drop(known);
        let checked = Arc::new(CheckedTool::new(tool));
        if let Err(error) = &checked.arguments {
            tracing::error!(
                tool = &*checked.name,
                error,
                "the input schema of a tool is not a JSON Schema"
            );
        }
        let mut known = self.tools.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_TOOLS {
            known.clear();
        }
        known.insert(Arc::clone(&checked.name), Arc::clone(&checked));
        checked
    }

    /// A tool with flat schemas, for a list.
    pub(crate) fn flat(&self, tool: Tool) -> Tool {
        let checked = self.check(tool.clone());
        checked.shown(tool)
    }

    /// Puts a placeholder in the place of flat tools: the same tools are written as JSON once.
    pub(crate) fn prepare(&self, tools: &mut Vec<Tool>, call: &CallContext) {
        // rmcp takes the output schema of such a tool away for clients of older versions.
        let is_plain = |tool: &Tool| {
            let kind = tool.output_schema.as_ref().map(|schema| schema.get("type"));
            kind.is_none_or(|kind| kind.and_then(Value::as_str) == Some("object"))
        };
        if !tools.iter().all(is_plain) {
            return;
        }
        let known = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let written = known.iter().find(|(list, _)| list == tools).map(|(_, text)| text.clone());
        drop(known);
        let Some(written) = written.or_else(|| self.write_list(tools)) else { return };
        *tools = Prepared::list(written, call);
    }

    fn write_list(&self, tools: &[Tool]) -> Option<Arc<str>> {
        let text: Arc<str> = serde_json::to_string(tools).ok()?.into();
        let mut known = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_LISTS {
            known.clear();
        }
        known.push((tools.to_vec(), Arc::clone(&text)));
        Some(text)
    }
}
