//! The store in an `SQLite` file.

mod sqlite_contract {
    //! It passes the suite.
    use std::sync::Arc;

    use restaurant_domain::SystemClock;
    use restaurant_storage::{Database, DatabaseUrl, Limits, open};
    use tempfile::TempDir;

    async fn store() -> (Arc<dyn Database>, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url =
            DatabaseUrl::parse(&format!("sqlite://{}/data.db", folder.path().display())).unwrap();
        let store = open(&url, Limits::default(), Arc::new(SystemClock)).await.unwrap();
        assert!(store.migrate().await.unwrap() > 0);
        (store, folder)
    }

    restaurant_domain::repository_contract!(store);
}
