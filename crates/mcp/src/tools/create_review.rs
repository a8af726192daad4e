//! `create_review_mcp`: writes a review.

use restaurant_domain::{
    NewReview, Permission, Problem, Rating, RestaurantId, ReviewText, UserName, ValidationError,
};
use serde_json::Value;

use crate::{
    arguments::Arguments,
    output::ReviewView,
    schema,
    tool::{Call, ToolEntry, structured},
    tool_error::ToolError,
};

const DESCRIPTION: &str = "Writes a review of a restaurant and gives it with its new id. Use it only when the user asked for it \
and said what to write; never invent an experience. Take the restaurant's id from list_restaurants_mcp. \
Reviews cannot be changed or taken back, and calling it twice writes two.";

pub(crate) fn entry() -> ToolEntry {
    let fields = [RestaurantId::FIELD, UserName::FIELD, Rating::FIELD, ReviewText::FIELD];
    let input = schema::object(
        [
            (RestaurantId::FIELD, schema::id("The restaurant's id, from list_restaurants_mcp.")),
            (
                UserName::FIELD,
                schema::text("The reviewer's name as it shall be shown.", UserName::MAX_CHARS),
            ),
            (
                Rating::FIELD,
                schema::integer(
                    "Stars: 1 (worst) to 5 (best).",
                    Rating::MIN.into(),
                    Rating::MAX.into(),
                ),
            ),
            (
                ReviewText::FIELD,
                schema::text("The review; line breaks are allowed.", ReviewText::MAX_CHARS),
            ),
        ],
        &fields,
    );
    ToolEntry::new("create_review_mcp", Permission::Write, DESCRIPTION, input, |call| {
        Box::pin(run(call))
    })
    .titled("Write a review")
    .answering(schema::output::<ReviewView>())
}

async fn run(call: Call<'_>) -> Result<Value, ToolError> {
    let author = call.actor.may_write()?;
    let (restaurant, review) = input(&call)?;
    let review = call.repository.create_review(restaurant, review, author).await?;
    structured(ReviewView::from(&review.ok_or(ToolError::NoSuchRestaurant(restaurant))?))
}

fn input(call: &Call<'_>) -> Result<(RestaurantId, NewReview), ToolError> {
    let mut arguments = Arguments::new(call.arguments, call.known);
    let restaurant = RestaurantId(arguments.integer(RestaurantId::FIELD).unwrap_or_default());
    let user_name = arguments.text(UserName::FIELD);
    let rating = match arguments.integer(Rating::FIELD) {
        Some(stars) => Rating::new(stars),
        None => Err(ValidationError::new(Rating::FIELD, Problem::Missing)),
    };
    let text = arguments.text(ReviewText::FIELD);
    let review = NewReview::parse(user_name, rating, text);
    arguments.finish(review.map(|review| (restaurant, review)))
}
