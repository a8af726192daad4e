//! Where a reader is in the list of restaurants: the search, the order and the page, in an address.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use restaurant_domain::{
    PageLimit, RestaurantCursor, RestaurantQuery, RestaurantSort, SearchText, ValidationError,
};
use serde::Serialize;

use crate::{error_page::PageError, fields::Fields};

/// The restaurants on a page: rows of two, three or four cards are all full.
pub(super) const CARDS: u8 = 24;

/// The number of the page. It is shown, and selects nothing.
const PAGE: &str = "page";
/// The cursor before which a page ends.
const BEFORE: &str = "before";

/// The fields of the search form, as they came, and the place in the list.
#[derive(Clone)]
pub(super) struct ListInput {
    pub(super) search: String,
    pub(super) sort: String,
    pub(super) cursor: String,
    /// For a page that is read backwards, in place of the cursor.
    pub(super) before: String,
    /// From 1 on.
    pub(super) page: u32,
}

impl ListInput {
    pub(super) fn take(mut fields: Fields) -> Result<Self, PageError> {
        let cursor = fields.take(RestaurantCursor::FIELD)?;
        let before = fields.take(BEFORE)?;
        // The first page needs no number; another one that does not count is as good as any.
        let page = fields.take(PAGE)?.parse().unwrap_or(2_u32).max(2);
        Ok(Self {
            search: fields.take(SearchText::FIELD.name)?,
            sort: fields.take(RestaurantSort::FIELD)?,
            page: if cursor.is_empty() && before.is_empty() { 1 } else { page },
            cursor,
            before,
        })
    }

    pub(super) fn parse(&self) -> Result<RestaurantQuery, Vec<ValidationError>> {
        let search = SearchText::parse(&self.search);
        let sort = unless_empty(&self.sort).map_or(Ok(RestaurantSort::default()), str::parse);
        let is_back = !self.before.is_empty();
        let cursor = if is_back { &self.before } else { &self.cursor };
        let cursor = unless_empty(cursor).map(str::parse).transpose();
        let limit = PageLimit::new(CARDS.into()).unwrap_or_default();
        match (search, sort, cursor) {
            (Ok(search), Ok(sort), Ok(cursor)) => match cursor {
                Some(before) if is_back => {
                    RestaurantQuery::ending_before(search, sort, limit, before)
                }
                after => RestaurantQuery::new(search, sort, limit, after),
            }
            .map_err(|error| vec![error]),
            (search, sort, cursor) => {
                Err([search.err(), sort.err(), cursor.err()].into_iter().flatten().collect())
            }
        }
    }

    /// The list without the order and the place that do not exist. A search that cannot be made leaves no list.
    pub(super) fn without(&self, errors: &[ValidationError]) -> Self {
        if errors.is_empty() {
            return self.clone();
        }
        let is_wrong = errors.iter().any(|error| error.field == RestaurantSort::FIELD);
        let sort = if is_wrong { String::new() } else { self.sort.clone() };
        // A cursor belongs to its order.
        Self { sort, ..self.at_start() }
    }

    /// The first page of the same list.
    pub(super) fn at_start(&self) -> Self {
        Self { search: self.search.clone(), sort: self.sort.clone(), ..Self::start() }
    }

    /// The first page of all restaurants.
    fn start() -> Self {
        Self {
            search: String::new(),
            sort: String::new(),
            cursor: String::new(),
            before: String::new(),
            page: 1,
        }
    }

    /// The query of the address of the first page.
    pub(super) fn first(&self, errors: &[ValidationError]) -> String {
        self.query(errors, "", "", 1)
    }

    /// The query of the address of the page from a place on.
    pub(super) fn next(&self, errors: &[ValidationError], cursor: &RestaurantCursor) -> String {
        let page = self.without(errors).page.saturating_add(1);
        self.query(errors, &cursor.to_string(), "", page)
    }

    /// The query of the address of the page before a place; `None` where that is the first page.
    pub(super) fn previous(&self, before: &RestaurantCursor) -> Option<String> {
        (self.page > 2).then(|| self.query(&[], "", &before.to_string(), self.page - 1))
    }

    /// The query of the address of this page.
    fn here(&self, errors: &[ValidationError]) -> String {
        self.query(errors, &self.cursor, &self.before, self.page)
    }

    /// The query of the address of the first page in an order: empty, or from the question mark on.
    pub(super) fn ordered(&self, sort: RestaurantSort, errors: &[ValidationError]) -> String {
        let is_default = sort == RestaurantSort::default();
        let sort = if is_default { String::new() } else { sort.to_string() };
        let list = Self { sort, ..self.without(errors) };
        let is_wrong = errors.iter().any(|error| error.field == SearchText::FIELD.name);
        let search = if is_wrong { String::new() } else { list.search };
        let query = Self { search, ..list }.query(&[], "", "", 1);
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// What is wrong is left out, so the address is a good one.
    fn query(&self, errors: &[ValidationError], cursor: &str, before: &str, page: u32) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let fields = [
            (SearchText::FIELD.name, self.search.trim()),
            (RestaurantSort::FIELD, self.sort.as_str()),
            (RestaurantCursor::FIELD, cursor),
            (BEFORE, before),
            (PAGE, &page),
        ];
        let pairs: Vec<_> = fields
            .into_iter()
            .filter(|(name, value)| {
                !value.is_empty()
                    && (*name == RestaurantCursor::FIELD
                        || errors.iter().all(|error| error.field != *name))
            })
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        pairs.join("&")
    }
}

fn unless_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn encoded(value: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(value, NON_ALPHANUMERIC)
}

/// The list that a reader came from, on the page of a restaurant.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(super) struct ListLink {
    /// The query of its address: our own words, whatever the reader's address held.
    query: String,
    /// "“fish”, page 2"
    text: String,
}

impl ListLink {
    /// The field's name on the wire.
    pub(super) const FIELD: &'static str = "list";

    /// The value of the field for a list, encoded; `None` for the first page of all restaurants.
    pub(super) fn field(input: &ListInput, errors: &[ValidationError]) -> Option<String> {
        let query = input.without(errors).here(errors);
        unless_empty(&query).map(|query| encoded(query).to_string())
    }

    /// The value of the field for this list, encoded.
    pub(super) fn encoded(&self) -> impl std::fmt::Display + '_ {
        encoded(&self.query)
    }

    /// The list of such a value; `None` for what names none, whatever it holds.
    pub(super) fn parse(raw: &str) -> Option<Self> {
        let input = ListInput::take(Fields::parse(raw.as_bytes())).ok()?;
        input.parse().ok()?;
        let query = input.here(&[]);
        let search = unless_empty(input.search.trim());
        let list = search.map_or("All restaurants".to_owned(), |search| format!("“{search}”"));
        let text = match input.page {
            1 => list,
            page => format!("{list}, page {page}"),
        };
        unless_empty(&query).map(|query| Self { query: query.to_owned(), text })
    }
}
