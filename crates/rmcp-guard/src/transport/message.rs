//! A message as it came: what is wrong with its form, and the id of the request that an error about it answers.

use rmcp::{ErrorData, model::RequestId};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Deserializer, Value};

use crate::{params::params_error, quoted::quoted};

/// The message about JSON that is not a message of MCP.
const NOT_A_MESSAGE: &str =
    "the request is no message of MCP: send a JSON-RPC 2.0 request or notification";

/// The longest id that is looked for in a message that cannot be read as a whole, in bytes.
const MAX_ID_BYTES: usize = 1024;

/// Refuses bytes that are not one JSON object.
///
/// # Errors
/// With the fault.
pub(crate) fn check(bytes: &[u8]) -> Result<(), ErrorData> {
    let unreadable = |message: String| ErrorData::parse_error(message, None);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| unreadable(format!("the request is not UTF-8: {error}")))?;
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| unreadable(format!("the request is not JSON: {error}")))?;
    match text.trim_start().as_bytes().first() {
        Some(b'{') => Ok(()),
        Some(b'[') => Err(invalid("batches are not supported: send one message per request")),
        _ => Err(not_a_message()),
    }
}

/// Why bytes are no message of MCP: the most precise fault that there is.
pub(crate) fn fault(bytes: &[u8]) -> ErrorData {
    check(bytes).err().unwrap_or_else(|| match serde_path_to_error::deserialize(&mut json(bytes)) {
        Ok(message) => fault_of(&message),
        Err(error) => unrepresentable(&error.path().to_string(), error.inner()),
    })
}

fn json(bytes: &[u8]) -> Deserializer<serde_json::de::SliceRead<'_>> {
    Deserializer::from_slice(bytes)
}

/// A value that JSON's grammar allows and that cannot be kept, such as half of a surrogate pair or a number beyond all floats.
fn unrepresentable(path: &str, error: &serde_json::Error) -> ErrorData {
    let (path, why) = (quoted(path), error.to_string());
    let message = if why.contains("surrogate") || why.contains("hex escape") {
        format!(
            "{path} holds a lone surrogate, half of a character: send both halves, as in \\ud83c\\udf55 ({why})"
        )
    } else if why.contains("number out of range") {
        format!("{path} holds a number out of range: send one that a 64-bit float can hold ({why})")
    } else {
        format!("{NOT_A_MESSAGE} ({path} cannot be read: {why})")
    };
    if path.starts_with("\"params") {
        ErrorData::invalid_params(message, None)
    } else {
        invalid(message)
    }
}

/// Why a JSON object is no message.
fn fault_of(message: &Value) -> ErrorData {
    match message.get("id") {
        Some(id) if RequestId::deserialize(id).is_err() => {
            invalid(format!("{NOT_A_MESSAGE} whose id is a text, or a whole number of 64 bits"))
        }
        Some(_) if message["jsonrpc"] == "2.0" && message["method"].is_string() => {
            params_error(message["method"].as_str().unwrap_or_default())
        }
        _ => not_a_message(),
    }
}

fn not_a_message() -> ErrorData {
    invalid(NOT_A_MESSAGE)
}

fn invalid(message: impl Into<String>) -> ErrorData {
    ErrorData::invalid_request(message.into(), None)
}

/// The id of a message, which may be broken or cut off elsewhere.
pub(crate) fn id(bytes: &[u8]) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Request {
        id: RequestId,
    }
    let whole = serde_json::from_slice::<Request>(bytes).ok().map(|request| request.id);
    whole.or_else(|| {
        let mut scan = IdScan::default();
        scan.feed(bytes);
        scan.id()
    })
}

/// Looks for the member `id` of a message as its bytes pass, and keeps nothing else of them.
#[derive(Debug, Default)]
pub(crate) struct IdScan {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    is_over: bool,
    /// The name of the member whose value passes; `None` where a name is due.
    member: Option<Vec<u8>>,
    /// The bytes of the current name or value of the outermost object.
    token: Vec<u8>,
    found: Option<RequestId>,
}

impl IdScan {
    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.is_over || self.found.is_some() {
                return;
            }
            self.take(*byte);
        }
    }

    /// The id, if it has passed.
    pub(crate) fn id(self) -> Option<RequestId> {
        self.found
    }

    fn take(&mut self, byte: u8) {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.keep(byte);
            }
            b'{' | b'[' => {
                self.is_over = self.depth == 0 && byte == b'[';
                self.depth += 1;
                self.keep(byte);
            }
            b'}' | b']' => self.close(byte),
            b':' if self.depth == 1 && self.member.is_none() => {
                self.member = Some(std::mem::take(&mut self.token));
            }
            b',' if self.depth == 1 => self.end_member(),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => self.keep(byte),
        }
    }

    /// Keeps what belongs to a name or a value of the outermost object, as far as it can be an id.
    fn keep(&mut self, byte: u8) {
        let opens_message = self.depth == 1 && byte == b'{' && self.token.is_empty();
        if self.depth >= 1 && self.token.len() < MAX_ID_BYTES && !opens_message {
            self.token.push(byte);
        }
    }

    fn close(&mut self, byte: u8) {
        if self.depth == 1 {
            self.end_member();
        }
        self.keep(byte);
        self.depth = self.depth.saturating_sub(1);
        self.is_over = self.depth == 0;
    }

    fn end_member(&mut self) {
        let value = std::mem::take(&mut self.token);
        if self.member.take().as_deref() == Some(b"\"id\"") {
            self.found = serde_json::from_slice(&value).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(text: &str) -> Value {
        serde_json::to_value(id(text.as_bytes())).unwrap()
    }

    #[test]
    fn an_id_is_found_in_what_is_broken_elsewhere() {
        for (text, expected) in [
            (r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#, json!(7)),
            (r#"{"jsonrpc":"2.0", "id" : "a\"b" , "method":"#, json!("a\"b")),
            (r#"{"params":{"id":1,"x":[{"id":2}]},"id":3,"#, json!(3)),
            (r#"{"params":{"x":"}\"{"},"id":3}"#, json!(3)),
            (r#"{"params":{"x":"\ud83c"},"id":3}"#, json!(3)),
            (r#"{"x":1e999,"id":3}"#, json!(3)),
            (r#"{"id":3,"id":4}"#, json!(3)),
            (r#"{"id":12"#, json!(null)),
            (r#"{"id":1.5,"x":1"#, json!(null)),
            (r#"{"id":{"id":1},"x":"#, json!(null)),
            (r#"{"id":null,"x":"#, json!(null)),
            (r#"{"x":"id","y":5,"#, json!(null)),
            (r#"[{"id":1}]"#, json!(null)),
            (r#"{"x":{"id":1}} {"id":2}"#, json!(null)),
            ("id", json!(null)),
            ("", json!(null)),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn a_fault_is_named() {
        for (text, says) in [
            (r#"{"id":1,"params":{"search":"pizza \ud83c"}}"#, "params.search"),
            (r#"{"id":1,"params":{"search":"pizza \ud83c"}}"#, "surrogate"),
            (r#"{"id":1,"params":{"a":[0,1e999]}}"#, "params.a[1]"),
            (r#"{"id":1,"params":{"a":[0,1e999]}}"#, "number out of range"),
            (r#"{"id":99999999999999999999,"method":"ping"}"#, "id"),
            (r#"{"id":null,"method":"ping"}"#, "id"),
            ("[]", "batches"),
            ("{", "not JSON"),
            ("{}", "no message"),
            ("5", "no message"),
        ] {
            let fault = fault(text.as_bytes());
            assert!(fault.message.contains(says), "{text}: {}", fault.message);
        }
        assert!(fault(b"{\"x\":\"\xff\"}").message.contains("not UTF-8"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_scanned(bytes: Vec<u8>, text in r#"[\[\]{}:," \\a-z0-9]{0,60}"#) {
            id(&bytes);
            id(text.as_bytes());
        }
    }
}
