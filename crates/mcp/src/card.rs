//! The card of a restaurant: a view that a client shows in place of the result of `get_details_mcp` (MCP Apps).
//!
//! The view is a constant: what users wrote reaches it as the tool's result, by a message of the client, and is set as text. It loads
//! nothing and asks for no permission. Source: SEP-1865,
//! <https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx>.

use http::request::Parts;
use rmcp::{
    RoleServer,
    model::{
        MetaObject, ProtocolVersion, ReadResourceResult, ResourceContents, Tool as Definition,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

/// The address of the view: a contract.
pub(crate) const URI: &str = "ui://restaurant-reviews/card";
/// The tool whose results it shows.
const TOOL: &str = "get_details_mcp";
/// The media type of views.
const MEDIA_TYPE: &str = "text/html;profile=mcp-app";
/// The identifier of the extension.
const EXTENSION: &str = "io.modelcontextprotocol/ui";

/// Whether a client may show views: it declares so, or it is not known. An older client over HTTP declares its capabilities in
/// a request that is over; a client without the extension ignores the mark of a tool.
pub(crate) fn may_be_shown(context: &RequestContext<RoleServer>) -> bool {
    let capabilities = context.client_capabilities();
    let settings = capabilities.and_then(|mut all| all.extensions.take()?.remove(EXTENSION));
    let is_declared = settings.is_some_and(|settings| {
        let types = settings.get("mimeTypes").and_then(Value::as_array);
        types.is_some_and(|types| types.iter().any(|it| it == MEDIA_TYPE))
    });
    let is_older = context.protocol_version() < Some(ProtocolVersion::V_2026_07_28);
    is_declared || is_older && context.extensions.get::<Parts>().is_some()
}

/// Marks the tool whose results the view shows.
pub(crate) fn link(tools: &mut [Definition]) {
    if let Some(tool) = tools.iter_mut().find(|tool| tool.name == TOOL) {
        let link = json!({"ui": {"resourceUri": URI}});
        tool.meta.get_or_insert_default().0.extend(rmcp::model::object(link));
    }
}

/// The view.
pub(crate) fn view() -> ReadResourceResult {
    // Without domains in `csp` the client lets the view load nothing.
    let meta = json!({"ui": {"csp": {}, "prefersBorder": true}});
    let view = ResourceContents::text(include_str!("card.html"), URI)
        .with_mime_type(MEDIA_TYPE)
        .with_meta(MetaObject(rmcp::model::object(meta)));
    ReadResourceResult::new(vec![view])
}
