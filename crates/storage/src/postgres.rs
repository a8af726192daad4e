//! The store in PostgreSQL.

mod backfill;
mod connect;
mod create;
mod create_together;
mod grants;
mod group;
mod hidden;
mod idempotent;
mod lock;
mod migrations;
mod pool;
mod preflight;
mod read;
mod search;
mod snapshots;
mod tls;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::{FutureExt, future::BoxFuture};
use restaurant_domain::{
    ActivityPage, ActivityQuery, Author, Clock, CreateError, Created, DeleteError, Fingerprint,
    IdempotencyKey, Import, ImportRestaurant, NewRestaurant, NewReview, Post, Repository,
    Restaurant, RestaurantDetails, RestaurantId, RestaurantPage, RestaurantQuery, Retraction,
    RetractionCount, Review, ReviewQuery, Snapshot, StoreError,
};

use self::{
    connect::Connector,
    group::{PendingReview, ReviewGroups},
    pool::{ConnectionPool, Reservation, run_to_completion},
    snapshots::Snapshots,
};
use crate::{
    concurrency::WorkKind,
    database::{Database, DatabaseRole},
    error::WorkError,
    idempotency::NewKeyRow,
    limits::Limits,
    migration_state::MigrationState,
    postgres_options::PostgresOptions,
    url::Server,
};

/// Restaurants and reviews in a PostgreSQL database.
pub(crate) struct PostgresStore {
    connector: Connector,
    connections: Arc<ConnectionPool>,
    reviews: ReviewGroups,
    /// `None` where one connection may see what another does not.
    snapshots: Option<Snapshots>,
    clock: Arc<dyn Clock>,
    migrated: MigrationState,
}

impl PostgresStore {
    /// A store that connects when it is first asked something.
    pub(crate) fn new(
        server: &Server,
        limits: Limits,
        options: PostgresOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let connector = Connector::new(server, limits, options)?;
        let connections = Arc::new(ConnectionPool::new(connector.clone(), limits)?);
        let reviews = ReviewGroups::new(Arc::clone(&connections), limits.acquire);
        let snapshots = connector.leads_to_one_server();
        let snapshots = snapshots
            .then(|| Snapshots::new(connector.clone(), Arc::clone(&connections), limits.acquire));
        let migrated = MigrationState::default();
        Ok(Self { connector, connections, reviews, snapshots, clock, migrated })
    }
}

/// How often a create is tried. A second time is common: another create took the same key meanwhile. A third is not: the
/// key was deleted again.
const ATTEMPTS: u32 = 3;

/// Creates, and again while another create takes the same key.
async fn create_again<T, Attempt>(
    connections: &ConnectionPool,
    work: WorkKind,
    attempt: impl Fn(Reservation) -> Attempt,
) -> Result<T, StoreError>
where
    T: Send + 'static,
    Attempt: Future<Output = Result<T, WorkError>> + Send + 'static,
{
    for _ in 1..ATTEMPTS {
        match run_to_completion(attempt(connections.reserve(work).await?)).await? {
            Err(WorkError::Conflict) => {}
            result => return result.map_err(WorkError::of_write),
        }
    }
    run_to_completion(attempt(connections.reserve(work).await?)).await?.map_err(WorkError::of_write)
}

impl PostgresStore {
    /// Runs a write at the time of the clock. Each of its statements has a timeout.
    async fn write<T, Work>(&self, work: Work) -> Result<T, StoreError>
    where
        T: Send + 'static,
        Work: for<'c> FnOnce(
                &'c mut AsyncPgConnection,
                DateTime<Utc>,
            ) -> BoxFuture<'c, Result<T, WorkError>>
            + Send
            + 'static,
    {
        self.migrated.check()?;
        let now = self.clock.now();
        let reservation = self.connections.reserve(WorkKind::Write(None)).await?;
        let write = async move {
            reservation.run(async |connection: &mut _| work(connection, now).await).await
        };
        run_to_completion(write).await?.map_err(WorkError::of_write)
    }
}

#[async_trait]
impl Repository for PostgresStore {
    async fn list_restaurants(
        &self,
        query: &RestaurantQuery,
    ) -> Result<RestaurantPage, StoreError> {
        self.migrated.check()?;
        let reservation = self.connections.reserve(WorkKind::of(query)).await?;
        let query = query.clone();
        let list = async move {
            reservation
                .run_in_time(async |connection: &mut _| read::list(connection, &query).await)
                .await
        };
        Ok(run_to_completion(list).await??)
    }

    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        self.migrated.check()?;
        let reservation = self.connections.reserve(WorkKind::Read).await?;
        let details = async move {
            let read = async |connection: &mut _| read::details(connection, id, reviews).await;
            reservation.run_in_time(read).await
        };
        Ok(run_to_completion(details).await??)
    }

    async fn create_restaurant(
        &self,
        restaurant: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        self.migrated.check()?;
        let now = self.clock.now();
        let key = key
            .map(|key| NewKeyRow::new(author, key, &Fingerprint::of_restaurant(&restaurant), now));
        let attempt = |reservation: Reservation| {
            let (new, author, key) = (restaurant.clone(), author.clone(), key.clone());
            async move {
                let create = async |connection: &mut _| {
                    write::restaurant(connection, &new, now, &author, key.as_ref()).await
                };
                reservation.run_in_time(create).await
            }
        };
        let answer = create_again(&self.connections, WorkKind::Write(None), attempt).await?;
        answer.into_restaurant(restaurant, now, author)
    }

    async fn create_review(
        &self,
        restaurant: RestaurantId,
        review: NewReview,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError> {
        self.migrated.check()?;
        let now = self.clock.now();
        let key = key.map(|key| {
            NewKeyRow::new(author, key, &Fingerprint::of_review(restaurant, &review), now)
        });
        let pending =
            PendingReview { restaurant, new: review.clone(), at: now, author: author.clone(), key };
        let answer = self.reviews.create(pending).await?;
        answer.map(|answer| answer.into_review(restaurant, review, now, author)).transpose()
    }

    async fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        self.migrated.check()?;
        match &self.snapshots {
            Some(snapshots) => snapshots.current().await,
            None => Ok(None),
        }
    }

    async fn activity(&self, query: ActivityQuery) -> Result<ActivityPage, StoreError> {
        self.migrated.check()?;
        let reservation = self.connections.reserve(WorkKind::Read).await?;
        let read = async move {
            let read = async |connection: &mut _| read::activity(connection, query).await;
            reservation.run_in_time(read).await
        };
        Ok(run_to_completion(read).await??)
    }

    async fn hide(&self, post: Post, moderator: &Author) -> Result<bool, StoreError> {
        let by = moderator.clone();
        self.write(move |connection, now| {
            async move { hidden::hide(connection, post, &by, now).await }.boxed()
        })
        .await
    }

    async fn restore(&self, post: Post, moderator: &Author) -> Result<bool, StoreError> {
        let by = moderator.clone();
        self.write(move |connection, now| {
            async move { hidden::restore(connection, post, &by, now).await }.boxed()
        })
        .await
    }

    async fn delete_own(
        &self,
        post: Post,
        author: &Author,
        within: TimeDelta,
    ) -> Result<(), DeleteError> {
        let by = author.clone();
        self.write(move |connection, now| {
            async move { hidden::delete_own(connection, post, &by, within, now).await }.boxed()
        })
        .await?
    }

    async fn count_retraction(&self, what: &Retraction) -> Result<RetractionCount, StoreError> {
        self.migrated.check()?;
        let (what, reservation) = (what.clone(), self.connections.reserve(WorkKind::Search).await?);
        let count = async move {
            reservation.run(async |connection: &mut _| hidden::count(connection, &what).await).await
        };
        Ok(run_to_completion(count).await??)
    }

    async fn retract(&self, what: &Retraction, by: &Author) -> Result<RetractionCount, StoreError> {
        let (what, by) = (what.clone(), by.clone());
        self.write(move |connection, now| {
            async move { hidden::retract(connection, &what, &by, now).await }.boxed()
        })
        .await
    }

    async fn restore_retracted(
        &self,
        what: &Retraction,
        by: &Author,
    ) -> Result<RetractionCount, StoreError> {
        let (what, by) = (what.clone(), by.clone());
        self.write(move |connection, now| {
            async move { hidden::restore_retracted(connection, &what, &by, now).await }.boxed()
        })
        .await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.migrated.check()?;
        let reservation = self.connections.reserve(WorkKind::Read).await?;
        let ping = async move {
            let ask = async |connection: &mut AsyncPgConnection| {
                Ok(connection.batch_execute("SELECT 1").await?)
            };
            reservation.run_in_time(ask).await
        };
        Ok(run_to_completion(ping).await??)
    }
}

#[async_trait]
impl Import for PostgresStore {
    async fn import(
        &self,
        restaurants: Vec<ImportRestaurant>,
        only_if_empty: bool,
    ) -> Result<bool, StoreError> {
        self.migrated.check()?;
        let reservation = self.connections.reserve(WorkKind::Write(None)).await?;
        let import = async move {
            let write = async |connection: &mut _| {
                write::import(connection, &restaurants, only_if_empty).await
            };
            reservation.run(write).await
        };
        Ok(run_to_completion(import).await??)
    }
}

#[async_trait]
impl Database for PostgresStore {
    async fn migrate(&self) -> Result<usize, StoreError> {
        let applied = migrations::run(self.connector.connect_in_time().await?).await?;
        self.migrated.set();
        Ok(applied)
    }

    async fn forget_activity(&self, before: DateTime<Utc>) -> Result<i64, StoreError> {
        self.write(move |connection, _| write::forget_activity(connection, before).boxed()).await
    }

    async fn grant_rows(&self, role: &DatabaseRole) -> Result<(), StoreError> {
        grants::grant(&self.connector, role).await
    }
}
