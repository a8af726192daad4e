//! The in-memory store passes the suite that it is the reference of.

use std::sync::Arc;

use restaurant_domain::testing::InMemoryStore;

#[expect(clippy::unused_async, reason = "other stores take a while to make")]
async fn store() -> (Arc<InMemoryStore>, ()) {
    (Arc::new(InMemoryStore::default()), ())
}

restaurant_domain::repository_contract!(store);
