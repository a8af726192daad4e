//! Stores that tell when a call begins, and wait.

use std::sync::{Arc, Mutex};

use restaurant_domain::testing::{InMemoryStore, InterceptedStore, StoreOperation};
use tokio::sync::oneshot;

/// A store that never responds, with the news of its first call: begun, dropped.
pub(crate) fn hanging() -> (Arc<InterceptedStore>, oneshot::Receiver<()>, oneshot::Receiver<()>) {
    let (begun, on_begun) = oneshot::channel();
    let (dropped, on_dropped) = oneshot::channel();
    let news = Mutex::new(Some((begun, dropped)));
    let store = InterceptedStore::new(Arc::new(InMemoryStore::default()), move |_| {
        let news = news.lock().unwrap().take();
        async move {
            // Dropped with this future, which closes the channel.
            let _dropped = news.map(|(begun, dropped)| {
                begun.send(()).unwrap();
                dropped
            });
            std::future::pending().await
        }
    });
    (Arc::new(store), on_begun, on_dropped)
}

/// A store whose first write waits, with the news that it has begun, and the leave to go on.
pub(crate) fn waiting() -> (Arc<InterceptedStore>, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let (begun, on_begun) = oneshot::channel();
    let (leave, on_leave) = oneshot::channel();
    let first = Mutex::new(Some((begun, on_leave)));
    let store = InterceptedStore::new(Arc::new(InMemoryStore::default()), move |operation| {
        let first = (operation == StoreOperation::Write).then(|| first.lock().unwrap().take());
        async move {
            if let Some((begun, leave)) = first.flatten() {
                begun.send(()).unwrap();
                leave.await.unwrap();
            }
            Ok(())
        }
    });
    (Arc::new(store), on_begun, leave)
}
