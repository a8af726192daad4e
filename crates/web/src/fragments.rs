//! Parts of pages that are the same for every reader: rendered once, and kept.
//!
//! A part is kept with the row that it shows, and used only while the row that the store returns is equal to that. So a reader sees
//! a write as soon as the store does, whichever process made it.

use std::{
    hash::Hash,
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use lru::LruCache;
use minijinja::Value;
use restaurant_domain::{Restaurant, RestaurantId, Review, ReviewId};

/// The number of parts that are kept: about 2 MiB of cards, and as much of reviews.
const KEPT: usize = 2048;

/// The parts that are kept.
#[derive(Default)]
pub(crate) struct Fragments {
    /// What a card of the list says below the name.
    pub(crate) cards: Kept<RestaurantId, Restaurant>,
    /// What a review says, without the actions of the reader.
    pub(crate) reviews: Kept<ReviewId, Review>,
}

/// Parts by the id of the row that each shows.
pub(crate) struct Kept<K, T>(Mutex<LruCache<K, (T, Value)>>);

impl<K: Hash + Eq, T> Default for Kept<K, T> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(KEPT).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl<K: Hash + Eq, T: Clone + PartialEq> Kept<K, T> {
    /// The part of a row: the one that is kept, or a new one.
    pub(crate) fn get<E>(
        &self,
        id: K,
        row: &T,
        render: impl FnOnce() -> Result<String, E>,
    ) -> Result<Value, E> {
        if let Some((kept, part)) = self.lock().get(&id)
            && kept == row
        {
            return Ok(part.clone());
        }
        let part = Value::from_safe_string(render()?);
        self.lock().put(id, (row.clone(), part.clone()));
        Ok(part)
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<K, (T, Value)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_kept_for_a_row_until_the_row_is_another() {
        let kept = Kept::<u8, &str>::default();
        let part = |id, row, text: &str| {
            let part = kept.get(id, &row, || Ok::<_, ()>(text.to_owned()));
            part.unwrap().to_string()
        };
        assert_eq!(part(1, "old", "first"), "first");
        assert_eq!(part(1, "old", "not rendered"), "first");
        assert_eq!(part(2, "old", "of another id"), "of another id");
        assert_eq!(part(1, "new", "second"), "second");
        assert_eq!(part(1, "old", "third"), "third");
        kept.get(1, &"failing", || Err(())).unwrap_err();
        assert_eq!(part(1, "failing", "fourth"), "fourth");
    }
}
