//! Restaurants by what people call them: completion of a name, and the way from a name to the restaurant.

use restaurant_domain::{
    PageLimit, Repository, Restaurant, RestaurantCursor, RestaurantDetails, RestaurantId,
    RestaurantName, RestaurantQuery, RestaurantSort, ReviewQuery, SearchText, StoreError,
};

use crate::{
    argument::{Argument, unresolved},
    request_error::RequestError,
};

/// The maximum number of offered restaurants; the protocol's own limit is 100.
const OFFERED: u8 = 50;
/// The number of restaurants of the same name that are distinguished.
const NAMESAKES: u8 = 10;

/// The restaurants that match, and whether there are more.
pub(crate) struct Offers {
    /// The restaurants: those whose names begin with what was typed, then those that hold it elsewhere.
    pub(crate) restaurants: Vec<Restaurant>,
    /// Whether there are more.
    pub(crate) more: bool,
}

/// The restaurants whose names begin with a text or contain it.
///
/// # Errors
/// When the store fails.
pub(crate) async fn complete(
    repository: &dyn Repository,
    typed: &str,
) -> Result<Offers, StoreError> {
    // What no search could be made of is in no name.
    let Ok(search) = SearchText::parse(typed) else {
        return Ok(Offers { restaurants: Vec::new(), more: false });
    };
    let beginning = search.as_ref().map_or("", SearchText::as_key);
    let mut offers = beginning_with(repository, beginning, OFFERED).await?;
    if search.is_none() || offers.more {
        return Ok(offers);
    }
    let query = RestaurantQuery::new(search.clone(), RestaurantSort::Name, limit(OFFERED), None);
    let page = repository.list_restaurants(&query.unwrap_or_default()).await?;
    let held = page.restaurants.into_iter().filter(|restaurant| {
        let key = restaurant.name.sort_key();
        search.as_ref().is_none_or(|search| search.is_in(&key)) && !key.starts_with(beginning)
    });
    offers.restaurants.extend(held);
    offers.more = page.next.is_some() || offers.restaurants.len() > OFFERED.into();
    offers.restaurants.truncate(OFFERED.into());
    Ok(offers)
}

/// The restaurants whose names begin with a folded text, by name. The cost does not depend on how many others there are.
async fn beginning_with(
    repository: &dyn Repository,
    beginning: &str,
    rows: u8,
) -> Result<Offers, StoreError> {
    let from = RestaurantCursor::before_name(beginning);
    let query = RestaurantQuery::new(None, RestaurantSort::Name, limit(rows), Some(from));
    let page = repository.list_restaurants(&query.unwrap_or_default()).await?;
    let begins = |restaurant: &Restaurant| restaurant.name.sort_key().starts_with(beginning);
    let more = page.next.is_some() && page.restaurants.iter().all(begins);
    let restaurants = page.restaurants.into_iter().take_while(begins).collect();
    Ok(Offers { restaurants, more })
}

fn limit(rows: u8) -> PageLimit {
    PageLimit::new(rows.into()).unwrap_or_default()
}

/// The restaurant that an argument names: by its very name, by its name without regard to case and accents, or by its id.
///
/// # Errors
/// When there is none, when there are several of the name, or when the store fails.
pub(crate) async fn find(
    repository: &dyn Repository,
    argument: &Argument,
    named: &RestaurantName,
    reviews: ReviewQuery,
) -> Result<RestaurantDetails, RequestError> {
    let key = named.sort_key();
    let mut namesakes = beginning_with(repository, &key, NAMESAKES).await?.restaurants;
    namesakes.retain(|restaurant| restaurant.name.sort_key() == key);
    if namesakes.iter().filter(|restaurant| restaurant.name == *named).count() == 1 {
        namesakes.retain(|restaurant| restaurant.name == *named);
    }
    let id = match namesakes.as_slice() {
        [one] => Some(one.id),
        [] => named.as_str().parse().ok().map(RestaurantId),
        several => return Err(ambiguous(argument, several)),
    };
    let details = match id {
        Some(id) => repository.restaurant_details(id, reviews).await?,
        None => None,
    };
    details.ok_or_else(|| {
        let problem = "is no restaurant's name or id: call list_restaurants_mcp, and give the id of a restaurant that it returns";
        RequestError::InvalidArguments(vec![unresolved(argument, "not_found", problem)])
    })
}

fn ambiguous(argument: &Argument, several: &[Restaurant]) -> RequestError {
    let ids: Vec<_> = several.iter().map(|restaurant| restaurant.id.to_string()).collect();
    let problem =
        format!("is the name of several restaurants: give the id of one: {}", ids.join(", "));
    RequestError::InvalidArguments(vec![unresolved(argument, "ambiguous", &problem)])
}
