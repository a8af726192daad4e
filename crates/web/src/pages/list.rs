//! `GET /`: the restaurants, searched, ordered and paged.

use axum::{extract::State, response::Response};
use http::Uri;
use restaurant_domain::{
    Restaurant, RestaurantPage, RestaurantSort, SearchText, ValidationError, Validity,
};
use serde::Serialize;

use super::{
    list_input::{CARDS, ListInput, ListLink},
    take_back::{Done, Notice},
};
use crate::{
    access::Reader,
    app_state::AppState,
    error_page::PageError,
    fields::QueryFields,
    form::{self, SummaryLine, TextField},
    kept_pages::Address,
    page_context::PageContext,
    stars::Score,
    templates::Page,
    wording::{counted, grouped},
};

/// Shows the list; a search or an order that does not exist is shown again with what is wrong.
pub(crate) async fn list(
    State(state): State<AppState>,
    Reader(context): Reader,
    uri: Uri,
    QueryFields(mut fields): QueryFields,
) -> Result<Response, PageError> {
    let done = Done::parse(&fields.take(Done::FIELD)?);
    let input = ListInput::take(fields)?;
    let query = match input.parse() {
        Ok(query) => query,
        Err(errors) => return refused(&state, context, &input, &errors, done).await,
    };
    let repository = &state.repository;
    let address = Address::of(&uri, &context);
    let page = async {
        let (mut input, mut found) = (input, repository.list_restaurants(&query).await?);
        if !input.before.is_empty() && found.previous.is_none() {
            // What is left before is less than a page: the first page has more.
            input = input.at_start();
            let query = input.parse().map_err(|_| PageError::NotFound)?;
            found = repository.list_restaurants(&query).await?;
        }
        let mut page = ListPage::new(context, &input, &[], Some(&found));
        page.notice = done.map(|done| Notice::about(done, None, &page.context));
        Ok(Validity::Snapshot(page))
    };
    state.kept_page(address, page).await
}

/// What is wrong is left out: the reader sees a list, and what to change.
async fn refused(
    state: &AppState,
    context: PageContext,
    input: &ListInput,
    errors: &[ValidationError],
    done: Option<Done>,
) -> Result<Response, PageError> {
    let found = match input.without(errors).parse() {
        Ok(query) => Some(state.repository.list_restaurants(&query).await?),
        Err(_) => None,
    };
    let mut page = ListPage::new(context, input, errors, found.as_ref());
    page.notice = done.map(|done| Notice::about(done, None, &page.context));
    state.refused(&page)
}

/// What the template shows.
#[derive(PartialEq, Eq, Hash, Serialize)]
struct ListPage {
    context: PageContext,
    notice: Option<Notice>,
    errors: Vec<SummaryLine>,
    search: TextField,
    sorts: Vec<SortChoice>,
    /// The order that a search keeps; empty for the first of all orders.
    sort: String,
    sort_error: Option<String>,
    /// Whether a search narrows the list.
    searched: bool,
    /// The number of the page, from 1 on.
    page: u32,
    /// "25–48 of 1,234 restaurants"; `None` when there is nothing to show.
    count: Option<String>,
    /// What the links to the restaurants say of this list.
    link: Option<String>,
    cards: Vec<Card>,
    /// The query of the first page; `None` on it.
    first: Option<String>,
    /// The query of the page before; `None` where that is the first.
    previous: Option<String>,
    /// The query of the next page; `None` on the last.
    next: Option<String>,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "list.html";
}

impl ListPage {
    fn new(
        context: PageContext,
        input: &ListInput,
        errors: &[ValidationError],
        found: Option<&RestaurantPage>,
    ) -> Self {
        let next = found.and_then(|found| found.next.as_ref());
        Self {
            notice: None,
            context,
            errors: form::summary(errors),
            search: TextField::new(&SearchText::FIELD, &input.search, errors),
            sorts: SortChoice::all(input, errors),
            sort: input.without(errors).sort,
            sort_error: form::message_for(RestaurantSort::FIELD, errors),
            searched: !input.search.trim().is_empty(),
            page: input.without(errors).page,
            count: found.map(|found| count(found, input.without(errors).page)),
            link: ListLink::field(input, errors),
            cards: found.iter().flat_map(|found| &found.restaurants).map(Card::of).collect(),
            first: (input.page > 1).then(|| input.first(errors)),
            previous: found
                .and_then(|found| found.previous.as_ref())
                .and_then(|before| input.previous(before)),
            next: next.map(|cursor| input.next(errors, cursor)),
        }
    }
}

fn count(found: &RestaurantPage, page: u32) -> String {
    let all = counted(found.total.get(), "restaurant", "restaurants");
    let shown = i64::try_from(found.restaurants.len()).unwrap_or_default();
    if shown == found.total.get() || shown == 0 {
        return all;
    }
    let first = i64::from(page - 1) * i64::from(CARDS) + 1;
    let more = if found.total.is_exact() { "" } else { "more than " };
    format!("{}–{} of {more}{all}", grouped(first), grouped(first + shown - 1))
}

/// An order to choose.
#[derive(PartialEq, Eq, Hash, Serialize)]
struct SortChoice {
    label: &'static str,
    /// The query of the list in this order: empty, or from the question mark on.
    query: String,
    is_current: bool,
}

impl SortChoice {
    fn all(input: &ListInput, errors: &[ValidationError]) -> Vec<Self> {
        let current = input.without(errors).sort;
        let choice = |sort: RestaurantSort| Self {
            label: match sort {
                RestaurantSort::Name => "Name",
                RestaurantSort::Rating => "Best rated",
                RestaurantSort::Reviews => "Most reviewed",
                RestaurantSort::Newest => "Newest",
            },
            query: input.ordered(sort, errors),
            is_current: current == sort.as_str()
                || (current.is_empty() && sort == RestaurantSort::default()),
        };
        RestaurantSort::ALL.map(choice).into()
    }
}

/// A restaurant in the list.
#[derive(PartialEq, Eq, Hash, Serialize)]
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
            name: restaurant.name.as_str().to_owned(),
            street_address: restaurant.street_address.as_str().to_owned(),
            description: restaurant.description.as_str().to_owned(),
            score: Score::of(restaurant.rating),
        }
    }
}
