//! The store in an SQLite file: many readers and one writer; each operation is a blocking closure on a pooled connection.

mod backfill;
mod file;
mod idempotent;
mod migrations;
mod plan;
mod pool;
mod read;
mod search;
mod write;
mod write_lock;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use diesel::connection::SimpleConnection;
use restaurant_domain::{
    Author, Clock, CreateError, Created, Fingerprint, IdempotencyKey, Import, ImportRestaurant,
    NewRestaurant, NewReview, Repository, Restaurant, RestaurantDetails, RestaurantId,
    RestaurantPage, RestaurantQuery, Review, ReviewQuery, StoreError,
};

use self::{file::File, pool::ConnectionPool};
use crate::{
    concurrency::WorkKind,
    database::{Database, DatabaseRole},
    error::WorkError,
    idempotency::{CreateOutcome, NewKeyRow},
    limits::Limits,
    migration_state::MigrationState,
};

/// Restaurants and reviews in an SQLite file.
pub(crate) struct SqliteStore {
    readers: ConnectionPool,
    writer: ConnectionPool,
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
        let writer = ConnectionPool::new(file, 1, limits)?;
        writer.open().await?;
        Ok(Self { readers, writer, clock, migrated: MigrationState::default() })
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
            let answer = match key {
                None => CreateOutcome::Inserted(write::restaurant(
                    connection,
                    &restaurant,
                    now,
                    &author,
                )?),
                Some(key) => idempotent::restaurant(connection, &restaurant, now, &author, key)?,
            };
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
            let answer = match key {
                None => write::review(connection, restaurant, &review, now, &author)?
                    .map(CreateOutcome::Inserted),
                Some(key) => {
                    idempotent::review(connection, restaurant, &review, now, &author, key)?
                }
            };
            Ok::<_, WorkError>(
                answer.map(|answer| answer.into_review(restaurant, review, now, &author)),
            )
        };
        self.writer.run(WorkKind::Write(Some(restaurant)), work).await?.transpose()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.migrated.check()?;
        // Reads the file, which "SELECT 1" would not.
        let work = |connection: &mut diesel::SqliteConnection| {
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

    async fn grant_rows(&self, _: &DatabaseRole) -> Result<(), StoreError> {
        Err(StoreError::failed(
            "an SQLite file has no roles: who may open the file reads and writes",
        ))
    }
}
