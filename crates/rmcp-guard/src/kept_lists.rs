//! Lists that were sent, kept for requests that differ in nothing that a list depends on.
//!
//! rmcp makes a task, channels and a context for each message, which takes most of the time of a `tools/list`. The lists of a
//! handler that makes the promise of [`Guarded::lists_depend_on`](crate::Guarded::lists_depend_on) are sent again without them.
//! Invariant: a kept response is sent only to a request whose message, apart from its id, whose headers, as far as rmcp reads them,
//! and whose key equal those of the request that it was made for.

use std::{
    fmt,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::body::{Body, Bytes};
use http::{
    Extensions, HeaderMap, HeaderName, Request, Response,
    header::{HOST, ORIGIN},
};
use http_body_util::BodyExt;
use lru::LruCache;
use rmcp::model::RequestId;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use crate::{call_context::CallContext, media_type::is_json};

/// The methods whose responses are kept.
const METHODS: [&str; 3] = ["tools/list", "prompts/list", "resources/templates/list"];
/// The number of responses that are kept, those that were last asked for.
const MAX_LISTS: NonZeroUsize = NonZeroUsize::new(64).unwrap();
/// The maximum size of what tells a request from others, in bytes.
const MAX_KEY_BYTES: usize = 4096;
/// Between the parts of a question: no header and no JSON holds this byte.
const SEPARATOR: u8 = 0;

/// What a handler's lists depend on besides the message.
pub(crate) type DependOn = dyn Fn(&mut Extensions) -> u64 + Send + Sync;

/// The lists of a handler that has made the promise.
pub(crate) struct KeptLists {
    depend_on: Arc<DependOn>,
    ended: CancellationToken,
    max_response_bytes: usize,
    lists: Mutex<LruCache<Box<[u8]>, Kept>>,
}

impl fmt::Debug for KeptLists {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeptLists").finish_non_exhaustive()
    }
}

/// A response without its beginning, which holds the id.
#[derive(Clone)]
struct Kept {
    headers: HeaderMap,
    rest: Bytes,
}

/// A request for a list.
pub(crate) struct Question {
    method: &'static str,
    id: RequestId,
    /// Everything else that the list depends on.
    key: Vec<u8>,
}

impl KeptLists {
    /// Keeps lists until the service has ended.
    pub(crate) fn new(
        depend_on: Arc<DependOn>,
        ended: CancellationToken,
        max_response_bytes: usize,
    ) -> Self {
        let lists = Mutex::new(LruCache::new(MAX_LISTS));
        Self { depend_on, ended, max_response_bytes, lists }
    }

    /// The question that a request asks, if its answer may be kept.
    pub(crate) fn question(&self, request: &mut Request<Body>, message: &[u8]) -> Option<Question> {
        #[derive(Deserialize)]
        struct Message<'a> {
            #[serde(borrow)]
            id: &'a RawValue,
            #[serde(borrow)]
            method: &'a str,
        }
        if message.len() > MAX_KEY_BYTES || self.ended.is_cancelled() {
            return None;
        }
        let text = std::str::from_utf8(message).ok()?;
        let Message { id, method } = serde_json::from_str(text).ok()?;
        let method = METHODS.into_iter().find(|known| *known == method)?;
        // Borrowed from the text, so it lies within.
        let start = (id.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        let (before, after) = (text.get(..start)?, text.get(start + id.get().len()..)?);
        let id = serde_json::from_str(id.get()).ok()?;
        // The span of a request with a trace context has a link of its own. An escape could hide one.
        if [before, after].iter().any(|part| part.contains('\\') || part.contains("traceparent")) {
            return None;
        }
        let depend_on = || (self.depend_on)(request.extensions_mut());
        let depend_on = catch_unwind(AssertUnwindSafe(depend_on)).ok()?;
        let mut key = depend_on.to_be_bytes().to_vec();
        key.reserve(message.len() + 256);
        let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
        let headers = request.headers().iter().filter(|(name, _)| is_read_by_rmcp(name));
        let headers =
            headers.flat_map(|(name, value)| [name.as_str().as_bytes(), value.as_bytes()]);
        let parts = [authority.unwrap_or_default()].into_iter().chain(headers);
        for part in parts.chain([b"".as_slice(), before.as_bytes(), after.as_bytes()]) {
            key.extend_from_slice(part);
            key.push(SEPARATOR);
        }
        (key.len() <= MAX_KEY_BYTES).then_some(Question { method, id, key })
    }

    /// The response that is kept.
    pub(crate) fn response(
        &self,
        question: &Question,
        call: Option<&CallContext>,
    ) -> Option<Response<Body>> {
        let Kept { headers, rest } = self.lists().get(&*question.key).cloned()?;
        let mut body = beginning(&question.id)?;
        body.extend_from_slice(&rest);
        if body.len() > self.max_response_bytes {
            return None;
        }
        let mut response = Response::new(Body::from(body));
        *response.headers_mut() = headers;
        CallContext::request_span(call, question.method)
            .in_scope(|| tracing::debug!(outcome = "ok", kept = true, "answered"));
        Some(response)
    }

    /// Keeps a response, if it is a list.
    pub(crate) async fn keep(
        &self,
        question: Question,
        response: Response<Body>,
    ) -> Response<Body> {
        // An event stream may go on.
        if !is_json(response.headers()) {
            return response;
        }
        let (parts, body) = response.into_parts();
        // It is whole already.
        let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return Response::from_parts(parts, Body::empty());
        };
        let rest = beginning(&question.id).and_then(|beginning| body.strip_prefix(&*beginning));
        if let Some(rest) = rest {
            let kept = Kept { headers: parts.headers.clone(), rest: Bytes::copy_from_slice(rest) };
            self.lists().put(question.key.into(), kept);
        }
        Response::from_parts(parts, Body::from(body))
    }

    fn lists(&self) -> MutexGuard<'_, LruCache<Box<[u8]>, Kept>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The beginning of a successful response; every other response, such as an error, begins otherwise.
fn beginning(id: &RequestId) -> Option<Vec<u8>> {
    let mut text = br#"{"jsonrpc":"2.0","id":"#.to_vec();
    serde_json::to_writer(&mut text, id).ok()?;
    text.extend_from_slice(br#","result":"#);
    Some(text)
}

/// Whether rmcp reads a header. `Accept` is the same in every request that it sees, and `Content-Type` means the same.
fn is_read_by_rmcp(name: &HeaderName) -> bool {
    [HOST, ORIGIN].contains(name) || name == "last-event-id" || name.as_str().starts_with("mcp-")
}
