//! The body of a PUT: an object with `properties`.

use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde_json::{Map, Value};

use super::error::ArmError;

/// The `properties` of a body.
#[derive(Debug, Clone)]
pub(crate) struct Properties(pub(crate) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Properties {
    type Rejection = ArmError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ArmError> {
        let unreadable = |_| {
            let message = "The request content was invalid and could not be deserialized.";
            ArmError::new(StatusCode::BAD_REQUEST, "InvalidRequestContent", message)
        };
        let json = axum::Json::<Map<String, Value>>::from_request(request, state).await;
        match json.map_err(unreadable)?.0.remove("properties") {
            Some(Value::Object(properties)) => Ok(Self(properties)),
            _ => Err(ArmError::bad_request("The parameter properties has an invalid value.")),
        }
    }
}
