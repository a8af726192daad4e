//! Whether a result is what the profile says of it.

use serde_json::{Map, Value};

use super::{Call, FieldType, Read, Values, Write};

impl Read {
    /// The items of a result; nothing where the profile names no list.
    pub(crate) fn items_of(&self, content: &Value) -> Result<Option<Vec<Value>>, String> {
        if self.items.is_empty() {
            return Ok(None);
        }
        let list = self.items.iter().find_map(|at| content.pointer(at)?.as_array());
        let list =
            list.ok_or_else(|| format!("no list at {}: {content}", self.items.join(" or ")))?;
        let is_item = |item: &&Value| {
            self.fields
                .iter()
                .all(|(name, kind)| item.get(name).is_some_and(|value| kind.is_of(value)))
        };
        match list.iter().find(|item| !is_item(item)) {
            None => Ok(Some(list.clone())),
            Some(other) => Err(format!("an item without what each has: {other}")),
        }
    }
}

impl FieldType {
    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::String => value.is_string(),
            Self::Boolean => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

impl Call {
    /// Whether a result has what the call's result must have.
    pub(crate) fn check(&self, content: &Value, values: &Values) -> Result<(), String> {
        let not_a_list = |at: &&String| content.pointer(at).is_none_or(|it| !it.is_array());
        if let Some(at) = self.lists.iter().find(not_a_list) {
            return Err(format!("{}: no list at {at}: {content}", self.tool));
        }
        let wanted = values.fill_all(&self.has);
        if wanted.is_empty() {
            return Ok(());
        }
        let is_container = |it: &&Value| it.is_object() || it.is_array();
        let found = if self.at.is_empty() {
            Some(content)
        } else {
            self.at.iter().find_map(|at| content.pointer(at).filter(is_container))
        };
        let is_there = found.is_some_and(|found| match found {
            Value::Array(items) => items.iter().any(|item| has(item, &wanted)),
            one => has(one, &wanted),
        });
        if is_there {
            return Ok(());
        }
        Err(format!("{}: no {} in {content}", self.tool, Value::Object(wanted)))
    }
}

impl Write {
    /// The id of what a tool says it wrote; null where the profile names none.
    pub(crate) fn id_of(&self, made: &Value, values: &Values) -> Result<Value, String> {
        let not_ours = || format!("not the {} that was written: {made}", self.noun);
        if !has(made, &values.fill_all(&self.has)) {
            return Err(not_ours());
        }
        let Some(at) = &self.id else { return Ok(Value::Null) };
        let id = made.pointer(at).filter(|id| id.is_i64() || id.is_u64() || id.is_string());
        id.cloned().ok_or_else(not_ours)
    }

    /// Whether what was written is there when it is read back. A profile that says no more finds it by its text.
    pub(crate) fn check_read_back(&self, content: &Value, values: &Values) -> Result<(), String> {
        let text = values.fill(&Value::from("{text}"));
        let by_text = || content.to_string().contains(text.as_str().unwrap_or_default());
        let found = self.read_back.check(content, values);
        let found = found.and_then(|()| {
            if !self.read_back.has.is_empty() || by_text() {
                Ok(())
            } else {
                Err(content.to_string())
            }
        });
        found.map_err(|why| {
            format!(
                "the {} is said to be written, and is not there when read back: {why}",
                self.noun
            )
        })
    }
}

/// Whether a value has these members.
fn has(value: &Value, wanted: &Map<String, Value>) -> bool {
    wanted.iter().all(|(name, wanted)| value.get(name) == Some(wanted))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::Profile, Values};

    #[test]
    fn items_and_what_they_have_are_told_from_others() {
        let read = Profile::built_in().read.unwrap();
        let good = json!({"restaurants": [{"id": 1, "name": "A"}]});
        assert_eq!(read.items_of(&good).unwrap().unwrap().len(), 1);
        assert_eq!(read.items_of(&json!({"result": []})).unwrap().unwrap().len(), 0);
        for bad in [json!({}), json!({"restaurants": [{"id": null, "name": "A"}]}), json!("text")] {
            assert!(read.items_of(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_field_has_its_type() {
        let values = [
            ("integer", json!(1)),
            ("number", json!(1.5)),
            ("string", json!("1")),
            ("boolean", json!(true)),
            ("list", json!([1])),
            ("object", json!({"a": 1})),
        ];
        for (kind, _) in &values {
            let text = format!(
                "[read]\ntool = \"get\"\nitems = [\"/all\"]\nfields = {{ it = \"{kind}\" }}"
            );
            let read = text.parse::<Profile>().unwrap().read.unwrap();
            for (of, value) in &values {
                let fits = read.items_of(&json!({"all": [{"it": value}]})).is_ok();
                let is_right = of == kind || (*kind, *of) == ("number", "integer");
                assert_eq!(fits, is_right, "{value} as {kind}");
            }
        }
    }

    #[test]
    fn a_write_is_found_where_it_is_and_nowhere_else() {
        let profile = Profile::built_in();
        let (review, place) = (profile.write.unwrap(), profile.parent.unwrap());
        let values = Values::default().with("text", "x 1").with("parent", 7).with("id", 3);
        let made = json!({"id": 3, "review_text": "x 1", "rating": 3});
        assert_eq!(review.id_of(&made, &values).unwrap(), 3);
        assert!(review.id_of(&json!({"id": 3, "review_text": "y", "rating": 3}), &values).is_err());
        assert!(review.id_of(&json!({"review_text": "x 1", "rating": 3}), &values).is_err());
        let details = json!({"reviews": [{"id": 3, "review_text": "x 1"}]});
        assert_eq!(review.check_read_back(&details, &values), Ok(()));
        for other in [
            json!({"reviews": []}),
            json!({}),
            json!({"reviews": [{"id": 4, "review_text": "x 1"}]}),
        ] {
            assert!(review.check_read_back(&other, &values).is_err(), "{other}");
        }
        for shown in [
            json!({"restaurant": {"id": 3, "name": "x 1"}, "reviews": []}),
            json!({"id": 3, "name": "x 1", "reviews": []}),
        ] {
            assert_eq!(place.check_read_back(&shown, &values), Ok(()), "{shown}");
        }
        assert!(place.check_read_back(&json!({"id": 3, "name": "x 1"}), &values).is_err());
    }

    #[test]
    fn without_more_words_a_write_is_found_by_its_text() {
        let text = "[write]\ntool = \"add\"\narguments = { title = \"{text}\" }\n[write.read_back]\ntool = \"list\"";
        let write = text.parse::<Profile>().unwrap().write.unwrap();
        let values = Values::default().with("text", "x 1");
        assert_eq!(write.check_read_back(&json!({"result": [{"title": "x 1"}]}), &values), Ok(()));
        assert!(write.check_read_back(&json!({"result": []}), &values).is_err());
        assert_eq!(write.id_of(&json!("done"), &values).unwrap(), json!(null));
    }
}
