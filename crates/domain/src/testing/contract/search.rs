//! What every store must find, and in which order it must list names.

use std::sync::Arc;

use super::{add_restaurant, fill, found, list_all, search, total};
use crate::{Author, NewRestaurant, Repository, RestaurantSort};

/// `%`, `_`, `*`, quotes and backslashes in a search stand for themselves; short and long texts are found in all three fields.
pub async fn search_takes_every_character_as_itself(store: Arc<impl Repository + ?Sized>) {
    for (name, street, text) in [
        ("100% Vegan", "1 Main St", "Greens"),
        ("Under_score", "2 Main St", "A \"quoted\" word"),
        ("Back\\slash", "3 Side* St", "It's \u{1F35C}\u{1F35C}\u{1F35C} soup"),
        ("Plain", "4 Side St", "100 greens, AND more; OR less -- NEAR"),
    ] {
        let new = NewRestaurant::draft()
            .name(name)
            .street_address(street)
            .description(text)
            .parse()
            .unwrap();
        store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
    }
    for (text, names) in [
        ("%", vec!["100% Vegan"]),
        ("100%", vec!["100% Vegan"]),
        ("_", vec!["Under_score"]),
        ("r_s", vec!["Under_score"]),
        ("\\", vec!["Back\\slash"]),
        ("k\\sl", vec!["Back\\slash"]),
        ("*", vec!["Back\\slash"]),
        ("de* s", vec!["Back\\slash"]),
        ("\"", vec!["Under_score"]),
        ("\"quoted\"", vec!["Under_score"]),
        ("a \"quo", vec!["Under_score"]),
        ("'", vec!["Back\\slash"]),
        ("it's", vec!["Back\\slash"]),
        ("\u{1F35C}", vec!["Back\\slash"]),
        ("\u{1F35C}\u{1F35C}\u{1F35C}", vec!["Back\\slash"]),
        ("main st", vec!["100% Vegan", "Under_score"]),
        ("greens", vec!["100% Vegan", "Plain"]),
        ("100", vec!["100% Vegan", "Plain"]),
        (", and m", vec!["Plain"]),
        ("less -- near", vec!["Plain"]),
        ("vegan 1", vec!["100% Vegan"]),
        ("vegan 2", vec![]),
        ("nothing like it", vec![]),
    ] {
        assert_eq!(search(&*store, text, RestaurantSort::Name, 100).await, names, "{text}");
        assert_eq!(total(&*store, Some(text)).await, i64::try_from(names.len()).unwrap(), "{text}");
    }
}

/// Search knows no case, in any alphabet.
pub async fn search_knows_no_case(store: Arc<impl Repository + ?Sized>) {
    for name in ["CAFÉ Ölmühle", "Ресторан", "plain"] {
        add_restaurant(&*store, name).await;
    }
    for (text, name) in [
        ("café ÖL", "CAFÉ Ölmühle"),
        ("РЕСТ", "Ресторан"),
        ("ÜHLÉ", "CAFÉ Ölmühle"),
        ("PLAIN", "plain"),
    ] {
        assert_eq!(found(&*store, text).await, [name], "{text}");
    }
    for name in ["Gasthaus Weißstraße", "ΟΔΥΣΣΕΥΣ", "Ταβέρνα Οδυσσεύς", "İskender Isparta"]
    {
        add_restaurant(&*store, name).await;
    }
    for (text, names) in [
        ("WEISSSTRASSE", vec!["Gasthaus Weißstraße"]),
        ("weißſtraẞe", vec!["Gasthaus Weißstraße"]),
        ("eiss", vec!["Gasthaus Weißstraße"]),
        ("οδυσσευσ", vec!["ΟΔΥΣΣΕΥΣ", "Ταβέρνα Οδυσσεύς"]),
        ("Οδυσσεύς", vec!["ΟΔΥΣΣΕΥΣ", "Ταβέρνα Οδυσσεύς"]),
        ("iskender", vec!["İskender Isparta"]),
        ("ISKENDER ısparta", vec!["İskender Isparta"]),
    ] {
        assert_eq!(found(&*store, text).await, names, "{text}");
    }
}

/// Accents make no difference, on either side; nor do compatible forms. What is another letter stays one.
pub async fn search_ignores_accents_and_compatible_forms(store: Arc<impl Repository + ?Sized>) {
    for name in [
        "Casa Limón",
        "Cafe Nimes",
        "Fine ﬁlet",
        "Ｗａｇｙｕ",
        "ガラス ﾗｰﾒﾝ",
        "कि",
        "한",
        "Ёлка",
        "Smørrebrød",
        "O’Hara",
    ] {
        add_restaurant(&*store, name).await;
    }
    for (text, names) in [
        ("limon", vec!["Casa Limón"]),
        ("Limo\u{301}n", vec!["Casa Limón"]),
        ("ĆÀFÉ NÎMES", vec!["Cafe Nimes"]),
        ("filet", vec!["Fine ﬁlet"]),
        ("ﬁ", vec!["Fine ﬁlet"]),
        ("wagyu", vec!["Ｗａｇｙｕ"]),
        ("ｶﾞﾗｽ", vec!["ガラス ﾗｰﾒﾝ"]),
        ("ラーメン", vec!["ガラス ﾗｰﾒﾝ"]),
        ("カラス", vec![]),
        ("की", vec![]),
        ("कि", vec!["कि"]),
        ("하", vec![]),
        ("елка", vec!["Ёлка"]),
        ("smorrebrod", vec!["Smørrebrød"]),
        ("o'hara", vec!["O’Hara"]),
    ] {
        assert_eq!(found(&*store, text).await, names, "{text}");
    }
}

/// Every word has to be there, in whichever field and order; a word may be a part of another.
pub async fn search_matches_every_word_in_any_order(store: Arc<impl Repository + ?Sized>) {
    for (name, street, text) in [
        ("Casa Limón", "7 Elm Row", "Lemons and fish"),
        ("Limonero", "1 Casa Street", "No fish"),
        ("Noodle & Thread", "2 Tailor's Yard", "Hand-pulled"),
    ] {
        let new = NewRestaurant::draft()
            .name(name)
            .street_address(street)
            .description(text)
            .parse()
            .unwrap();
        store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
    }
    for (text, names) in [
        ("casa limon", vec!["Casa Limón", "Limonero"]),
        ("LIMÓN\u{3000}  Casa", vec!["Casa Limón", "Limonero"]),
        ("fish casa row", vec!["Casa Limón"]),
        ("noodle thread", vec!["Noodle & Thread"]),
        ("thread & noodle", vec!["Noodle & Thread"]),
        ("th no", vec!["Noodle & Thread"]),
        ("a a a limon", vec!["Casa Limón", "Limonero"]),
        ("7 m", vec!["Casa Limón"]),
        ("casa noodle", vec![]),
        ("casalimon", vec![]),
        ("%asa limon", vec![]),
    ] {
        assert_eq!(found(&*store, text).await, names, "{text}");
        assert_eq!(total(&*store, Some(text)).await, i64::try_from(names.len()).unwrap(), "{text}");
    }
    // As many words as there can be: each character one.
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,-./:";
    let new = NewRestaurant::draft()
        .name("Everything")
        .street_address("Street")
        .description(letters)
        .parse()
        .unwrap();
    store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
    let mut words: Vec<String> = letters.chars().map(String::from).collect();
    assert_eq!(words.len(), 50);
    assert_eq!(found(&*store, &words.join(" ")).await, ["Everything"]);
    "?".clone_into(&mut words[49]);
    assert_eq!(found(&*store, &words.join(" ")).await, [""; 0]);
    let words: Vec<&str> = (0..32).map(|at| &letters[at..at + 3]).collect();
    for words in words.chunks(25) {
        assert_eq!(found(&*store, &words.join(" ")).await, ["Everything"]);
    }
}

/// What no reader sees makes no difference to a search, and is no reason to refuse one.
pub async fn search_ignores_what_nobody_sees(store: Arc<impl Repository + ?Sized>) {
    for name in ["کتاب\u{200C}خانه", "I ❤\u{FE0F} soup"] {
        add_restaurant(&*store, name).await;
    }
    for (text, names) in [
        ("کتابخانه", vec!["کتاب\u{200C}خانه"]),
        ("کتاب\u{200C}خانه", vec!["کتاب\u{200C}خانه"]),
        ("❤", vec!["I ❤\u{FE0F} soup"]),
        ("so\u{AD}up\u{202E}\u{E0041}", vec!["I ❤\u{FE0F} soup"]),
        ("i\u{2028}soup", vec!["I ❤\u{FE0F} soup"]),
        ("\u{3164}", vec!["I ❤\u{FE0F} soup", "کتاب\u{200C}خانه"]),
    ] {
        assert_eq!(found(&*store, text).await, names, "{text:?}");
    }
}

/// A name's place in the order by name does not depend on its accents, its case or its compatible forms.
pub async fn names_sort_beside_their_base_letters(store: Arc<impl Repository + ?Sized>) {
    let names = ["Ábaco", "abbey", "ABC", "Ｅclair", "École", "economy", "Łódź", "Zebra", "Ωmega"];
    for name in names.iter().rev() {
        add_restaurant(&*store, name).await;
    }
    let listed = list_all(&*store, RestaurantSort::Name, 2).await;
    let listed: Vec<&str> = listed.iter().map(|restaurant| restaurant.name.as_str()).collect();
    assert_eq!(listed, names);
}

/// A search can be paged in every order.
pub async fn search_pages_join_up(store: Arc<impl Repository + ?Sized>) {
    fill(&*store).await;
    for text in ["n 1", "common", "o"] {
        for sort in RestaurantSort::ALL {
            let all = search(&*store, text, sort, 100).await;
            assert!(!all.is_empty());
            assert_eq!(search(&*store, text, sort, 2).await, all, "{text} in order of {sort}");
            assert_eq!(i64::try_from(all.len()).unwrap(), total(&*store, Some(text)).await);
        }
    }
}
