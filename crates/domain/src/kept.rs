//! Answers to reads, kept until something is written.

use std::{
    hash::Hash,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
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
/// An answer is given again only after the store has named its [`Snapshot`], and only when it was made for the same one. A reader
/// therefore sees a write as soon as it is acknowledged, whichever process made it. Of a store without snapshots nothing is kept.
/// While each answer is outdated when it is asked for again, most reads go to the store without asking for the snapshot.
#[derive(Debug)]
pub struct KeptAnswers<Question: Hash + Eq, Answer> {
    answers: Mutex<LruCache<Question, (Snapshot, Answer)>>,
    /// How many answers in a row were outdated, or not asked for because of that.
    outdated: AtomicU32,
}

/// After so many answers in a row that were outdated, one read of so many asks for the snapshot, which would only delay the others.
const OUTDATED: u32 = 8;

/// An answer, and whether it holds for as long as the snapshot does.
#[derive(Debug)]
pub enum Validity<Answer> {
    /// It depends on the question and on what the store returned, and on nothing else.
    Snapshot(Answer),
    /// It depends on more, such as the time, or is too large to be kept.
    Once(Answer),
}

impl<Answer> Validity<Answer> {
    fn into_inner(self) -> Answer {
        match self {
            Self::Snapshot(answer) | Self::Once(answer) => answer,
        }
    }
}

impl<Question: Hash + Eq, Answer: Clone> KeptAnswers<Question, Answer> {
    /// Keeps so many answers, those that were last asked for.
    #[must_use]
    pub fn new(count: NonZeroUsize) -> Self {
        Self { answers: Mutex::new(LruCache::new(count)), outdated: AtomicU32::new(0) }
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
        if !self.is_worth_asking() {
            return answer.await.map(Validity::into_inner);
        }
        // Asked before the store is read: the answer may be newer than the snapshot, which then never comes again.
        let Some(snapshot) = store.snapshot().await? else {
            return answer.await.map(Validity::into_inner);
        };
        if let Some((of, answer)) = self.lock().get(&question) {
            if *of == snapshot {
                self.outdated.store(0, Ordering::Relaxed);
                return Ok(answer.clone());
            }
            self.outdated.fetch_add(1, Ordering::Relaxed);
        }
        let answer = answer.await?;
        if let Validity::Snapshot(answer) = &answer {
            self.lock().put(question, (snapshot, answer.clone()));
        }
        Ok(answer.into_inner())
    }

    fn is_worth_asking(&self) -> bool {
        self.outdated.load(Ordering::Relaxed) < OUTDATED
            || self.outdated.fetch_add(1, Ordering::Relaxed).is_multiple_of(OUTDATED)
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
        testing::{Failure, InMemoryStore, InterceptedStore},
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
    async fn little_is_asked_for_while_each_answer_is_outdated() {
        let asked = Arc::new(AtomicU32::new(0));
        let (store, counted) = (Arc::new(InMemoryStore::default()), Arc::clone(&asked));
        let intercepted = InterceptedStore::new(store.clone(), move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            async { Ok(()) }
        });
        let kept = kept();
        let read = async |number| {
            let answer = async { Ok::<_, StoreError>(Validity::Snapshot(number)) };
            kept.get(&intercepted, "a", answer).await.unwrap()
        };
        for number in 0..100 {
            let new =
                NewRestaurant::draft().name("Name").street_address("1 Road").description("Fish");
            let new = new.parse().unwrap();
            store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
            assert_eq!(read(number).await, number, "every answer is read");
        }
        assert!(asked.load(Ordering::Relaxed) < 25, "{asked:?}");
        for _ in 0..2 * OUTDATED {
            read(100).await;
        }
        assert_eq!(read(101).await, 100, "the last one is kept once nothing is written any more");
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
