//! Collections: `$filter`, `$select`, `$top`, and pages with `@odata.nextLink`.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{FromRequestParts, Query},
    response::{IntoResponse, Response},
};
use http::{Uri, request::Parts};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{AskedPath, Graph, PREFIX, error::GraphError, filter::Filter};

/// The largest `$top`.
const LARGEST_PAGE: usize = 999;
const SKIP_TOKEN: &str = "$skiptoken";
const KNOWN: &[&str] = &["$filter", "$select", "$top", "$count", SKIP_TOKEN];

/// What a request wants of a collection or an object.
#[derive(Debug, Clone)]
pub(crate) struct ListQuery {
    path: String,
    parameters: BTreeMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = GraphError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, GraphError> {
        let asked = parts.extensions.get::<AskedPath>();
        let path = asked.map_or_else(|| parts.uri.path().to_owned(), |path| path.0.clone());
        Self::of(&parts.uri, path)
    }
}

impl ListQuery {
    fn of(uri: &Uri, path: String) -> Result<Self, GraphError> {
        let query = Query::<BTreeMap<String, String>>::try_from_uri(uri);
        let Query(parameters) =
            query.map_err(|_| GraphError::bad_request("The query cannot be read."))?;
        let unknown =
            parameters.keys().find(|name| name.starts_with('$') && !KNOWN.contains(&name.as_str()));
        if let Some(name) = unknown {
            let message = format!("Query option '{name}' is not supported here.");
            return Err(
                GraphError::bad_request(message).detail("Request_UnsupportedQuery", "query")
            );
        }
        Ok(Self { path, parameters })
    }

    /// One page of the objects that pass the filter, which may name these properties. An object with an id that is not replicated yet is left out.
    ///
    /// # Errors
    /// The query asks for what is not supported.
    pub(crate) fn page(
        &self,
        graph: &Graph,
        objects: impl Iterator<Item = Value>,
        filterable: &[&str],
    ) -> Result<Response, GraphError> {
        let filter = self.parameters.get("$filter");
        let filter = filter.map(|text| Filter::parse(text, filterable)).transpose()?;
        let filter = filter.unwrap_or_default();
        let found = objects
            .filter(|object| filter.admits(object))
            .filter(|object| object["id"].as_str().is_none_or(|id| graph.replication.finds(&id)));
        let (skip, size) = (self.skip()?, self.size(graph)?);
        let mut page: Vec<_> = found.skip(skip).take(size + 1).collect();
        let has_more = page.len() > size;
        page.truncate(size);
        let page: Vec<_> = page.into_iter().map(|object| self.selected(object)).collect();
        let mut answer = json!({ "@odata.context": self.context(graph), "value": page });
        if has_more {
            answer["@odata.nextLink"] = json!(self.next_link(graph, skip + size));
        }
        Ok(Json(answer).into_response())
    }

    /// One object.
    pub(crate) fn object(&self, graph: &Graph, object: Value) -> Response {
        let mut object = self.selected(object);
        object["@odata.context"] = json!(format!("{}/$entity", self.context(graph)));
        Json(object).into_response()
    }

    fn selected(&self, object: Value) -> Value {
        let (Some(select), Value::Object(properties)) = (self.parameters.get("$select"), &object)
        else {
            return object;
        };
        let names: Vec<_> = select.split(',').map(str::trim).collect();
        let chosen = properties.iter().filter(|(name, _)| names.contains(&name.as_str()));
        chosen.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn context(&self, graph: &Graph) -> String {
        let set = self.path.trim_start_matches(PREFIX).trim_start_matches('/');
        let set = set.split(['/', '(']).next().unwrap_or_default();
        format!("{}{PREFIX}/$metadata#{set}", graph.cloud.origin())
    }

    fn size(&self, graph: &Graph) -> Result<usize, GraphError> {
        let Some(top) = self.parameters.get("$top") else {
            return Ok(graph.cloud.options().graph.page_size.max(1));
        };
        let top = top.parse().ok().filter(|top| (1..=LARGEST_PAGE).contains(top));
        top.ok_or_else(|| GraphError::bad_request("Invalid page size specified: '$top'."))
    }

    fn skip(&self) -> Result<usize, GraphError> {
        let Some(token) = self.parameters.get(SKIP_TOKEN) else { return Ok(0) };
        let invalid = || GraphError::bad_request("The specified page token value is invalid.");
        token.parse().map_err(|_| invalid())
    }

    fn next_link(&self, graph: &Graph, skip: usize) -> String {
        let mut parameters = self.parameters.clone();
        parameters.insert(SKIP_TOKEN.to_owned(), skip.to_string());
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        format!("{}{}?{}", graph.cloud.origin(), self.path, parameters.join("&"))
    }
}
