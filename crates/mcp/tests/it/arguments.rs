//! Bad arguments: each comes back as a result with `isError` that names the field and what to do, and writes nothing.

use serde_json::{Value, json};

use crate::endpoint::{adapter, add, error, ok, serve};

/// Calls with bad arguments; gives the problems as pairs of field and code.
async fn problems(url: &str, tool: &str, arguments: Value) -> Vec<(String, String)> {
    let error = error(url, tool, arguments).await;
    assert_eq!(error["code"], "invalid_arguments", "{error}");
    assert!(error["next_step"].as_str().unwrap().contains("call the tool again"));
    let pair = |problem: &Value| {
        let message = problem["message"].as_str().unwrap();
        let field = problem["field"].as_str().unwrap();
        assert!(message.contains(field) && error["message"].as_str().unwrap().contains(message));
        (field.to_owned(), problem["code"].as_str().unwrap().to_owned())
    };
    error["problems"].as_array().unwrap().iter().map(pair).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.into_iter().map(|(field, code)| (field.to_owned(), code.to_owned())).collect()
}

#[tokio::test]
async fn every_bad_field_of_a_review_is_named_at_once() {
    let url = serve(adapter()).await;
    let id = add(&url, "Blue Door").await;
    let missing = [
        ("restaurant_id", "missing"),
        ("user_name", "missing"),
        ("rating", "missing"),
        ("review_text", "missing"),
    ];
    assert_eq!(problems(&url, "create_review_mcp", json!({})).await, pairs(missing));
    let arguments =
        json!({"restaurant_id": id, "user_name": " ", "rating": 9, "review_text": "x".repeat(501)});
    let bad = [("user_name", "blank"), ("rating", "out_of_range"), ("review_text", "too_long")];
    assert_eq!(problems(&url, "create_review_mcp", arguments).await, pairs(bad));
    let details = ok(&url, "get_details_mcp", json!({"restaurant_id": id})).await;
    assert_eq!(details["reviews"], json!([]), "nothing was written");
}

#[tokio::test]
async fn a_rating_that_is_no_whole_number_from_1_to_5_is_refused() {
    let url = serve(adapter()).await;
    let id = add(&url, "Blue Door").await;
    for (rating, code) in [
        (json!(0), "out_of_range"),
        (json!(6), "out_of_range"),
        (json!(-5), "out_of_range"),
        (json!(4.5), "wrong_type"),
        (json!("5"), "wrong_type"),
        (json!(true), "wrong_type"),
        (json!(null), "wrong_type"),
        (json!([5]), "wrong_type"),
        (json!({"stars": 5}), "wrong_type"),
        (json!(1e300), "wrong_type"),
    ] {
        let arguments = json!({"restaurant_id": id, "user_name": "Ann", "rating": rating, "review_text": "Text"});
        assert_eq!(
            problems(&url, "create_review_mcp", arguments).await,
            pairs([("rating", code)]),
            "{rating}"
        );
    }
    let arguments =
        json!({"restaurant_id": id, "user_name": "Ann", "rating": 4.0, "review_text": "Text"});
    assert_eq!(
        ok(&url, "create_review_mcp", arguments).await["rating"],
        4,
        "a number without a fraction is whole"
    );
}

#[tokio::test]
async fn texts_that_break_their_limits_are_refused() {
    let url = serve(adapter()).await;
    for (name, code) in [
        (json!("n".repeat(51)), "too_long"),
        (json!(""), "blank"),
        (json!("a\u{0}b"), "control_character"),
        (json!("two\nlines"), "control_character"),
        (json!(7), "wrong_type"),
        (json!(null), "wrong_type"),
    ] {
        let arguments =
            json!({"restaurant_name": name, "street_address": "1 Street", "description": "Text"});
        let expected = pairs([("restaurant_name", code)]);
        assert_eq!(problems(&url, "create_restaurant_mcp", arguments).await, expected, "{name}");
    }
    assert_eq!(
        ok(&url, "list_restaurants_mcp", json!({})).await["total"],
        0,
        "nothing was written"
    );
}

#[tokio::test]
async fn optional_arguments_are_checked_too() {
    let url = serve(adapter()).await;
    let id = add(&url, "Blue Door").await;
    for (arguments, field, code) in [
        (json!({"limit": 0}), "limit", "out_of_range"),
        (json!({"limit": 101}), "limit", "out_of_range"),
        (json!({"limit": "20"}), "limit", "wrong_type"),
        (json!({"sort": "size"}), "sort", "unknown_choice"),
        (json!({"sort": null}), "sort", "wrong_type"),
        (json!({"search": "x".repeat(101)}), "search", "too_long"),
        (json!({"cursor": "nonsense"}), "cursor", "invalid_cursor"),
        (json!({"serach": "pizza"}), "\"serach\"", "unknown_argument"),
    ] {
        let found = problems(&url, "list_restaurants_mcp", arguments.clone()).await;
        assert_eq!(found, pairs([(field, code)]), "{arguments}");
    }
    for (arguments, field, code) in [
        (json!({"restaurant_id": id, "reviews_limit": 0}), "reviews_limit", "out_of_range"),
        (json!({"restaurant_id": id, "reviews_cursor": "?"}), "reviews_cursor", "invalid_cursor"),
        (json!({"restaurant_id": "1"}), "restaurant_id", "wrong_type"),
    ] {
        let found = problems(&url, "get_details_mcp", arguments.clone()).await;
        assert_eq!(found, pairs([(field, code)]), "{arguments}");
    }
}

#[tokio::test]
async fn an_unknown_restaurant_points_to_the_list() {
    let url = serve(adapter()).await;
    let review =
        json!({"restaurant_id": 99, "user_name": "Ann", "rating": 3, "review_text": "Text"});
    for (tool, arguments) in
        [("get_details_mcp", json!({"restaurant_id": 99})), ("create_review_mcp", review)]
    {
        let error = error(&url, tool, arguments).await;
        assert_eq!(error["code"], "not_found");
        assert!(error["next_step"].as_str().unwrap().contains("list_restaurants_mcp"));
    }
}

#[tokio::test]
async fn pages_join_up_by_their_cursors() {
    let url = serve(adapter()).await;
    for number in 0..5 {
        add(&url, &format!("Number {number}")).await;
    }
    let (mut names, mut cursor) = (Vec::new(), None);
    loop {
        let mut arguments = json!({"limit": 2, "search": "NUMBER", "sort": "newest"});
        if let Some(cursor) = cursor {
            arguments["cursor"] = cursor;
        }
        let page = ok(&url, "list_restaurants_mcp", arguments).await;
        assert_eq!(page["total"], 5);
        names.extend(
            page["restaurants"]
                .as_array()
                .unwrap()
                .iter()
                .map(|restaurant| restaurant["name"].clone()),
        );
        cursor = page.get("next_cursor").cloned();
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(json!(names), json!(["Number 4", "Number 3", "Number 2", "Number 1", "Number 0"]));
}
