//! The output of a running process, line by line.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    sync::watch,
};

/// The lines that a process writes, kept as they come.
#[derive(Debug)]
pub(super) struct OutputLines(Arc<Mutex<Vec<String>>>, watch::Receiver<usize>);

impl OutputLines {
    /// Reads `stream` to its end, in a task of its own.
    pub(super) fn of(stream: Option<impl AsyncRead + Send + Unpin + 'static>) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (count, counted) = watch::channel(0);
        let kept = Arc::clone(&lines);
        tokio::spawn(async move {
            let Some(stream) = stream else { return };
            let mut reader = BufReader::new(stream).split(b'\n');
            while let Ok(Some(line)) = reader.next_segment().await {
                let line = String::from_utf8_lossy(&line).into_owned();
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                count.send_modify(|count| *count += 1);
            }
        });
        Self(lines, counted)
    }

    /// The lines so far.
    pub(super) fn snapshot(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the first `Some` that `read` returns for a line; `None` at the stream's end.
    pub(super) async fn find<T>(&self, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut counted = self.1.clone();
        loop {
            let open = counted.changed().await.is_ok();
            let found = self.snapshot().iter().find_map(|line| read(line));
            if found.is_some() || !open {
                return found;
            }
        }
    }

    /// Waits until the stream has closed.
    pub(super) async fn end(&self) {
        let mut counted = self.1.clone();
        while counted.changed().await.is_ok() {}
    }
}
