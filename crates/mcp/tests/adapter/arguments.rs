//! Bad arguments come back as results that say what to do.

use serde_json::{Value, json};

use crate::server::Server;

/// A good review of restaurant 1, with some arguments replaced.
fn review(replaced: &Value) -> Value {
    let mut arguments =
        json!({"restaurant_id": 1, "user_name": "Ann", "rating": 4, "review_text": "Good"});
    arguments.as_object_mut().unwrap().extend(replaced.as_object().unwrap().clone());
    arguments
}

/// The only problem of a call that must be refused for its arguments.
async fn only_problem(server: &Server, tool: &str, arguments: Value) -> Value {
    let error = server.error(tool, arguments).await;
    assert_eq!(error["code"], "invalid_arguments", "{error}");
    assert_eq!(error["retryable"], false);
    assert!(error["next_step"].is_string());
    let problems = error["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{error}");
    assert_eq!(error["message"], problems[0]["message"]);
    problems[0].clone()
}

#[tokio::test]
async fn a_problem_says_field_given_limit_and_what_to_do() {
    let server = Server::start().await;
    server.add_restaurant("Anchor").await;
    let problem = only_problem(&server, "create_review_mcp", review(&json!({"rating": 9}))).await;
    let expected = json!({
        "field": "rating", "code": "out_of_range", "given": "9",
        "limit": {"type": "integer", "minimum": 1, "maximum": 5},
        "message": "rating is 9: give a whole number from 1 to 5",
    });
    assert_eq!(problem, expected);
}

#[tokio::test]
async fn every_kind_of_bad_value_is_named() {
    let server = Server::start().await;
    server.add_restaurant("Anchor").await;
    for (field, value, code) in [
        ("rating", json!(0), "out_of_range"),
        ("rating", json!(-5), "out_of_range"),
        ("rating", json!(99), "out_of_range"),
        ("rating", json!("5"), "wrong_type"),
        ("rating", json!(4.5), "wrong_type"),
        ("rating", json!(1e300), "wrong_type"),
        ("rating", json!(true), "wrong_type"),
        ("rating", json!(null), "wrong_type"),
        ("rating", json!([5]), "wrong_type"),
        ("restaurant_id", json!("1"), "wrong_type"),
        ("restaurant_id", json!(1.5), "wrong_type"),
        ("restaurant_id", json!({"id": 1}), "wrong_type"),
        ("user_name", json!(" \u{200b}"), "blank"),
        ("user_name", json!("x".repeat(51)), "too_long"),
        ("user_name", json!("two\nlines"), "control_character"),
        ("user_name", json!(7), "wrong_type"),
        ("review_text", json!(""), "blank"),
        ("review_text", json!("x".repeat(501)), "too_long"),
        ("review_text", json!("nul \0"), "control_character"),
        ("review_text", json!(null), "wrong_type"),
    ] {
        let arguments = review(&json!({field: value}));
        let problem = only_problem(&server, "create_review_mcp", arguments).await;
        assert_eq!((&problem["field"], &problem["code"]), (&json!(field), &json!(code)), "{value}");
        assert!(problem["given"].as_str().unwrap().chars().count() < 70, "{problem}");
        assert!(problem["limit"]["type"].is_string(), "{problem}");
    }
    let details = server.ok("get_details_mcp", json!({"restaurant_id": 1})).await;
    assert_eq!(details["reviews"], json!([]), "nothing refused was written");
}

#[tokio::test]
async fn optional_arguments_are_checked_as_well() {
    let server = Server::start().await;
    for (arguments, code) in [
        (json!({"sort": "best"}), "unknown_choice"),
        (json!({"sort": false}), "wrong_type"),
        (json!({"limit": 0}), "out_of_range"),
        (json!({"limit": 101}), "out_of_range"),
        (json!({"limit": "10"}), "wrong_type"),
        (json!({"search": "x".repeat(101)}), "too_long"),
        (json!({"search": ["x"]}), "wrong_type"),
        (json!({"cursor": "nonsense"}), "invalid_cursor"),
        (json!({"limit": ""}), "wrong_type"),
        (json!({"cursor": 3}), "wrong_type"),
    ] {
        let field = arguments.as_object().unwrap().keys().next().unwrap().clone();
        let problem = only_problem(&server, "list_restaurants_mcp", arguments).await;
        assert_eq!((&problem["field"], &problem["code"]), (&json!(field), &json!(code)));
    }
    let listed = only_problem(&server, "list_restaurants_mcp", json!({"limit": []})).await;
    assert_eq!(
        listed["message"],
        "limit is an array: give a whole number from 1 to 100, as a number, or leave it out"
    );
    for arguments in [
        json!({"restaurant_id": 1, "reviews_cursor": "nonsense"}),
        json!({"restaurant_id": 1, "reviews_limit": 101}),
    ] {
        only_problem(&server, "get_details_mcp", arguments).await;
    }
}

#[tokio::test]
async fn null_leaves_an_optional_argument_out() {
    let server = Server::start().await;
    let arguments = json!({"search": null, "sort": null, "limit": null, "cursor": null});
    assert_eq!(server.call("list_restaurants_mcp", arguments).await["isError"], false);
}

#[tokio::test]
async fn an_empty_text_leaves_an_optional_text_out() {
    let server = Server::start().await;
    server.add_restaurant("Anchor").await;
    let arguments = json!({"search": "", "sort": "", "cursor": ""});
    let listed = server.ok("list_restaurants_mcp", arguments).await;
    assert_eq!(listed, server.ok("list_restaurants_mcp", json!({})).await);
    let arguments = json!({"restaurant_id": 1, "reviews_cursor": ""});
    let details = server.ok("get_details_mcp", arguments).await;
    assert_eq!(details["restaurant"]["id"], 1);
    for _ in 0..2 {
        server.ok("create_review_mcp", review(&json!({"idempotency_key": ""}))).await;
    }
    let details = server.ok("get_details_mcp", json!({"restaurant_id": 1})).await;
    assert_eq!(details["restaurant"]["review_count"], 2, "no key, no repetition");
}

#[tokio::test]
async fn a_number_that_cannot_be_held_is_out_of_range() {
    let server = Server::start().await;
    for number in ["99999999999999999999", "-99999999999999999999", "18446744073709551615", "1e20"]
    {
        let number: Value = serde_json::from_str(number).unwrap();
        for (tool, field) in [
            ("get_details_mcp", "restaurant_id"),
            ("create_review_mcp", "rating"),
            ("create_review_mcp", "restaurant_id"),
            ("list_restaurants_mcp", "limit"),
        ] {
            let mut arguments =
                if tool.starts_with("create") { review(&json!({})) } else { json!({}) };
            arguments[field] = number.clone();
            let problem = only_problem(&server, tool, arguments).await;
            let message = problem["message"].as_str().unwrap();
            assert!(message.contains(field) && message.contains("out of range"), "{problem}");
        }
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let server = Server::start().await;
    for name in ["Anchor", "Buoy"] {
        server.add_restaurant(name).await;
    }
    let page = server.ok("list_restaurants_mcp", json!({"sort": "rating", "limit": 1})).await;
    let cursor = &page["next_cursor"];
    let arguments = json!({"sort": "newest", "cursor": cursor});
    let problem = only_problem(&server, "list_restaurants_mcp", arguments).await;
    assert_eq!((&problem["field"], &problem["code"]), (&json!("cursor"), &json!("invalid_cursor")));
    let arguments = json!({"restaurant_id": 1, "reviews_cursor": cursor});
    let problem = only_problem(&server, "get_details_mcp", arguments).await;
    assert_eq!(problem["field"], "reviews_cursor");
}

#[tokio::test]
async fn all_problems_come_at_once() {
    let server = Server::start().await;
    let arguments = json!({"restaurant_id": true, "user_name": " ", "rating": 6, "stars": 5});
    let error = server.error("create_review_mcp", arguments).await;
    let problems = error["problems"].as_array().unwrap();
    let named: Vec<_> = problems
        .iter()
        .map(|problem| (problem["field"].as_str().unwrap(), problem["code"].as_str().unwrap()))
        .collect();
    let expected = [
        ("restaurant_id", "wrong_type"),
        ("user_name", "blank"),
        ("rating", "out_of_range"),
        ("review_text", "missing"),
        ("stars", "unknown_argument"),
    ];
    assert_eq!(named, expected);
}

/// What the schema calls required is what the tool misses.
#[tokio::test]
async fn exactly_the_required_arguments_are_missed() {
    let server = Server::start().await;
    for tool in server.tools().await {
        let required = tool["inputSchema"]["required"].as_array().unwrap();
        for arguments in [json!({}), json!(null)] {
            let result = server.call(tool["name"].as_str().unwrap(), arguments).await;
            let text = result["content"][0]["text"].as_str().unwrap();
            let error: Value = serde_json::from_str(text).unwrap();
            let problems = error["problems"].as_array().cloned().unwrap_or_default();
            let missed: Vec<_> = problems.iter().map(|problem| &problem["field"]).collect();
            assert_eq!(missed, required.iter().collect::<Vec<_>>());
            assert!(problems.iter().all(|problem| problem["code"] == "missing"), "{error}");
        }
    }
}

#[tokio::test]
async fn unknown_arguments_are_named_but_not_all_of_a_thousand() {
    let server = Server::start().await;
    let arguments = (0..1000).map(|i| (format!("extra{i}"), json!(i))).collect();
    let error = server.error("list_restaurants_mcp", Value::Object(arguments)).await;
    assert_eq!(error["problems"].as_array().unwrap().len(), 10);
    let message = error["problems"][0]["message"].as_str().unwrap();
    assert!(message.ends_with("the arguments are search, sort, limit, cursor"), "{message}");
}

#[tokio::test]
async fn an_unknown_restaurant_is_not_found() {
    let server = Server::start().await;
    for id in [1, 0, -1, i64::MAX] {
        for (tool, arguments) in [
            ("get_details_mcp", json!({"restaurant_id": id})),
            ("create_review_mcp", review(&json!({"restaurant_id": id}))),
        ] {
            let error = server.error(tool, arguments).await;
            assert_eq!(error["code"], "not_found");
            assert_eq!(error["message"], format!("there is no restaurant with the id {id}"));
            assert!(error["next_step"].as_str().unwrap().contains("list_restaurants_mcp"));
        }
    }
}
