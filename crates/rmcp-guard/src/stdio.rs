//! The transport over a pair of streams, a message a line. rmcp's own drops what it cannot read; this one answers it, and the session lives.

mod lines;

use std::{io, sync::Arc};

use futures_util::future::BoxFuture;
use rmcp::{
    ErrorData, RoleServer,
    model::{ClientJsonRpcMessage, ClientRequest, GetMeta, ProtocolVersion, RequestId},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::Mutex,
};

use self::lines::{Line, Lines};
use crate::{params::params_error, transport::message};

/// A byte order mark, which some programs write before their first line.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A transport over a pair of streams, one message a line, which answers every line that is not a message of MCP.
pub struct StdioTransport<R, W> {
    lines: Lines<R>,
    max_message_bytes: usize,
    output: Arc<Mutex<Option<W>>>,
    /// The answer to what could not be read, on its way out: it outlives a `receive` that was given up.
    reply: Option<BoxFuture<'static, io::Result<()>>>,
    /// Whether a request has begun the session. Until then rmcp takes anything but a request for a reason to end it.
    has_begun: bool,
}

/// The fault of a line, and the id of its request.
struct LineError {
    error: Box<ErrorData>,
    id: Option<RequestId>,
}

impl<R, W> StdioTransport<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    /// A transport for messages of at most so many bytes.
    pub fn new(input: R, output: W, max_message_bytes: usize) -> Self {
        Self {
            lines: Lines::new(input, max_message_bytes),
            max_message_bytes,
            output: Arc::new(Mutex::new(Some(output))),
            reply: None,
            has_begun: false,
        }
    }

    /// The message of a line; `None` for what is to be ignored.
    fn read(&mut self, line: Line) -> Result<Option<ClientJsonRpcMessage>, LineError> {
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong(id) => {
                let limit = self.max_message_bytes;
                let message = format!("the message is too large: send at most {limit} bytes");
                let error = ErrorData::invalid_request(message, None).into();
                return Err(LineError { error, id });
            }
        };
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line).trim_ascii();
        if line.is_empty() {
            return Ok(None);
        }
        match serde_json::from_slice(line) {
            Ok(message) => self.admit(message),
            Err(error) if wants_no_answer(line) => {
                tracing::debug!(%error, "ignored a message that is not readable and wants no answer");
                Ok(None)
            }
            Err(_) => Err(LineError { error: message::fault(line).into(), id: message::id(line) }),
        }
    }

    /// Passes a message on. Before the session has begun, that is a request.
    fn admit(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> Result<Option<ClientJsonRpcMessage>, LineError> {
        if self.has_begun {
            return Ok(Some(message));
        }
        let ClientJsonRpcMessage::Request(request) = &message else {
            tracing::debug!("ignored a message that came before the session began");
            return Ok(None);
        };
        match &request.request {
            ClientRequest::InitializeRequest(_) => self.has_begun = true,
            ClientRequest::CustomRequest(custom) if custom.method == "initialize" => {
                let error = params_error(&custom.method).into();
                return Err(LineError { error, id: Some(request.id.clone()) });
            }
            ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => {}
            other => self.has_begun = begins_session(other),
        }
        Ok(Some(message))
    }
}

/// Whether rmcp takes a request without a handshake: it says by itself what else the handshake would.
fn begins_session(request: &ClientRequest) -> bool {
    let meta = request.get_meta();
    let is_complete = meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty();
    is_complete
        && meta
            .protocol_version()
            .is_some_and(|version| ProtocolVersion::KNOWN_VERSIONS.contains(&version))
}

/// Whether JSON-RPC forbids an answer: to a notification, and to an answer.
fn wants_no_answer(line: &[u8]) -> bool {
    let Ok(message) = serde_json::from_slice::<Value>(line) else { return false };
    let has = |name| message.get(name).is_some();
    let is_notification = message.get("method").is_some_and(Value::is_string) && !has("id");
    let is_answer = !has("method") && (has("result") || has("error"));
    has("jsonrpc") && (is_notification || is_answer)
}

/// Writes a message as a line.
async fn write<W: AsyncWrite + Unpin>(
    output: Arc<Mutex<Option<W>>>,
    message: impl Serialize,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(&message)?;
    line.push(b'\n');
    let mut output = output.lock().await;
    let output = output.as_mut().ok_or(io::ErrorKind::NotConnected)?;
    output.write_all(&line).await?;
    output.flush().await
}

impl<R, W> Transport<RoleServer> for StdioTransport<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        write(Arc::clone(&self.output), message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            if let Some(reply) = &mut self.reply {
                let written = reply.await;
                self.reply = None;
                written.ok()?;
            }
            let line = match self.lines.next().await? {
                Ok(line) => line,
                Err(error) => {
                    tracing::error!(%error, "cannot read the next message");
                    return None;
                }
            };
            match self.read(line) {
                Ok(Some(message)) => return Some(message),
                Ok(None) => {}
                Err(LineError { error, id }) => {
                    tracing::debug!(error = %error.message, "refused a message");
                    // JSON-RPC 2.0, section 5: the id is null where that of the request cannot be read.
                    let answer = json!({"jsonrpc": "2.0", "id": id, "error": error});
                    self.reply = Some(Box::pin(write(Arc::clone(&self.output), answer)));
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.lock().await.take();
        Ok(())
    }
}
