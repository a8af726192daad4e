//! Replication: a new object is missed by the first requests that ask for it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The objects that are not everywhere yet, with how many requests will still miss them.
#[derive(Debug, Default)]
pub(crate) struct Replication(Mutex<HashMap<String, u32>>);

impl Replication {
    /// Notes a new object that `requests` requests miss.
    pub(crate) fn created(&self, id: &impl ToString, requests: u32) {
        if requests > 0 {
            self.lock().insert(id.to_string(), requests);
        }
    }

    /// Whether a request finds the object; each call counts as one.
    pub(crate) fn finds(&self, id: &impl ToString) -> bool {
        let mut missing = self.lock();
        let id = id.to_string();
        let Some(left) = missing.get_mut(&id) else { return true };
        *left -= 1;
        if *left == 0 {
            missing.remove(&id);
        }
        false
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
