//! Folding: the form of a text in which searches and orders compare.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, Script},
};

/// The version of the folding of texts. A store keeps it beside what it derived, and derives anew what an older version derived; 0 is
/// the lower case that was kept before there were versions.
///
/// Raise it with every change of what `fold` gives, a new version of Unicode's data included: a test compares.
pub const FOLDING_VERSION: i16 = 1;

/// Folds a text for comparison: without regard to case, accents and compatible forms.
///
/// 1. Compatible forms become the plain ones (NFKD): `ﬁ` is `fi`, full-width letters are letters.
/// 2. What a reader does not see goes ([`is_ignored`]), accents included.
/// 3. Case goes by Unicode's full case folding: `ß` is `ss`, both small sigmas are `σ`.
/// 4. Letters with a stroke, ligatures and typographic marks become what people type instead of them ([`typed`]).
/// 5. What is left is composed (NFC), so that `ㅎ` is no part of `한`, and `か` none of `が`.
///
/// Folding twice gives the same as folding once.
pub(crate) fn fold(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let seen: String = decomposed.chars().filter(|c| !is_ignored(*c)).collect();
    let small = CaseMapper::new().fold_string(&seen);
    let mut plain = String::with_capacity(small.len());
    for c in small.chars() {
        match typed(c) {
            Some(typed) => plain.push_str(typed),
            None => plain.push(c),
        }
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(&plain).into_owned()
}

/// Folds a text that others are ordered by: as [`fold`], and any white space is one blank.
pub(crate) fn fold_key(text: &str) -> String {
    let mut key = String::new();
    for word in fold(text).split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    key
}

/// Whether folding drops a character of a decomposed text.
///
/// That is every default-ignorable one; the Arabic tatweel, which only stretches a word; and the marks of the alphabets
/// whose readers can do without them: Latin, Greek and Cyrillic accents, Hebrew and Arabic points, and the marks that
/// Unicode shares between scripts. Marks without which a word is another one stay: the vowel signs and the virama of Indic
/// scripts, Thai vowels and tones, the Japanese dakuten and handakuten.
fn is_ignored(c: char) -> bool {
    /// U+3099 and U+309A, which Unicode counts among the shared marks.
    const DAKUTEN: [char; 2] = ['\u{3099}', '\u{309A}'];
    const TATWEEL: char = '\u{640}';
    let is_mark = || {
        use GeneralCategory as Category;
        matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            Category::NonspacingMark | Category::EnclosingMark
        )
    };
    let of_an_alphabet = || {
        let script = CodePointMapData::<Script>::new().get(c);
        [
            Script::Arabic,
            Script::Cyrillic,
            Script::Greek,
            Script::Hebrew,
            Script::Inherited,
            Script::Latin,
        ]
        .contains(&script)
    };
    if c.is_ascii() {
        return false;
    }
    c == TATWEEL
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || (is_mark() && of_an_alphabet() && !DAKUTEN.contains(&c))
}

/// What people type instead of a character that has no decomposition: the letters as PostgreSQL's `unaccent` has them, and
/// the marks that word processors and phones set by themselves.
fn typed(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'þ' => "th",
        'ı' => "i",
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2032}' | '\u{2BB}' | '\u{2BC}' => "'",
        '\u{201C}'..='\u{201F}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2044}' => "/",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn what_readers_take_for_the_same_folds_to_the_same() {
        for (one, other) in [
            ("STRASSE", "Straße"),
            ("straẞe", "strasse"),
            ("ΟΔΥΣΣΕΥΣ", "Ὀδυσσεύς"),
            ("İSTANBUL", "istanbul"),
            ("ISPARTA", "ısparta"),
            ("Limón", "LIMO\u{301}N"),
            ("Limon", "Limón"),
            ("ﬁlet", "FILET"),
            ("Ｃａｆｅ", "café"),
            ("ﾗｰﾒﾝ", "ラーメン"),
            ("ｶﾞﾗｽ", "ガラス"),
            ("Ёлка", "елка"),
            ("Smørrebrød", "SMORREBROD"),
            ("Łódź", "lodz"),
            ("Phở", "pho"),
            ("Ægir", "aegir"),
            ("L’Étoile", "l'etoile"),
            ("№ 1", "no 1"),
            ("x²", "X2"),
            ("می\u{200C}خواهم", "میخواهم"),
            ("مُحَمَّد", "محمد"),
            ("שָׁלוֹם", "שלום"),
            ("re\u{AD}stau\u{200B}rant", "restaurant"),
            ("❤\u{FE0F}", "❤"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn what_readers_take_for_different_stays_different() {
        for (one, other) in [
            ("か", "が"),
            ("は", "ぱ"),
            ("कि", "की"),
            ("क", "क्"),
            ("ที่", "ที"),
            ("한", "하"),
            ("コーヒー", "コヒ"),
            ("a", "ä b"),
        ] {
            assert_ne!(fold(one), fold(other), "{one} and {other}");
        }
        assert!(!fold("が").contains(&fold("か")), "a part of a letter is no part of the text");
        assert!(!fold("한").contains(&fold("하")));
    }

    /// The fold of every character there is, in one number: when it changes, what stores derived is out of date.
    #[test]
    fn the_version_changes_with_the_folding() {
        let mut folded = Sha256::new();
        for c in '\0'..=char::MAX {
            let (mut buffer, code) = ([0; 4], u32::from(c));
            let text: &str = c.encode_utf8(&mut buffer);
            let once = fold(text);
            assert!(once == text || fold(&once) == once, "U+{code:04X} twice");
            folded.update(&once);
            folded.update("\n");
        }
        let folded = u64::from_be_bytes(folded.finalize()[..8].try_into().unwrap());
        assert_eq!(
            (FOLDING_VERSION, folded),
            (1, 0x63cb_4c78_edf2_c3f0),
            "raise FOLDING_VERSION, and then set the digest here"
        );
    }

    proptest! {
        #[test]
        fn to_fold_twice_is_to_fold_once(text in "\\PC{0,60}|[a-zA-ZÀ-ỹ\u{300}-\u{36F}가-힣ᄀ-ᇿ\u{3041}-\u{309F}]{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            let key = fold_key(&text);
            prop_assert_eq!(fold_key(&key), key);
        }

        #[test]
        fn case_makes_no_difference(text in "[a-zA-ZÀ-ÖØ-ſḀ-ỹΆ-ώЀ-џԱ-և\u{1F00}-\u{1F7D}ß]{0,60}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&text.to_uppercase()), folded.clone());
            prop_assert_eq!(fold(&text.to_lowercase()), folded);
        }
    }
}
