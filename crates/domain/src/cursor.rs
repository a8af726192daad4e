//! Cursors: positions in a list, opaque to clients and validated on return.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    Restaurant, RestaurantId, RestaurantSort, ReviewId, ValidationError, text::fold_key,
    validation::Problem,
};

/// The longest cursor that is looked at, in bytes; the longest of ours has 2,235.
const MAX_BYTES: usize = 2560;

/// The longest key by name, in bytes, whose cursor is not too long with any id.
const MAX_KEY_BYTES: usize = MAX_BYTES / 4 * 3 - "name:-9223372036854775808:".len();

/// A position in a list of restaurants: after the restaurant with this key and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestaurantCursor {
    /// What the order compares.
    pub key: SortKey,
    /// The id that decides between equal keys.
    pub id: RestaurantId,
}

/// The value that an order compares, at the cursor's position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    /// [`crate::RestaurantName::sort_key`], ascending.
    Name(String),
    /// [`crate::RatingSummary::sort_key`], descending.
    Rating(i64),
    /// The number of reviews, descending.
    Reviews(i64),
    /// Nothing but the id, descending: a later restaurant has a greater one.
    Newest,
}

impl RestaurantCursor {
    /// The field's name on the wire.
    pub const FIELD: &'static str = "cursor";

    /// The place after a restaurant in an order.
    #[must_use]
    pub fn after(sort: RestaurantSort, restaurant: &Restaurant) -> Self {
        let key = match sort {
            RestaurantSort::Name => SortKey::Name(restaurant.name.sort_key()),
            RestaurantSort::Rating => SortKey::Rating(restaurant.rating.sort_key()),
            RestaurantSort::Reviews => SortKey::Reviews(restaurant.rating.count),
            RestaurantSort::Newest => SortKey::Newest,
        };
        Self { key, id: restaurant.id }
    }

    /// The place in the order by name before every name that is not less than this text, without regard to case and
    /// accents.
    #[must_use]
    pub fn before_name(text: &str) -> Self {
        Self { key: SortKey::Name(fold_key(text)), id: RestaurantId(i64::MIN) }
    }

    /// The order that the cursor belongs to.
    #[must_use]
    pub fn sort(&self) -> RestaurantSort {
        match self.key {
            SortKey::Name(_) => RestaurantSort::Name,
            SortKey::Rating(_) => RestaurantSort::Rating,
            SortKey::Reviews(_) => RestaurantSort::Reviews,
            SortKey::Newest => RestaurantSort::Newest,
        }
    }

    fn from_parts(sort: &str, id: &str, key: &str) -> Option<Self> {
        let key = match sort.parse().ok()? {
            // A NUL would be an error in PostgreSQL; no name holds one. Folded, since a cursor of a version that folded
            // otherwise is to go on after the same name.
            RestaurantSort::Name => {
                let folded = (!key.chars().any(char::is_control)).then(|| fold_key(key))?;
                (folded.len() <= MAX_KEY_BYTES).then_some(SortKey::Name(folded))?
            }
            RestaurantSort::Rating => SortKey::Rating(key.parse().ok()?),
            RestaurantSort::Reviews => SortKey::Reviews(key.parse().ok()?),
            RestaurantSort::Newest => SortKey::Newest,
        };
        Some(Self { key, id: RestaurantId(id.parse().ok()?) })
    }
}

impl fmt::Display for RestaurantCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sort, id) = (self.sort(), self.id);
        let plain = match &self.key {
            SortKey::Name(name) => format!("{sort}:{id}:{name}"),
            SortKey::Rating(key) | SortKey::Reviews(key) => format!("{sort}:{id}:{key}"),
            SortKey::Newest => format!("{sort}:{id}:"),
        };
        f.write_str(&URL_SAFE_NO_PAD.encode(plain))
    }
}

impl FromStr for RestaurantCursor {
    type Err = ValidationError;

    fn from_str(cursor: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let plain = decode(cursor)?;
            let mut parts = plain.splitn(3, ':');
            Self::from_parts(parts.next()?, parts.next()?, parts.next()?)
        };
        parse().ok_or(ValidationError::new(Self::FIELD, Problem::InvalidCursor))
    }
}

/// A position in a list of reviews, newest first: after the review with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewCursor(pub ReviewId);

impl ReviewCursor {
    /// The field's name on the wire.
    pub const FIELD: &'static str = "cursor";
}

impl fmt::Display for ReviewCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("review:{}", self.0)))
    }
}

impl FromStr for ReviewCursor {
    type Err = ValidationError;

    fn from_str(cursor: &str) -> Result<Self, Self::Err> {
        let parse = || decode(cursor)?.strip_prefix("review:")?.parse().ok();
        parse()
            .map(|id| Self(ReviewId(id)))
            .ok_or(ValidationError::new(Self::FIELD, Problem::InvalidCursor))
    }
}

pub(crate) fn decode(cursor: &str) -> Option<String> {
    let bytes = (cursor.len() <= MAX_BYTES).then(|| URL_SAFE_NO_PAD.decode(cursor).ok())??;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::RestaurantName;

    fn key() -> impl Strategy<Value = SortKey> {
        prop_oneof![
            "\\PC{0,50}".prop_map(|name| SortKey::Name(fold_key(&name))),
            any::<i64>().prop_map(SortKey::Rating),
            any::<i64>().prop_map(SortKey::Reviews),
            Just(SortKey::Newest),
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_survives_the_way_out_and_back(key in key(), id in any::<i64>()) {
            let cursor = RestaurantCursor { key, id: RestaurantId(id) };
            prop_assert_eq!(cursor.to_string().parse::<RestaurantCursor>().unwrap(), cursor);
            let cursor = ReviewCursor(ReviewId(id));
            prop_assert_eq!(cursor.to_string().parse::<ReviewCursor>().unwrap(), cursor);
        }

        #[test]
        fn any_text_is_a_cursor_or_an_error(
            plain in ".*|(name|rating|reviews|newest|review):-?[0-9]{0,20}:?.{0,20}",
            encoded in any::<bool>(),
        ) {
            let text = if encoded { URL_SAFE_NO_PAD.encode(&plain) } else { plain };
            if let Ok(cursor) = text.parse::<RestaurantCursor>() {
                prop_assert_eq!(cursor.to_string().parse::<RestaurantCursor>().unwrap(), cursor);
            }
            if let Ok(cursor) = text.parse::<ReviewCursor>() {
                prop_assert_eq!(cursor.to_string().parse::<ReviewCursor>().unwrap(), cursor);
            }
        }
    }

    #[test]
    fn a_cursor_of_the_version_before_goes_on_after_the_same_name() {
        let before = URL_SAFE_NO_PAD.encode("name:7:élan straße");
        let key = SortKey::Name("elan strasse".to_owned());
        let cursor = RestaurantCursor { key, id: RestaurantId(7) };
        assert_eq!(before.parse::<RestaurantCursor>().unwrap(), cursor);
    }

    #[test]
    fn the_longest_cursor_is_taken_back() {
        // U+FDFA unfolds to more than any other character.
        let cursor = RestaurantCursor {
            key: SortKey::Name(RestaurantName::parse(&"\u{FDFA}".repeat(50)).unwrap().sort_key()),
            id: RestaurantId(i64::MIN),
        };
        assert_eq!(cursor.to_string().len(), 2235);
        assert_eq!(cursor.to_string().parse::<RestaurantCursor>().unwrap(), cursor);
    }

    #[test]
    fn a_key_that_no_cursor_could_hold_is_an_error() {
        let text = URL_SAFE_NO_PAD.encode(format!("name:1:{}", "\u{FDFA}".repeat(500)));
        assert!(text.len() < MAX_BYTES);
        text.parse::<RestaurantCursor>().unwrap_err();
        let key = SortKey::Name("a".repeat(MAX_KEY_BYTES));
        let longest = RestaurantCursor { key, id: RestaurantId(i64::MIN) };
        assert_eq!(longest.to_string().parse::<RestaurantCursor>().unwrap(), longest);
    }

    #[test]
    fn half_right_cursors_are_errors() {
        for plain in
            ["", "name", "name:1", "name:x:a", "rating:1:x", "size:1:1", "name:1:a\0b", "review:x"]
        {
            let text = URL_SAFE_NO_PAD.encode(plain);
            assert_eq!(
                text.parse::<RestaurantCursor>().unwrap_err().problem,
                Problem::InvalidCursor
            );
            text.parse::<ReviewCursor>().unwrap_err();
        }
        "A".repeat(MAX_BYTES + 1).parse::<RestaurantCursor>().unwrap_err();
    }
}
