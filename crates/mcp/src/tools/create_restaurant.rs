//! `create_restaurant_mcp`: adds a restaurant.

use restaurant_domain::{Description, NewRestaurant, Permission, RestaurantName, StreetAddress};
use serde_json::Value;

use crate::{
    arguments::Arguments,
    output::RestaurantView,
    schema,
    tool::{Call, ToolEntry, structured},
    tool_error::ToolError,
};

const DESCRIPTION: &str = "Adds a restaurant and gives it with its new id. Use it only when the user asked for it, \
and after list_restaurants_mcp with a search has shown that the restaurant is not there yet: calling it twice adds it twice.";

pub(crate) fn entry() -> ToolEntry {
    let fields = [RestaurantName::FIELD, StreetAddress::FIELD, Description::FIELD];
    let input = schema::object(
        [
            (
                RestaurantName::FIELD,
                schema::text("What it is called, on one line.", RestaurantName::MAX_CHARS),
            ),
            (
                StreetAddress::FIELD,
                schema::text("Street and number, on one line.", StreetAddress::MAX_CHARS),
            ),
            (
                Description::FIELD,
                schema::text("What it is like; line breaks are allowed.", Description::MAX_CHARS),
            ),
        ],
        &fields,
    );
    ToolEntry::new("create_restaurant_mcp", Permission::Write, DESCRIPTION, input, |call| {
        Box::pin(run(call))
    })
    .titled("Add a restaurant")
    .answering(schema::output::<RestaurantView>())
}

async fn run(call: Call<'_>) -> Result<Value, ToolError> {
    let author = call.actor.may_write()?;
    let restaurant = call.repository.create_restaurant(input(&call)?, author).await?;
    structured(RestaurantView::from(&restaurant))
}

fn input(call: &Call<'_>) -> Result<NewRestaurant, ToolError> {
    let mut arguments = Arguments::new(call.arguments, call.known);
    let name = arguments.text(RestaurantName::FIELD);
    let street_address = arguments.text(StreetAddress::FIELD);
    let description = arguments.text(Description::FIELD);
    arguments.finish(NewRestaurant::parse(name, street_address, description))
}
