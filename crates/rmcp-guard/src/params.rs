//! The error about a request whose `params` have the wrong shape.

use rmcp::{ErrorData, model::ErrorCode};

use crate::quoted::quoted;

/// Makes the JSON-RPC error for a request with an unknown method, or with `params` of the wrong shape: rmcp hands over both as a
/// custom request.
#[must_use]
pub fn params_error(method: &str) -> ErrorData {
    let needs = match method {
        "tools/call" | "prompts/get" => ": give name (a text) and arguments (an object)",
        "resources/read" => ": give uri (a text)",
        "completion/complete" => {
            ": give ref (an object with type and name or uri) and argument (an object with name and value)"
        }
        "initialize" => {
            ": give protocolVersion (a text), capabilities (an object) and clientInfo (an object with name and version)"
        }
        "server/discover"
        | "tools/list"
        | "resources/list"
        | "resources/templates/list"
        | "prompts/list" => "",
        _ => {
            let message = format!("unknown method {}", quoted(method));
            return ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None);
        }
    };
    ErrorData::invalid_params(
        format!("the params of {} are not readable{needs}", quoted(method)),
        None,
    )
}
