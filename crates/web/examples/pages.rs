//! Serves the pages over a store in memory with some data, to look at them: `cargo run -p restaurant-web --example pages [ADDRESS]`.

use std::{env, error::Error, sync::Arc};

use axum::Extension;
use chrono::TimeDelta;
use restaurant_domain::{
    Actor, Author, Clock, Import, ImportRestaurant, ImportReview, NewRestaurant, NewReview,
    Permissions, Repository, RestaurantId, SystemClock, ValidationErrors, testing::InMemoryStore,
};
use restaurant_web::{WebConfig, public_router, router};
use tokio::net::TcpListener;

const NAMES: [&str; 6] =
    ["Blue Door", "Café Ödman", "Harbour Grill", "Noodle Yard", "Osteria Sole", "Tres Hojas"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Arc::new(InMemoryStore::default());
    let restaurants = (0..45).map(restaurant).collect::<Result<_, _>>()?;
    store.import(restaurants, true).await?;
    for author in [Author::agent("1", Some("Dinner planner")), Author::person("2", Some("Ann"))] {
        let review = NewReview::draft()
            .user_name("Ann")
            .rating(4)
            .text("Small plates, big taste.\n\nBook ahead.")
            .parse()?;
        store.create_review(RestaurantId(1), review, &author, None).await?;
    }
    let actor = Actor::new(Author::anonymous(), Permissions::ALL);
    let config = WebConfig::default();
    let public = public_router(store.clone(), &config)?;
    let app = router(store, config)?.layer(Extension(actor)).merge(public);
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// The restaurant with a number: every sixth is unrated, the first has reviews for two pages.
fn restaurant(number: usize) -> Result<ImportRestaurant, ValidationErrors> {
    let name = format!("{} {}", NAMES[number % NAMES.len()], number + 1);
    let address = format!("{} Harbour Road", number * 7 + 1);
    let description = "Seasonal dishes from the market across the street.\nThe terrace is open until the first snow; inside there is a fire, and a long table for those who come alone.";
    let reviews = if number == 0 { 25 } else { number % NAMES.len() };
    Ok(ImportRestaurant {
        restaurant: NewRestaurant::draft()
            .name(name)
            .street_address(address)
            .description(description)
            .parse()?,
        created_at: SystemClock.now() - TimeDelta::days(40),
        reviews: (0..reviews)
            .map(|review| self::review(number + review))
            .collect::<Result<_, _>>()?,
    })
}

fn review(number: usize) -> Result<ImportReview, ValidationErrors> {
    let stars = i64::try_from(number % 5).unwrap_or_default() + 1;
    let text = "We came for the fish and stayed for the view. The bread alone is worth the walk up the hill, and nobody hurried us out.";
    Ok(ImportReview {
        review: NewReview::draft()
            .user_name(format!("Guest {number}"))
            .rating(stars)
            .text(text)
            .parse()?,
        created_at: SystemClock.now() - TimeDelta::hours(30),
    })
}
