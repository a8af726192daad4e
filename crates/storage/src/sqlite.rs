//! The store in an SQLite file: many readers and one writer; each operation is a blocking closure on a pooled connection.

mod backfill;
mod file;
mod hidden;
mod idempotent;
mod migrations;
mod plan;
mod pool;
mod read;
mod search;
mod snapshots;
mod write;
mod write_lock;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{SqliteConnection, connection::SimpleConnection};
use restaurant_domain::{
    ActivityPage, ActivityQuery, Author, Clock, CreateError, Created, DeleteError, Fingerprint,
    IdempotencyKey, Import, ImportRestaurant, NewRestaurant, NewReview, Post, Repository,
    Restaurant, RestaurantDetails, RestaurantId, RestaurantPage, RestaurantQuery, Retraction,
    RetractionCount, Review, ReviewQuery, Snapshot, StoreError,
};

use self::{file::File, pool::ConnectionPool, snapshots::Snapshots};
use crate::{
    concurrency::WorkKind,
    database::{Database, DatabaseRole},
    error::WorkError,
    idempotency::NewKeyRow,
    limits::Limits,
    migration_state::MigrationState,
};

/// Restaurants and reviews in an SQLite file.
pub(crate) struct SqliteStore {
    readers: ConnectionPool,
    writer: ConnectionPool,
    snapshots: Snapshots,
    clock: Arc<dyn Clock>,
    migrated: MigrationState,
}

impl SqliteStore {
    /// Opens a file, or creates it.
    pub(crate) async fn open(
        path: &Path,
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let file = File::new(path, limits.acquire);
        let readers = ConnectionPool::new(file.clone(), limits.pool_size, limits)?;
        let writer = ConnectionPool::new(file.clone(), 1, limits)?;
        writer.open().await?;
        let snapshots = Snapshots::new(file, limits.acquire);
        Ok(Self { readers, writer, snapshots, clock, migrated: MigrationState::default() })
    }
}

impl SqliteStore {
    /// Runs a write at the time of the clock.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection, DateTime<Utc>) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.migrated.check()?;
        let now = self.clock.now();
        self.writer.run(WorkKind::Write(None), move |connection| work(connection, now)).await
    }
}

#[async_trait]
impl Repository for SqliteStore {
    async fn list_restaurants(
        &self,
        query: &RestaurantQuery,
    ) -> Result<RestaurantPage, StoreError> {
        self.migrated.check()?;
        let (kind, query) = (WorkKind::of(query), query.clone());
        let work = move |connection: &mut _| read::list(connection, &query);
        self.readers.run_in_time(kind, work).await
    }

    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        self.migrated.check()?;
        let work = move |connection: &mut _| read::details(connection, id, reviews);
        self.readers.run_in_time(WorkKind::Read, work).await
    }

    async fn create_restaurant(
        &self,
        restaurant: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        self.migrated.check()?;
        let (now, author) = (self.clock.now(), author.clone());
        let key = key
            .map(|key| NewKeyRow::new(&author, key, &Fingerprint::of_restaurant(&restaurant), now));
        let work = move |connection: &mut _| {
            let answer = write::restaurant(connection, &restaurant, now, &author, key)?;
            Ok::<_, WorkError>(answer.into_restaurant(restaurant, now, &author))
        };
        self.writer.run(WorkKind::Write(None), work).await?
    }

    async fn create_review(
        &self,
        restaurant: RestaurantId,
        review: NewReview,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError> {
        self.migrated.check()?;
        let (now, author) = (self.clock.now(), author.clone());
        let key = key.map(|key| {
            NewKeyRow::new(&author, key, &Fingerprint::of_review(restaurant, &review), now)
        });
        let work = move |connection: &mut _| {
            let answer = write::review(connection, restaurant, &review, now, &author, key)?;
            Ok::<_, WorkError>(
                answer.map(|answer| answer.into_review(restaurant, review, now, &author)),
            )
        };
        self.writer.run(WorkKind::Write(Some(restaurant)), work).await?.transpose()
    }

    async fn activity(&self, query: ActivityQuery) -> Result<ActivityPage, StoreError> {
        self.migrated.check()?;
        let work = move |connection: &mut _| read::activity(connection, query);
        self.readers.run_in_time(WorkKind::Read, work).await
    }

    async fn hide(&self, post: Post, moderator: &Author) -> Result<bool, StoreError> {
        let by = moderator.clone();
        self.write(move |connection, now| hidden::hide(connection, post, &by, now)).await
    }

    async fn restore(&self, post: Post, moderator: &Author) -> Result<bool, StoreError> {
        let by = moderator.clone();
        self.write(move |connection, now| hidden::restore(connection, post, &by, now)).await
    }

    async fn delete_own(
        &self,
        post: Post,
        author: &Author,
        within: TimeDelta,
    ) -> Result<(), DeleteError> {
        let by = author.clone();
        self.write(move |connection, now| hidden::delete_own(connection, post, &by, within, now))
            .await?
    }

    async fn count_retraction(&self, what: &Retraction) -> Result<RetractionCount, StoreError> {
        self.migrated.check()?;
        let what = what.clone();
        let work = move |connection: &mut _| hidden::count(connection, &what);
        self.readers.run(WorkKind::Search, work).await
    }

    async fn retract(&self, what: &Retraction, by: &Author) -> Result<RetractionCount, StoreError> {
        let (what, by) = (what.clone(), by.clone());
        self.write(move |connection, now| hidden::retract(connection, &what, &by, now)).await
    }

    async fn restore_retracted(
        &self,
        what: &Retraction,
        by: &Author,
    ) -> Result<RetractionCount, StoreError> {
        let (what, by) = (what.clone(), by.clone());
        self.write(move |connection, now| hidden::restore_retracted(connection, &what, &by, now))
            .await
    }

    async fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        self.migrated.check()?;
        self.snapshots.current().await.map(Some)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.migrated.check()?;
        // Reads the file, which "SELECT 1" would not.
        let work = |connection: &mut SqliteConnection| {
            Ok(connection.batch_execute("SELECT count(*) FROM restaurant_counts")?)
        };
        self.readers.run_in_time(WorkKind::Read, work).await
    }
}

#[async_trait]
impl Import for SqliteStore {
    async fn import(
        &self,
        restaurants: Vec<ImportRestaurant>,
        only_if_empty: bool,
    ) -> Result<bool, StoreError> {
        self.migrated.check()?;
        let work = move |connection: &mut _| write::import(connection, &restaurants, only_if_empty);
        self.writer.run(WorkKind::Write(None), work).await
    }
}

#[async_trait]
impl Database for SqliteStore {
    async fn migrate(&self) -> Result<usize, StoreError> {
        let applied = self.writer.run(WorkKind::Write(None), migrations::run).await?;
        self.migrated.set();
        Ok(applied)
    }

    async fn forget_activity(&self, before: DateTime<Utc>) -> Result<i64, StoreError> {
        self.write(move |connection, _| write::forget_activity(connection, before)).await
    }

    async fn grant_rows(&self, _: &DatabaseRole) -> Result<(), StoreError> {
        Err(StoreError::failed(
            "an SQLite file has no roles: each process that can open the file reads and writes it",
        ))
    }
}
