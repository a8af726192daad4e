//! The body of a write, as the JSON object that it must be.

use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::GraphError;

/// A body.
#[derive(Debug, Clone)]
pub(crate) struct Body(pub(crate) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = GraphError;

    async fn from_request(request: Request, state: &S) -> Result<Self, GraphError> {
        let unreadable = || {
            let message = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.";
            GraphError::new(StatusCode::BAD_REQUEST, "BadRequest", message)
        };
        let json = axum::Json::<Map<String, Value>>::from_request(request, state).await;
        json.map(|json| Self(json.0)).map_err(|_| unreadable())
    }
}

impl Body {
    /// The value of a property, of the type that it must have; `None` where it is absent or null.
    ///
    /// # Errors
    /// It has another type.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        property: &str,
        resource: &str,
    ) -> Result<Option<T>, GraphError> {
        let value = self.0.get(property).cloned().unwrap_or_default();
        serde_json::from_value(value).map_err(|_| GraphError::invalid_value(property, resource))
    }

    /// The value of a property that must be there.
    ///
    /// # Errors
    /// It is absent, or has another type.
    pub(crate) fn required<T: DeserializeOwned>(
        &self,
        property: &str,
        resource: &str,
    ) -> Result<T, GraphError> {
        self.get(property, resource)?.ok_or_else(|| GraphError::value_required(property, resource))
    }

    /// Refuses properties besides these. What is not known is never accepted and ignored.
    ///
    /// # Errors
    /// There is another property; annotations (`@odata.type`) aside.
    pub(crate) fn check_names(&self, known: &[&str], resource: &str) -> Result<(), GraphError> {
        check_names(&self.0, known, resource)
    }

    /// Puts the properties over an object: collections are replaced, and what consists of properties (`api`, `web`) is merged one level down, as Graph does.
    pub(crate) fn merge_into(&self, object: &mut Map<String, Value>) {
        for (name, value) in &self.0 {
            match (object.get_mut(name), value) {
                (Some(Value::Object(old)), Value::Object(new)) => {
                    old.extend(new.clone());
                }
                _ => {
                    object.insert(name.clone(), value.clone());
                }
            }
        }
    }
}

/// Refuses names of an object besides these, annotations aside.
pub(crate) fn check_names(
    object: &Map<String, Value>,
    known: &[&str],
    resource: &str,
) -> Result<(), GraphError> {
    let is_unknown = |name: &&String| !name.contains('@') && !known.contains(&name.as_str());
    match object.keys().find(is_unknown) {
        None => Ok(()),
        Some(name) => Err(GraphError::bad_request(format!(
            "Property '{name}' of resource '{resource}' does not exist, or this emulator does not implement it."
        ))),
    }
}
