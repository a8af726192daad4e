//! Wrappers of a connection's stream and bodies that record its progress.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, tcp::OwnedReadHalf},
};

use super::stage::{Progress, Stage};
use crate::socket_options;

/// A stream that records its progress. Bytes that arrive on an idle connection start a head.
pub struct WatchedStream {
    /// This half reads as a whole stream does: a read that leaves room in the buffer has read all, so the next one waits for
    /// data without asking the system. [`TcpStream::try_read_buf`] would ask once more for each request.
    stream: OwnedReadHalf,
    progress: Arc<Progress>,
}

impl WatchedStream {
    /// Wraps a stream, whose other half the caller keeps.
    pub fn new(stream: OwnedReadHalf, progress: Arc<Progress>) -> Self {
        Self { stream, progress }
    }

    /// Writes as soon as the stream is writable.
    fn poll_writing(
        &self,
        context: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let stream = self.stream.as_ref();
        let written = loop {
            match stream.poll_write_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
            match write(stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => break Poll::Ready(written),
            }
        };
        self.progress.written(written.is_ready());
        written
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.progress.move_on(Stage::Idle, Stage::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_writing(context, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_writing(context, |stream| stream.try_write_vectored(buffers))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Nothing is buffered.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(socket_options::end_writing(self.stream.as_ref()))
    }
}

/// A request's body. While a frame is pending, the connection is in [`Stage::Body`].
pub struct RequestBody<B = Incoming> {
    body: B,
    progress: Arc<Progress>,
}

impl RequestBody {
    /// The body of a request, wrapped if there is one. Enters [`Stage::Work`].
    pub fn watched(body: Incoming, progress: &Arc<Progress>) -> Body {
        progress.enter(Stage::Work);
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self { body, progress: Arc::clone(progress) })
    }
}

impl<B: HttpBody + Unpin> HttpBody for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            self.progress.move_on(Stage::Body, Stage::Work);
        } else {
            self.progress.move_on(Stage::Work, Stage::Body);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for RequestBody<B> {
    fn drop(&mut self) {
        self.progress.move_on(Stage::Body, Stage::Work);
        // After the response, the rest of the body counted as the next head.
        self.progress.move_on(Stage::Head, Stage::Idle);
    }
}

/// A response's body. Its drop makes the connection idle.
pub struct AnswerBody {
    body: Body,
    progress: Arc<Progress>,
}

impl AnswerBody {
    /// Wraps the body of a response.
    pub fn new(body: Body, progress: Arc<Progress>) -> Self {
        Self { body, progress }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.progress.enter(Stage::Idle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_idle_after_a_body_that_outlasts_its_response() {
        let progress = Arc::new(Progress::new());
        progress.enter(Stage::Work);
        let request = RequestBody { body: Body::from("rest"), progress: Arc::clone(&progress) };
        drop(AnswerBody::new(Body::empty(), Arc::clone(&progress)));
        assert_eq!(progress.stage(), Stage::Idle);
        // What the stream does when bytes arrive.
        progress.move_on(Stage::Idle, Stage::Head);
        drop(request);
        assert_eq!(progress.stage(), Stage::Idle);
    }
}
