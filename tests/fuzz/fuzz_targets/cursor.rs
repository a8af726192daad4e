//! The cursors of lists: as they are sent, and their plain text.

#![no_main]

use std::{fmt::Debug, fmt::Display, str::FromStr, sync::Arc, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use restaurant_domain::{
    ActivityCursor, Author, NewRestaurant, PageLimit, Repository, RestaurantCursor,
    RestaurantQuery, ReviewCursor, SystemClock, testing::InMemoryStore,
};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());
static STORE: LazyLock<InMemoryStore> = LazyLock::new(|| {
    let store = InMemoryStore::new(Arc::new(SystemClock));
    for name in ["Äpfel", "Blue Door", "Zum Löwen"] {
        let draft = NewRestaurant::draft().name(name).street_address("1 Harbour Road");
        let new = draft.description("Fish.").parse().unwrap();
        RUNTIME.block_on(store.create_restaurant(new, &Author::anonymous(), None)).unwrap();
    }
    store
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else { return };
    for cursor in [text.to_owned(), URL_SAFE_NO_PAD.encode(text)] {
        read::<ReviewCursor>(&cursor);
        read::<ActivityCursor>(&cursor);
        let Some(after) = read::<RestaurantCursor>(&cursor) else { continue };
        let sort = after.sort();
        let query = RestaurantQuery::new(None, sort, PageLimit::default(), Some(after)).unwrap();
        let page = RUNTIME.block_on(STORE.list_restaurants(&query)).unwrap();
        assert!(page.restaurants.len() <= 3);
    }
});

/// An accepted cursor is written as one that means the same.
fn read<C: FromStr + Display + Debug + PartialEq>(text: &str) -> Option<C> {
    let cursor: C = text.parse().ok()?;
    assert!(cursor.to_string().parse::<C>().ok().as_ref() == Some(&cursor), "{cursor:?}");
    Some(cursor)
}
