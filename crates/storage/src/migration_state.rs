//! Whether the schema of a database is migrated.

use std::sync::atomic::{AtomicBool, Ordering};

use restaurant_domain::StoreError;

/// Whether [`crate::Database::migrate`] has succeeded once.
#[derive(Debug, Default)]
pub(crate) struct MigrationState(AtomicBool);

impl MigrationState {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let migrated = self.0.load(Ordering::Acquire);
        migrated
            .then_some(())
            .ok_or_else(|| StoreError::unavailable("the schema is not migrated yet"))
    }
}
