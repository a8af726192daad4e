//! `GET /`: the restaurants, searched, ordered and paged.

use axum::{extract::State, response::Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use restaurant_domain::{
    PageLimit, Restaurant, RestaurantCursor, RestaurantPage, RestaurantQuery, RestaurantSort,
    SearchText, ValidationError,
};
use serde::Serialize;

use crate::{
    access::Reader,
    app_state::AppState,
    error_page::PageError,
    fields::{Fields, QueryFields},
    form::{self, SummaryLine, TextField},
    page_context::PageContext,
    stars::Score,
    templates::Page,
    wording::{counted, grouped},
};

/// Shows the list; a search or an order that does not exist is shown again with what is wrong.
pub(crate) async fn list(
    State(state): State<AppState>,
    reader: Reader,
    QueryFields(fields): QueryFields,
) -> Result<Response, PageError> {
    let input = Input::take(fields)?;
    match input.parse() {
        Ok(query) => {
            let found = state.repository.list_restaurants(&query).await?;
            state.page(&ListPage::new(reader.0, &input, &[], Some(&found)))
        }
        Err(errors) => state.refused(&ListPage::new(reader.0, &input, &errors, None)),
    }
}

/// The fields of the search form, as they came, and the place in the list.
struct Input {
    search: String,
    sort: String,
    cursor: String,
}

impl Input {
    fn take(mut fields: Fields) -> Result<Self, PageError> {
        Ok(Self {
            search: fields.take(SearchText::FIELD.name)?,
            sort: fields.take(RestaurantSort::FIELD)?,
            cursor: fields.take(RestaurantCursor::FIELD)?,
        })
    }

    fn parse(&self) -> Result<RestaurantQuery, Vec<ValidationError>> {
        let search = SearchText::parse(&self.search);
        let sort = unless_empty(&self.sort).map_or(Ok(RestaurantSort::default()), str::parse);
        let cursor = unless_empty(&self.cursor).map(str::parse).transpose();
        match (search, sort, cursor) {
            (Ok(search), Ok(sort), Ok(cursor)) => {
                RestaurantQuery::new(search, sort, PageLimit::default(), cursor)
                    .map_err(|error| vec![error])
            }
            (search, sort, cursor) => {
                Err([search.err(), sort.err(), cursor.err()].into_iter().flatten().collect())
            }
        }
    }

    /// The query of the address that shows this search and order from a place on; without one, from the beginning.
    /// What is wrong is left out, so the address is a good one.
    fn query(&self, errors: &[ValidationError], cursor: Option<&RestaurantCursor>) -> String {
        let cursor = cursor.map(ToString::to_string);
        let fields = [
            (SearchText::FIELD.name, Some(self.search.trim())),
            (RestaurantSort::FIELD, Some(self.sort.as_str())),
            (RestaurantCursor::FIELD, cursor.as_deref()),
        ];
        let pairs: Vec<_> = fields
            .into_iter()
            .filter(|(name, _)| errors.iter().all(|error| error.field != *name))
            .filter_map(|(name, value)| Some((name, unless_empty(value?)?)))
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        pairs.join("&")
    }
}

fn unless_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// What the template shows.
#[derive(Serialize)]
struct ListPage {
    context: PageContext,
    errors: Vec<SummaryLine>,
    search: TextField,
    sorts: Vec<SortChoice>,
    sort_error: Option<String>,
    /// Whether a search narrows the list.
    searched: bool,
    /// "Showing 20 of 1,234 restaurants"; `None` when the question was refused.
    count: Option<String>,
    cards: Vec<Card>,
    /// The query of the first page; `None` on it.
    first: Option<String>,
    /// The query of the next page; `None` on the last.
    next: Option<String>,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "list.html";
}

impl ListPage {
    fn new(
        context: PageContext,
        input: &Input,
        errors: &[ValidationError],
        found: Option<&RestaurantPage>,
    ) -> Self {
        let next = found.and_then(|found| found.next.as_ref());
        Self {
            context,
            errors: form::summary(errors),
            search: TextField::new(&SearchText::FIELD, &input.search, errors),
            sorts: SortChoice::all(&input.sort),
            sort_error: form::message_for(RestaurantSort::FIELD, errors),
            searched: !input.search.trim().is_empty(),
            count: found.map(count),
            cards: found
                .map_or_else(Vec::new, |found| found.restaurants.iter().map(Card::of).collect()),
            first: unless_empty(&input.cursor).map(|_| input.query(errors, None)),
            next: next.map(|cursor| input.query(errors, Some(cursor))),
        }
    }
}

fn count(found: &RestaurantPage) -> String {
    let all = counted(found.total.get(), "restaurant", "restaurants");
    match i64::try_from(found.restaurants.len()) {
        Ok(shown) if !found.total.is_exact() => {
            format!("Showing {} of more than {all}", grouped(shown))
        }
        Ok(shown) if shown < found.total.get() => format!("Showing {} of {all}", grouped(shown)),
        _ => all,
    }
}

/// An order to choose.
#[derive(Serialize)]
struct SortChoice {
    value: &'static str,
    label: &'static str,
    selected: bool,
}

impl SortChoice {
    fn all(typed: &str) -> Vec<Self> {
        let choice = |sort: RestaurantSort| Self {
            value: sort.as_str(),
            label: match sort {
                RestaurantSort::Name => "Name",
                RestaurantSort::Rating => "Best rated",
                RestaurantSort::Reviews => "Most reviewed",
                RestaurantSort::Newest => "Newest",
            },
            selected: sort.as_str() == typed,
        };
        RestaurantSort::ALL.map(choice).into()
    }
}

/// A restaurant in the list.
#[derive(Serialize)]
struct Card {
    id: i64,
    name: String,
    street_address: String,
    description: String,
    score: Score,
}

impl Card {
    fn of(restaurant: &Restaurant) -> Self {
        Self {
            id: restaurant.id.0,
            name: restaurant.name.to_string(),
            street_address: restaurant.street_address.to_string(),
            description: restaurant.description.to_string(),
            score: Score::of(restaurant.rating),
        }
    }
}
