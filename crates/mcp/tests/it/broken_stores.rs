//! Stores that fail: the caller learns what to do and nothing of the inside; the server lives on.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use restaurant_domain::{
    Author, ListRestaurants, ListReviews, NewRestaurant, NewReview, Repository, Restaurant,
    RestaurantDetails, RestaurantId, RestaurantPage, Review, StoreError,
};
use restaurant_mcp::McpAdapter;
use serde_json::json;

use crate::endpoint::{error, result, serve};

/// Each method fails in a way of its own.
struct BrokenStore;

#[async_trait]
impl Repository for BrokenStore {
    async fn list_restaurants(&self, _: &ListRestaurants) -> Result<RestaurantPage, StoreError> {
        Err(StoreError::unavailable("connection to 10.1.2.3 refused"))
    }

    async fn restaurant_details(
        &self,
        _: RestaurantId,
        _: ListReviews,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        panic!("a secret of the store")
    }

    async fn create_restaurant(
        &self,
        _: NewRestaurant,
        _: &Author,
    ) -> Result<Restaurant, StoreError> {
        Err(StoreError::failed("relation \"restaurants\" does not exist"))
    }

    async fn create_review(
        &self,
        _: RestaurantId,
        _: NewReview,
        _: &Author,
    ) -> Result<Option<Review>, StoreError> {
        std::future::pending().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_store_that_fails_panics_or_hangs_gives_an_error_and_the_server_lives() {
    let adapter = McpAdapter::new(Arc::new(BrokenStore)).call_timeout(Duration::from_millis(50));
    let url = serve(adapter).await;
    let restaurant = json!({"restaurant_name": "A", "street_address": "B", "description": "C"});
    let review = json!({"restaurant_id": 1, "user_name": "A", "rating": 1, "review_text": "B"});
    for (tool, arguments, code) in [
        ("list_restaurants_mcp", json!({}), "unavailable"),
        ("get_details_mcp", json!({"restaurant_id": 1}), "internal"),
        ("create_restaurant_mcp", restaurant, "internal"),
        ("create_review_mcp", review, "timed_out"),
    ] {
        let error = error(&url, tool, arguments).await;
        assert_eq!(error["code"], code, "{tool}: {error}");
        let text = error.to_string();
        for secret in ["10.1.2.3", "relation", "secret"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert_eq!(result(&url, "tools/list", json!({})).await["tools"].as_array().unwrap().len(), 4);
}
