//! Sample data: a dozen hand-written restaurants for a first look, and any number of generated ones for load.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use restaurant_domain::{
    ImportRestaurant, ImportReview, NewRestaurant, NewReview, ValidationErrors,
};

/// A hand-written restaurant: name, street address, description, and its reviews as user name, stars, text.
type Sample =
    (&'static str, &'static str, &'static str, &'static [(&'static str, i64, &'static str)]);

const SAMPLES: [Sample; 12] = [
    (
        "The Blue Door",
        "1 Harbour Road",
        "Fish from the morning's boats, simply grilled. Twelve tables and a view of the quay.",
        &[
            ("Ines", 5, "The sea bass was the best I have had in years. Book a window table."),
            ("Tom", 4, "Lovely food, friendly people. A little loud when it is full."),
            ("Maren", 5, "We came for lunch and stayed until four."),
        ],
    ),
    (
        "Noodle & Thread",
        "27 Weaver Street",
        "Hand-pulled noodles and dumplings in a former tailor's shop.",
        &[
            ("Kofi", 5, "The cumin lamb noodles!\nI dream of them."),
            ("Lea", 4, "Fast, warm, cheap. Bring cash for the tip."),
            ("Ravi", 3, "Good noodles, but the broth was too salty for me."),
            ("Ana", 5, "Watching them pull the noodles is half the fun."),
        ],
    ),
    (
        "Garden of Herbs",
        "8 Mill Lane",
        "Vegetarian kitchen with its own garden; the menu changes with what grows.",
        &[
            ("Sofia", 5, "Everything tasted of summer."),
            ("Ben", 4, "Small portions, big flavours."),
        ],
    ),
    (
        "Casa Limón",
        "112 Market Square",
        "Tapas, vermouth and a long bar. Children welcome until nine.",
        &[
            ("Marta", 4, "Excellent croquetas. The patatas bravas were a bit tame."),
            ("Jonas", 2, "We waited forty minutes for the bill."),
            ("Yuki", 5, "The tortilla alone is worth the trip."),
        ],
    ),
    (
        "Smoke Station",
        "5 Platform Way",
        "Slow-smoked brisket and ribs in the old goods station.",
        &[
            ("Pete", 5, "Brisket like in Texas, and I am from Texas."),
            ("Claire", 3, "Great meat, tired side dishes."),
        ],
    ),
    (
        "Trattoria Da Nonna",
        "33 Church Hill",
        "Fresh pasta, Roman classics and house wine by the carafe.",
        &[
            ("Giulia", 5, "Cacio e pepe as it should be. Brava!"),
            ("Sam", 4, "Cosy and honest. No pretence, no foam."),
            ("Elif", 4, "The tiramisu was gone by eight: order it first."),
        ],
    ),
    (
        "Spice Route",
        "70 Canal Street",
        "Curries from Kerala to Kashmir, ground and roasted each morning.",
        &[
            ("Dev", 4, "Proper heat if you ask for it."),
            ("Hannah", 5, "The fish moilee is a poem."),
        ],
    ),
    (
        "Bistro Quai 9",
        "9 Riverside",
        "French bistro cooking: onion soup, duck, and a short wine list chosen with care.",
        &[
            ("Luc", 3, "Good duck, indifferent service."),
            ("Emma", 4, "The onion soup cured my cold."),
        ],
    ),
    (
        "Sakura Counter",
        "14 Lantern Alley",
        "Ten seats, one chef, whatever the market had.",
        &[("Noor", 5, "Quiet, precise, unforgettable.")],
    ),
    (
        "Morning Glory",
        "2 Baker's Row",
        "Breakfast all day: sourdough, eggs in every way, and strong coffee.",
        &[
            ("Oskar", 4, "Best flat white in the street."),
            ("Priya", 4, "The shakshuka is generous and just spicy enough."),
            ("Will", 1, "Closed early without a note on the door."),
        ],
    ),
    (
        "El Fogón",
        "51 Hillside Avenue",
        "Argentine grill: empanadas, steaks over wood, chimichurri by the jar.",
        &[
            ("Carlos", 5, "Ask for the entraña."),
            ("Mia", 4, "Even the vegetables come smoky and sweet from the grill."),
        ],
    ),
    (
        "The Quiet Spoon",
        "88 Library Lane",
        "New. Soups, stews and fresh bread among secondhand books.",
        &[],
    ),
];

/// The hand-written restaurants, the last review written an hour before `now`.
///
/// # Errors
/// When a text breaks the domain's limits, which a test rules out.
pub fn restaurants(now: DateTime<Utc>) -> Result<Vec<ImportRestaurant>, ValidationErrors> {
    let restaurants = SAMPLES.iter().zip(1..).map(|((name, street, description, reviews), age)| {
        let created_at = now - TimeDelta::days(90 - age);
        let reviews = reviews.iter().zip(1..).map(|((user_name, stars, text), number)| {
            let created_at =
                created_at + TimeDelta::days(7 * number) + TimeDelta::hours(number + age);
            let review =
                NewReview::draft().user_name(user_name).rating(*stars).text(text).parse()?;
            Ok::<_, ValidationErrors>(ImportReview { review, created_at })
        });
        let restaurant = NewRestaurant::draft()
            .name(name)
            .street_address(street)
            .description(description)
            .parse()?;
        Ok(ImportRestaurant { restaurant, created_at, reviews: reviews.collect::<Result<_, _>>()? })
    });
    restaurants.collect()
}

/// Generated restaurants with these numbers, each with so many reviews. The same numbers give the same texts.
///
/// # Errors
/// When a text breaks the domain's limits, which a test rules out.
pub fn generated(
    numbers: Range<u32>,
    reviews: u32,
    now: DateTime<Utc>,
) -> Result<Vec<ImportRestaurant>, ValidationErrors> {
    numbers
        .map(|number| {
            let (_, _, description, _) = pick(&SAMPLES, number);
            let restaurant = NewRestaurant::draft()
                .name(format!(
                    "{} {} {number}",
                    pick(&ADJECTIVES, number / 7),
                    pick(&NOUNS, number)
                ))
                .street_address(format!("{} {}", number % 200 + 1, pick(&STREETS, number / 3)))
                .description(description)
                .parse()?;
            let reviews = (0..reviews).map(|index| generated_review(number, index, now));
            let created_at = now - TimeDelta::days(365);
            Ok(ImportRestaurant {
                restaurant,
                created_at,
                reviews: reviews.collect::<Result<_, _>>()?,
            })
        })
        .collect()
}

fn generated_review(
    restaurant: u32,
    index: u32,
    now: DateTime<Utc>,
) -> Result<ImportReview, ValidationErrors> {
    // A multiplicative hash spreads the stars without a source of chance.
    let spread = restaurant.wrapping_add(index).wrapping_mul(2_654_435_761) >> 16;
    let (_, _, _, written) = pick(&SAMPLES, spread % 11);
    let (user_name, stars, text) = pick(written, spread);
    let stars = (*stars + i64::from(spread % 3) - 1).clamp(1, 5);
    let review = NewReview::draft().user_name(user_name).rating(stars).text(text).parse()?;
    let created_at = now - TimeDelta::days(364) + TimeDelta::hours(i64::from(index));
    Ok(ImportReview { review, created_at })
}

fn pick<T>(items: &[T], number: u32) -> &T {
    &items[number as usize % items.len()]
}

const ADJECTIVES: [&str; 8] =
    ["Golden", "Hidden", "Old", "Little", "Royal", "Happy", "Green", "Wild"];
const NOUNS: [&str; 10] =
    ["Lantern", "Olive", "Fork", "Garden", "Anchor", "Oven", "Table", "Pepper", "Fox", "Harvest"];
const STREETS: [&str; 6] =
    ["High Street", "Station Road", "Elm Avenue", "Bridge Street", "Park Lane", "Kings Road"];

#[cfg(test)]
mod tests {
    use restaurant_domain::{Clock, SystemClock};

    use super::*;

    #[test]
    fn every_sample_keeps_the_limits_and_lies_in_the_past() {
        let now = SystemClock.now();
        let samples = restaurants(now).unwrap();
        assert_eq!(samples.len(), 12);
        for restaurant in &samples {
            let dates: Vec<_> = restaurant.reviews.iter().map(|review| review.created_at).collect();
            assert!(
                dates.is_sorted()
                    && dates.iter().all(|date| (restaurant.created_at..now).contains(date))
            );
        }
    }

    #[test]
    fn generated_data_keeps_the_limits_and_spreads_its_stars() {
        let generated = generated(999_000..1_000_000, 20, SystemClock.now()).unwrap();
        let stars = |restaurant: &ImportRestaurant| -> u32 {
            restaurant.reviews.iter().map(|review| u32::from(review.review.rating.stars())).sum()
        };
        let mut sums: Vec<_> = generated.iter().map(stars).collect();
        sums.sort_unstable();
        sums.dedup();
        assert!(sums.len() > 10, "{sums:?}");
    }
}
