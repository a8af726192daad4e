//! The messages of an event stream, read as its bytes arrive. Each byte is looked at once.

use serde_json::Value;

/// How many events of a stream are read; the response to a request is among the first.
const MAX_EVENTS: usize = 10_000;

/// A stream of which a part has arrived.
#[derive(Debug, Default)]
pub(crate) struct EventStream {
    line: Vec<u8>,
    data: Vec<u8>,
    ends_with_cr: bool,
    events: usize,
}

impl EventStream {
    /// Takes further bytes, and gives the JSON messages that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Value> {
        let mut messages = Vec::new();
        for byte in bytes {
            let is_second_half = *byte == b'\n' && self.ends_with_cr;
            self.ends_with_cr = *byte == b'\r';
            match byte {
                _ if is_second_half => {}
                b'\r' | b'\n' => messages.extend(self.end_line()),
                byte => self.line.push(*byte),
            }
        }
        messages
    }

    /// Whether it has had more events than are read.
    pub(crate) fn is_too_long(&self) -> bool {
        self.events > MAX_EVENTS
    }

    /// An empty line ends an event.
    fn end_line(&mut self) -> Option<Value> {
        let line = std::mem::take(&mut self.line);
        if let Some(value) = line.strip_prefix(b"data:") {
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            self.data.push(b'\n');
        }
        if !line.is_empty() {
            return None;
        }
        let data = std::mem::take(&mut self.data);
        self.events += 1;
        serde_json::from_slice(&data).ok()
    }
}

pub(crate) fn is_response(message: &Value) -> bool {
    message["id"] == 1 && (message.get("result").is_some() || message.get("error").is_some())
}

/// The JSON messages of a whole event stream.
pub(crate) fn messages(stream: &str) -> Vec<Value> {
    EventStream::default().push(stream.as_bytes())
}
