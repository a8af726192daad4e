//! What holds for the markup of every page.

use std::collections::HashSet;

/// A start tag: its name, and its attributes with their values.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Tag<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// The start tags of a page. Texts are escaped, so a `<` opens a tag wherever it stands.
fn tags(page: &str) -> Vec<Tag<'_>> {
    page.split('<')
        .skip(1)
        .filter(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()))
        .map(|tag| {
            let end = tag.find([' ', '>']).unwrap();
            Tag { name: &tag[..end], attributes: attributes(&tag[end..]) }
        })
        .collect()
}

fn attributes(mut rest: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        let end = rest.find([' ', '=', '>']).unwrap();
        if end == 0 {
            return found;
        }
        let name = &rest[..end];
        rest = &rest[end..];
        let value = match rest.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"').unwrap();
                rest = after;
                value
            }
            None => "",
        };
        found.push((name, value));
    }
}

/// Checks a page: no code and no style in it, one heading of the first rank, ids that exist once, a label for everything to fill in.
#[track_caller]
pub(crate) fn check(page: &str) {
    let tags = tags(page);
    check_content_policy(&tags);
    check_ids(&tags);
    check_forms(&tags);
    assert_eq!(tags.iter().filter(|tag| tag.name == "h1").count(), 1);
    assert_eq!(tags.iter().filter(|tag| tag.name == "main").count(), 1);
    assert_eq!(tags.iter().find(|tag| tag.name == "html").unwrap().get("lang"), Some("en"));
    let heads = ["h1", "h2", "h3"].map(|name| tags.iter().any(|tag| tag.name == name));
    assert!(heads.is_sorted_by(|higher, lower| higher >= lower), "a rank of headings is left out");
}

/// The start tags of a page with their attributes, without the values that are filled in.
pub(crate) fn skeleton(page: &str) -> Vec<String> {
    let filled_in = |name: &str| name == "value";
    let attribute = |(name, value): &(&str, &str)| {
        if filled_in(name) { format!(" {name}") } else { format!(" {name}={value}") }
    };
    let whole = |tag: Tag<'_>| {
        tag.attributes.iter().map(attribute).fold(tag.name.to_owned(), |tag, it| tag + &it)
    };
    tags(page).into_iter().map(whole).collect()
}

fn check_content_policy(tags: &[Tag<'_>]) {
    for tag in tags {
        assert!(!["script", "style", "iframe", "base"].contains(&tag.name), "<{}>", tag.name);
        for (name, value) in &tag.attributes {
            assert!(*name != "style" && !name.starts_with("on"), "{name}=\"{value}\"");
            if ["href", "src", "action"].contains(name) {
                let value = value.replace("&#x2f;", "/");
                assert!(value.starts_with(['/', '#']) && !value.starts_with("//"), "{value}");
            }
        }
    }
}

fn check_ids(tags: &[Tag<'_>]) {
    let mut ids = HashSet::new();
    for id in tags.iter().filter_map(|tag| tag.get("id")) {
        assert!(ids.insert(id), "the id {id} exists twice");
    }
    for tag in tags {
        for name in ["for", "aria-describedby", "aria-labelledby"] {
            for id in tag.get(name).unwrap_or_default().split_whitespace() {
                assert!(ids.contains(id), "{name} points at {id}, which is not there");
            }
        }
        if let Some(id) = tag.get("href").and_then(|link| link.strip_prefix('#')) {
            assert!(ids.contains(id), "a link points at #{id}, which is not there");
        }
        assert_eq!(
            tag.get("aria-invalid").is_some(),
            tag.get("aria-describedby").is_some_and(|ids| ids.contains("-error"))
        );
    }
}

fn check_forms(tags: &[Tag<'_>]) {
    let labels: HashSet<_> =
        tags.iter().filter(|tag| tag.name == "label").filter_map(|tag| tag.get("for")).collect();
    let fields = tags.iter().filter(|tag| ["input", "select", "textarea"].contains(&tag.name));
    for tag in fields.filter(|tag| tag.get("type") != Some("hidden")) {
        let id = tag.get("id").unwrap();
        assert!(labels.contains(id), "{id} has no label");
        assert!(tag.get("name").is_some(), "{id} has no name");
    }
}

#[test]
#[should_panic(expected = "script")]
fn the_check_sees_a_script() {
    check("<html lang=\"en\"><main><h1>x</h1><script>");
}

#[test]
#[should_panic(expected = "exists twice")]
fn the_check_sees_an_id_twice() {
    check("<html lang=\"en\"><main><h1 id=\"a\">x</h1><p id=\"a\">");
}

#[test]
#[should_panic(expected = "has no label")]
fn the_check_sees_a_missing_label() {
    check("<html lang=\"en\"><main><h1>x</h1><input id=\"a\" name=\"a\">");
}
