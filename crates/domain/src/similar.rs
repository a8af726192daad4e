//! Restaurants that look like one to add.

use crate::{
    NewRestaurant, PageLimit, Repository, Restaurant, RestaurantQuery, RestaurantSort, SearchText,
    StoreError, text::fold,
};

/// A part of a name as short as this is in too many names to say anything.
const MIN_COMMON: usize = 4;

/// Finds the restaurants that are probably the same as a new one: at the same address, with the same name or a longer or
/// shorter form of it, without regard to case, accents, blanks and punctuation. It looks at no more than 100 restaurants that have
/// the words of the address.
///
/// # Errors
/// When the store fails.
pub async fn similar_restaurants(
    repository: &(impl Repository + ?Sized),
    new: &NewRestaurant,
) -> Result<Vec<Restaurant>, StoreError> {
    // Between words there may be other punctuation, or none.
    let words = new.street_address.as_str().replace(|c: char| !c.is_alphanumeric(), " ");
    let Ok(Some(address)) = SearchText::parse(&words) else {
        return Ok(Vec::new());
    };
    let limit = PageLimit::new(PageLimit::MAX.into()).unwrap_or_default();
    let query = RestaurantQuery::new(Some(address), RestaurantSort::Name, limit, None);
    let query = query.map_err(StoreError::failed)?;
    let found = repository.list_restaurants(&query).await?.restaurants;
    Ok(found.into_iter().filter(|known| is_similar(new, known)).collect())
}

fn is_similar(new: &NewRestaurant, known: &Restaurant) -> bool {
    let (name, other) = (letters(new.name.as_str()), letters(known.name.as_str()));
    let is_part =
        |part: &str, whole: &str| part.chars().count() >= MIN_COMMON && whole.contains(part);
    let is_name = name == other || is_part(&name, &other) || is_part(&other, &name);
    is_name && letters(new.street_address.as_str()) == letters(known.street_address.as_str())
}

/// The letters and digits of a text, folded.
fn letters(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Author, testing::InMemoryStore};

    fn new(name: &str, address: &str) -> NewRestaurant {
        let draft = NewRestaurant::draft().name(name).street_address(address);
        draft.description("Fish").parse().unwrap()
    }

    #[tokio::test]
    async fn the_same_restaurant_is_found_however_it_is_written() {
        let store = InMemoryStore::default();
        for (name, address) in [("Café Blue Door", "1, Harbour Road"), ("Ox", "2 Quay")] {
            let author = Author::anonymous();
            store.create_restaurant(new(name, address), &author, None).await.unwrap();
        }
        for (name, address, expected) in [
            ("cafe blue-door", "1, Harbour  road", 1),
            ("The Café Blue Door", "1 harbour road.", 1),
            ("Blue Door", "1, Harbour Road", 1),
            ("Red Door", "1, Harbour Road", 0),
            ("Café Blue Door", "11, Harbour Road", 0),
            ("Oxford", "2 Quay", 0),
            ("ox", "2 quay", 1),
        ] {
            let found = similar_restaurants(&store, &new(name, address)).await.unwrap();
            assert_eq!(found.len(), expected, "{name}, {address}");
        }
    }
}
