//! Answers to reads, kept until something is written.

use std::{
    hash::Hash,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lru::LruCache;

use crate::{Repository, StoreError};

/// The name of what the readers of a store see at a moment: two that are equal stand for the same restaurants and reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(Arc<str>);

impl Snapshot {
    /// A name, which the store gives to nothing else.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }
}

/// Answers that were made from what a store returned, each for the question that it answers.
///
/// The store is asked for its [`Snapshot`] each time, and an answer that was made for another one is made again. A reader
/// therefore sees a write as soon as it is acknowledged, whichever process made it. Of a store without snapshots nothing is kept.
#[derive(Debug)]
pub struct KeptAnswers<Question: Hash + Eq, Answer> {
    answers: Mutex<LruCache<Question, (Snapshot, Answer)>>,
}

/// An answer, and whether it holds for as long as the snapshot does.
#[derive(Debug)]
pub enum Validity<Answer> {
    /// It depends on the question and on what the store returned, and on nothing else.
    Snapshot(Answer),
    /// It depends on more, such as the time, or is too large to be kept.
    Once(Answer),
}

impl<Question: Hash + Eq, Answer: Clone> KeptAnswers<Question, Answer> {
    /// Keeps so many answers, those that were last asked for.
    #[must_use]
    pub fn new(count: NonZeroUsize) -> Self {
        Self { answers: Mutex::new(LruCache::new(count)) }
    }

    /// The answer that is kept, or a new one. `answer` reads the store, and is dropped where it is not needed.
    ///
    /// # Errors
    /// When the store cannot tell its snapshot; those of `answer`.
    pub async fn get<E: From<StoreError>>(
        &self,
        store: &(impl Repository + ?Sized),
        question: Question,
        answer: impl Future<Output = Result<Validity<Answer>, E>>,
    ) -> Result<Answer, E> {
        // Asked before the store is read: the answer may be newer than the snapshot, which then never comes again.
        let snapshot = store.snapshot().await?;
        if let Some(snapshot) = &snapshot
            && let Some((of, answer)) = self.lock().get(&question)
            && of == snapshot
        {
            return Ok(answer.clone());
        }
        match (answer.await?, snapshot) {
            (Validity::Snapshot(answer), Some(snapshot)) => {
                self.lock().put(question, (snapshot, answer.clone()));
                Ok(answer)
            }
            (Validity::Snapshot(answer) | Validity::Once(answer), _) => Ok(answer),
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Question, (Snapshot, Answer)>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::{
        Author, NewRestaurant,
        testing::{Failure, InMemoryStore},
    };

    fn kept() -> KeptAnswers<&'static str, u32> {
        KeptAnswers::new(NonZeroUsize::new(2).unwrap())
    }

    #[tokio::test]
    async fn an_answer_is_made_again_after_a_write_only() {
        let (store, kept, count) = (InMemoryStore::default(), kept(), Cell::new(0));
        let make = async || {
            count.set(count.get() + 1);
            Ok::<_, StoreError>(Validity::Snapshot(count.get()))
        };
        for expected in [1, 1] {
            assert_eq!(kept.get(&store, "a", make()).await.unwrap(), expected);
        }
        assert_eq!(kept.get(&store, "b", make()).await.unwrap(), 2);
        let new = NewRestaurant::draft().name("Name").street_address("1 Road").description("Fish");
        store.create_restaurant(new.parse().unwrap(), &Author::anonymous(), None).await.unwrap();
        for expected in [3, 3] {
            assert_eq!(kept.get(&store, "a", make()).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn what_holds_once_is_not_kept() {
        let (store, kept) = (InMemoryStore::default(), kept());
        for number in [1, 2] {
            let answer = async { Ok::<_, StoreError>(Validity::Once(number)) };
            assert_eq!(kept.get(&store, "a", answer).await.unwrap(), number);
        }
    }

    #[tokio::test]
    async fn what_was_written_meanwhile_is_not_missed() {
        let (store, kept) = (InMemoryStore::default(), kept());
        let write = async {
            let new =
                NewRestaurant::draft().name("Name").street_address("1 Road").description("Fish");
            let new = new.parse().unwrap();
            store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
            Ok::<_, StoreError>(Validity::Snapshot(1))
        };
        assert_eq!(kept.get(&store, "a", write).await.unwrap(), 1);
        let later = async { Ok::<_, StoreError>(Validity::Snapshot(2)) };
        assert_eq!(kept.get(&store, "a", later).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn nothing_is_answered_while_the_store_fails() {
        let kept = kept();
        let answer = async { Ok::<_, StoreError>(Validity::Snapshot(1)) };
        let store = InMemoryStore::default();
        assert_eq!(kept.get(&store, "a", answer).await.unwrap(), 1);
        let answer = async { Ok::<_, StoreError>(Validity::Snapshot(1)) };
        let failed = kept.get(&Failure::Unavailable.store(), "a", answer).await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    }
}
