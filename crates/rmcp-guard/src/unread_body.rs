//! The part of a request's body that is left unread when its response is made.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http::{Request, header::EXPECT};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::{runtime::Handle, time::timeout};

/// The largest rest of a body that is read.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The longest time for which the rest of a body is read.
const MAX_TIME: Duration = Duration::from_secs(2);

/// Lets a client read the answer to a request whose body is refused unread.
///
/// A server that answers before it has read the whole body closes the connection, and a client that still sends then gets
/// a broken connection instead of the answer ([RFC 9112, section 9.6]). With this function, the rest of a body that is dropped
/// is read and discarded in a task: at most 16 MiB in at most 2 seconds. The answer does not wait for it. A connection
/// whose body ends in time is kept, and any other is closed.
///
/// A body is left unread where its client waits for `100 Continue`, and so sends nothing. A request without a body, and one
/// that has passed this function before, are left as they are. [`TransportLayer`](crate::TransportLayer) calls it. Call it
/// outside any other layer that refuses requests, such as authentication:
///
/// ```
/// use axum::{Router, middleware};
/// use rmcp_guard::discard_unread_body;
///
/// # let app: Router = Router::new();
/// let app = app.layer(middleware::map_request(async |request| discard_unread_body(request)));
/// # let _ = app;
/// ```
///
/// [RFC 9112, section 9.6]: https://www.rfc-editor.org/rfc/rfc9112#section-9.6
#[must_use]
pub fn discard_unread_body(mut request: Request<Body>) -> Request<Body> {
    if request.body().is_end_stream() || request.extensions_mut().insert(Passed).is_some() {
        return request;
    }
    let waits = request.headers().contains_key(EXPECT);
    request.map(|body| Body::new(DiscardedBody { body, is_over: waits }))
}

/// Marks a request that has passed the function.
#[derive(Clone, Copy)]
struct Passed;

/// A body whose rest is discarded when it is dropped.
struct DiscardedBody {
    body: Body,
    /// Whether nothing more is on its way: it has ended, or its client waits to be asked for it.
    is_over: bool,
}

impl HttpBody for DiscardedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.is_over = matches!(frame, Poll::Ready(None | Some(Err(_))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for DiscardedBody {
    fn drop(&mut self) {
        if self.is_over || self.body.is_end_stream() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let body = mem::take(&mut self.body);
            runtime.spawn(async { timeout(MAX_TIME, discard(body)).await });
        }
    }
}

async fn discard(mut body: Body) {
    let mut bytes = 0;
    while bytes <= MAX_BYTES
        && let Some(Ok(frame)) = body.frame().await
    {
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
}
