//! The store in PostgreSQL.

mod connect;
mod derive;
mod keyed;
mod migrations;
mod pool;
mod read;
mod search;
mod tls;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use diesel_async::SimpleAsyncConnection;
use restaurant_domain::{
    Author, Clock, CreateError, Created, Fingerprint, IdempotencyKey, Import, ImportRestaurant,
    ListRestaurants, ListReviews, NewRestaurant, NewReview, Repository, Restaurant,
    RestaurantDetails, RestaurantId, RestaurantPage, Review, StoreError,
};

use self::{connect::Connector, pool::Connections};
use crate::{
    Database, Limits,
    database::Migrated,
    keys::{Answer, KeyRow},
    sign_in::PostgresOptions,
    url::Server,
};

/// Restaurants and reviews in a PostgreSQL database.
pub(crate) struct PostgresStore {
    connector: Connector,
    connections: Connections,
    clock: Arc<dyn Clock>,
    migrated: Migrated,
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
        let connections = Connections::new(connector.clone(), limits)?;
        Ok(Self { connector, connections, clock, migrated: Migrated::default() })
    }
}

#[async_trait]
impl Repository for PostgresStore {
    async fn list_restaurants(
        &self,
        query: &ListRestaurants,
    ) -> Result<RestaurantPage, StoreError> {
        self.migrated.check()?;
        self.connections.run_in_time(async |connection| read::list(connection, query).await).await
    }

    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ListReviews,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        self.migrated.check()?;
        let work = async |connection: &mut _| read::details(connection, id, reviews).await;
        self.connections.run_in_time(work).await
    }

    async fn create_restaurant(
        &self,
        restaurant: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        self.migrated.check()?;
        let now = self.clock.now();
        let new = &restaurant;
        let key = key.map(|key| KeyRow::new(author, key, &Fingerprint::of_restaurant(new), now));
        let key = key.as_ref();
        let work = || {
            async move |connection: &mut _| match key {
                None => Ok(Answer::New(write::restaurant(connection, new, now, author).await?)),
                Some(key) => keyed::restaurant(connection, new, now, author, key).await,
            }
        };
        let answer = self.connections.run_until_first(work).await?;
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
        let new = &review;
        let key =
            key.map(|key| KeyRow::new(author, key, &Fingerprint::of_review(restaurant, new), now));
        let key = key.as_ref();
        let work = || {
            async move |connection: &mut _| match key {
                None => {
                    let id = write::review(connection, restaurant, new, now, author).await?;
                    Ok(id.map(Answer::New))
                }
                Some(key) => keyed::review(connection, restaurant, new, now, author, key).await,
            }
        };
        let answer = self.connections.run_until_first(work).await?;
        answer.map(|answer| answer.into_review(restaurant, review, now, author)).transpose()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.migrated.check()?;
        let work = async |connection: &mut diesel_async::AsyncPgConnection| {
            Ok(connection.batch_execute("SELECT 1").await?)
        };
        self.connections.run_in_time(work).await
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
        let work =
            async |connection: &mut _| write::import(connection, &restaurants, only_if_empty).await;
        self.connections.run(work).await
    }
}

#[async_trait]
impl Database for PostgresStore {
    async fn migrate(&self) -> Result<usize, StoreError> {
        let applied = migrations::run(self.connector.connect_in_time().await?).await?;
        self.migrated.set();
        Ok(applied)
    }
}
