//! The in-memory store passes the suite that it is the reference of.

use std::sync::Arc;

use restaurant_domain::{Clock, testing::InMemoryStore};

#[expect(clippy::unused_async, reason = "other stores take a while to make")]
async fn store(clock: Arc<dyn Clock>) -> (Arc<InMemoryStore>, ()) {
    (Arc::new(InMemoryStore::new(clock)), ())
}

restaurant_domain::repository_contract!(store);
restaurant_domain::accountability_contract!(store);
restaurant_domain::import_contract!(store);
