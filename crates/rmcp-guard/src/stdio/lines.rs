//! Lines of bounded length out of a stream.

use std::io;

use rmcp::model::RequestId;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::transport::message::IdScan;

/// The lines of a stream.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    limit: usize,
    /// The part of the line that has arrived: it outlives a cancelled `next`.
    line: Vec<u8>,
    /// The scan for the id of a line that is too long.
    too_long: Option<IdScan>,
}

/// A line without its end.
pub(super) enum Line {
    /// One within the limit.
    Whole(Vec<u8>),
    /// One over the limit, of which nothing is kept but the id of the message in it.
    TooLong(Option<RequestId>),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// The lines of at most so many bytes.
    pub(super) fn new(input: R, limit: usize) -> Self {
        Self { input: BufReader::new(input), limit, line: Vec::new(), too_long: None }
    }

    /// The next line; the last one needs no end. `None` when there is no further one.
    pub(super) async fn next(&mut self) -> Option<io::Result<Line>> {
        loop {
            let part = match self.input.fill_buf().await {
                Ok(part) => part,
                Err(error) => return Some(Err(error)),
            };
            let end = part.iter().position(|byte| *byte == b'\n');
            let is_last = part.is_empty();
            let text = &part[..end.unwrap_or(part.len())];
            if let Some(scan) = &mut self.too_long {
                scan.feed(text);
            } else if self.line.len() + text.len() > self.limit {
                let mut scan = IdScan::default();
                scan.feed(&std::mem::take(&mut self.line));
                scan.feed(text);
                self.too_long = Some(scan);
            } else {
                self.line.extend_from_slice(text);
            }
            let taken = text.len() + usize::from(end.is_some());
            self.input.consume(taken);
            if end.is_some() || is_last {
                return match self.too_long.take() {
                    Some(scan) => Some(Ok(Line::TooLong(scan.id()))),
                    None if is_last && self.line.is_empty() => None,
                    None => Some(Ok(Line::Whole(std::mem::take(&mut self.line)))),
                };
            }
        }
    }
}
