//! The fixture's resources.

use rmcp::{
    ErrorData,
    model::{ReadResourceResponse, ReadResourceResult, ResourceContents},
};
use serde_json::{Value, json};

use crate::{catalog::Catalog, tools::internal};

/// Reads a resource: one of the catalog's, or one of the template's.
pub(crate) fn read(catalog: &Catalog, uri: String) -> Result<ReadResourceResponse, ErrorData> {
    let templated = || {
        let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
        let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
        Some(json!({"mimeType": "application/json", "text": data.to_string()}))
    };
    let Some(mut contents) = catalog.contents.get(&uri).cloned().or_else(templated) else {
        let data = Some(json!({"uri": uri}));
        return Err(ErrorData::invalid_params("there is no such resource", data));
    };
    contents["uri"] = Value::String(uri);
    let contents: ResourceContents = serde_json::from_value(contents).map_err(internal)?;
    Ok(ReadResourceResult::new(vec![contents]).into())
}
