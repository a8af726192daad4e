//! Characters that a reader does not see: which texts may hold them, and where.
//!
//! Most have a use that people know: the joiners of Persian, Indic scripts and emoji, variation selectors, the tags of
//! flags. Each is accepted where it has that use, one at a time, so that no text carries another one that only programs
//! read. [`check`] is the whole of the rules.

use std::iter;

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BinaryProperty, DefaultIgnorableCodePoint, Emoji, EmojiModifier, EnumeratedProperty,
        ExtendedPictographic, GeneralCategory, GeneralCategoryGroup, IndicSyllabicCategory,
        JoiningType, NoncharacterCodePoint, Script, VariationSelector,
    },
};

use crate::validation::Problem;

/// Whether a text may run over several lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// How deep isolates of direction may be nested in a line.
const MAX_ISOLATES: usize = 4;
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const EMOJI_STYLE: char = '\u{FE0F}';
const BLACK_FLAG: char = '\u{1F3F4}';
/// The flags that Unicode recommends for interchange and that are written with tags, as their tags say: England, Scotland
/// and Wales. The tags of any other could spell whatever a writer likes.
const FLAGS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];

/// Whether a character leaves a reader with an empty line: a text made of them alone is blank.
pub(super) fn is_blank(c: char) -> bool {
    /// Characters that have a width and no ink, and that Unicode does not count among the ignorable ones.
    const WITHOUT_INK: [char; 6] =
        ['\u{2800}', '\u{FFFC}', '\u{13441}', '\u{13442}', '\u{16FE4}', '\u{1D159}'];
    c.is_whitespace() || is_invisible(c) || WITHOUT_INK.contains(&c)
}

/// Whether a text loses a character without a notice, as it loses the white space around it: a hint where a line may or
/// may not break, or a byte order mark. They come with whatever is copied from a web page, and nobody could find them.
pub(super) fn is_dropped(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// Whether a name that comes from elsewhere loses a character, since nobody is there to correct it.
pub(crate) fn is_hidden(c: char) -> bool {
    let may_be_needed = || is_joiner(c) || is::<VariationSelector>(c);
    c.is_control() || is_line_separator(c) || (is_invisible(c) && !may_be_needed())
}

/// Looks for the first character that a text may not hold, or not there.
///
/// | Characters | One line | Several lines |
/// |---|---|---|
/// | control characters | refused | refused, but for `\n` |
/// | line and paragraph separators | refused | made `\n` before |
/// | marks of direction (U+200E, U+200F, U+061C) | refused | one at a time |
/// | isolates of direction (U+2066–U+2069) | refused | closed on the same line, not empty, 4 deep |
/// | embeddings and overrides of direction (U+202A–U+202E) | refused | refused |
/// | tags (U+E0000–U+E007F) | in the flags of England, Scotland and Wales | the same |
/// | joiners (U+200C, U+200D, U+180E) | one, beside a letter that joins, or in an emoji | the same |
/// | variation selectors | one, after a character that has variants | the same |
/// | all other ignorable characters, noncharacters, annotations | refused | the same |
pub(super) fn check(text: &str, lines: Lines) -> Result<(), Problem> {
    let text: Vec<char> = text.chars().collect();
    let mut isolates: Vec<char> = Vec::new();
    let mut at = 0;
    while let Some(&c) = text.get(at) {
        let before = at.checked_sub(1).map(|before| text[before]);
        let after = text.get(at + 1).copied();
        let tags = flag(&text[at..]);
        match c {
            '\n' if lines == Lines::Many => unclosed(&isolates)?,
            control if control.is_control() => return Err(Problem::ControlCharacter { control }),
            separator if is_line_separator(separator) => {
                return Err(Problem::LineSeparator { separator });
            }
            control if is_directional(control) => {
                let open = lines == Lines::Many && directs(control, before, &mut isolates);
                open.then_some(()).ok_or(Problem::BidirectionalControl { control })?;
            }
            character if is_invisible(character) && !has_a_use(character, before, after) => {
                return Err(Problem::InvisibleCharacter { character });
            }
            _ => {}
        }
        at += 1 + tags;
    }
    unclosed(&isolates)
}

/// A line that ends inside an isolate would turn what a page writes after it.
fn unclosed(isolates: &[char]) -> Result<(), Problem> {
    isolates.first().map_or(Ok(()), |first| Err(Problem::BidirectionalControl { control: *first }))
}

/// Whether a control of direction may stand where it stands; keeps the list of isolates that are open.
fn directs(control: char, before: Option<char>, isolates: &mut Vec<char>) -> bool {
    match control {
        '\u{200E}' | '\u{200F}' | '\u{61C}' => !before.is_some_and(is_invisible),
        '\u{2066}'..='\u{2068}' if isolates.len() < MAX_ISOLATES => {
            isolates.push(control);
            true
        }
        '\u{2069}' => {
            let empty = before.is_some_and(|before| matches!(before, '\u{2066}'..='\u{2068}'));
            !empty && isolates.pop().is_some()
        }
        _ => false,
    }
}

/// Whether an invisible character does there what it is made for.
fn has_a_use(c: char, before: Option<char>, after: Option<char>) -> bool {
    let varied = before.is_some_and(is::<VariationSelector>);
    if before.is_some_and(is_invisible) && !(varied && is_joiner(c)) {
        return false;
    }
    if is::<VariationSelector>(c) {
        return before.is_some_and(|base| has_variant(base, c));
    }
    let joins_letters = is_joiner(c) && before.into_iter().chain(after).any(joins);
    joins_letters || (c == ZERO_WIDTH_JOINER && joins_emoji(before, after))
}

/// Whether a character may have a variant of this number. The bounds are those of Unicode's lists of variation sequences:
/// what is beyond them could only carry a hidden text.
fn has_variant(base: char, selector: char) -> bool {
    let script = script(base);
    let letter = GeneralCategoryGroup::Letter.contains(of::<GeneralCategory>(base));
    match selector {
        '\u{FE0E}' | EMOJI_STYLE => is::<Emoji>(base) || !(letter || is_blank(base)),
        '\u{FE00}' | '\u{FE01}' => {
            let vary = [
                Script::EgyptianHieroglyphs,
                Script::Han,
                Script::Manichaean,
                Script::Myanmar,
                Script::PhagsPa,
            ];
            vary.contains(&script) || !(letter || is_blank(base))
        }
        '\u{FE02}' => [Script::EgyptianHieroglyphs, Script::Han].contains(&script),
        '\u{FE03}'..='\u{FE06}' => script == Script::EgyptianHieroglyphs,
        '\u{180B}'..='\u{180D}' | '\u{180F}' => script == Script::Mongolian,
        '\u{E0100}'..='\u{E011F}' => script == Script::Han,
        _ => false,
    }
}

/// Whether a letter takes another form beside a joiner: of a script that is written joined, or of one with conjuncts.
fn joins(c: char) -> bool {
    let script = script(c);
    let shared = [Script::Common, Script::Inherited, Script::Latin].contains(&script);
    let joined =
        !matches!(of::<JoiningType>(c), JoiningType::NonJoining | JoiningType::Transparent);
    let conjoined = of::<IndicSyllabicCategory>(c) != IndicSyllabicCategory::Other;
    !shared && !is_invisible(c) && (joined || conjoined || script == Script::Arabic)
}

fn joins_emoji(before: Option<char>, after: Option<char>) -> bool {
    let ends = |c| c == EMOJI_STYLE || is::<EmojiModifier>(c) || is::<ExtendedPictographic>(c);
    before.is_some_and(ends) && after.is_some_and(is::<ExtendedPictographic>)
}

/// How many tags follow a black flag and make it that of a country; 0 where there is none.
fn flag(text: &[char]) -> usize {
    if text.first() != Some(&BLACK_FLAG) {
        return 0;
    }
    let tag = |letter: u8| char::from_u32(0xE0000 + u32::from(letter));
    let follow = |country: &&str| {
        let tags = country.bytes().map(tag).chain(iter::once(Some('\u{E007F}')));
        text[1..].iter().map(|c| Some(*c)).take(country.len() + 1).eq(tags)
    };
    FLAGS.into_iter().find(follow).map_or(0, |country| country.len() + 1)
}

/// Whether a reader sees nothing where the character is: what Unicode calls ignorable, and what is no character at all.
fn is_invisible(c: char) -> bool {
    let annotates = || matches!(c, '\u{FFF9}'..='\u{FFFB}');
    let arranges_hieroglyphs = || matches!(c, '\u{13430}'..='\u{13440}');
    !c.is_ascii()
        && (is::<DefaultIgnorableCodePoint>(c)
            || is::<NoncharacterCodePoint>(c)
            || annotates()
            || arranges_hieroglyphs())
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | ZERO_WIDTH_JOINER | '\u{180E}')
}

fn is_line_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a character steers the direction of the text around it.
fn is_directional(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is<Property: BinaryProperty>(c: char) -> bool {
    CodePointSetData::new::<Property>().contains(c)
}

fn of<Property: EnumeratedProperty>(c: char) -> Property {
    CodePointMapData::<Property>::new().get(c)
}

fn script(c: char) -> Script {
    of::<Script>(c)
}
