//! Sample reviews by people and agents, to show how each is labelled.

use restaurant_domain::{
    AuditChannel, Author, ClientApplication, CreateError, NewReview, Repository, RestaurantQuery,
};

/// Each author, with the restaurant, the user name, the stars and the text of its review.
fn posts() -> [(Author, &'static str, &'static str, i64, &'static str); 3] {
    let tool = Some("create_review_mcp");
    let assistant = ClientApplication::new("sample-assistant", Some("Travel assistant"));
    let concierge = ClientApplication::new("sample-concierge", Some("Concierge"));
    [
        (
            Author::person("sample-ada", Some("Ada Sample")).through(AuditChannel::Page, None),
            "Garden of Herbs",
            "Ada",
            5,
            "The courtyard is lovely in the evening.",
        ),
        (
            Author::agent_for_person("sample-ben", Some("Ben Sample"))
                .with_client(assistant)
                .through(AuditChannel::Mcp, tool),
            "Sakura Counter",
            "Ben",
            4,
            "Worth the wait for a seat. Book a week ahead.",
        ),
        (
            Author::agent("sample-concierge", Some("Concierge"))
                .with_client(concierge)
                .with_blueprint(Some("sample-blueprint"))
                .through(AuditChannel::Mcp, tool),
            "Spice Route",
            "Concierge",
            4,
            "Guests whom we sent here praised the curries, and two found them too hot.",
        ),
    ]
}

/// Adds the reviews to the sample restaurants.
///
/// # Errors
/// When the store fails.
pub async fn add(repository: &dyn Repository) -> Result<(), CreateError> {
    let page = repository.list_restaurants(&RestaurantQuery::default()).await?;
    for (author, restaurant, user_name, stars, text) in posts() {
        let known = page.restaurants.iter().find(|known| known.name.as_str() == restaurant);
        let review = NewReview::draft().user_name(user_name).rating(stars).text(text).parse();
        if let (Some(known), Ok(review)) = (known, review) {
            repository.create_review(known.id, review, &author, None).await?;
        }
    }
    Ok(())
}
