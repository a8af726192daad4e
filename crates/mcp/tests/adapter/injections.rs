//! Texts that try to be more than data: none leaves its field, and each field is marked.

use std::sync::Arc;

use restaurant_domain::{
    Actor, Author, ClientApplication, Description, Permissions, RestaurantName, ReviewText,
    UserName,
    testing::{INJECTIONS, InMemoryStore},
};
use restaurant_mcp::McpAdapter;
use serde_json::{Value, json};

use crate::server::Server;

/// The key of the mark.
const KEY: &str = "restaurant-reviews/untrusted";

/// A text that is short enough for the field: the attempt, or a harmless one.
fn or_harmless<T, E>(text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> String {
    if parse(text).is_ok() { text.to_owned() } else { "Harmless".to_owned() }
}

/// Where texts of a value are that contain the attempt. Texts that hold JSON are read too.
fn places(value: &Value, attempt: &str, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner) if path.ends_with("text") && inner.is_object() && text != attempt => {
                places(&inner, attempt, &format!("{path}!"), found);
            }
            _ if text.contains(attempt) => found.push(path.to_owned()),
            _ => {}
        },
        Value::Array(items) => {
            for item in items {
                places(item, attempt, &format!("{path}[]"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                assert!(!name.contains(attempt), "it is the name of a field");
                places(field, attempt, &format!("{path}.{name}"), found);
            }
        }
        _ => {}
    }
}

/// The marked fields of a value, with the path to it before each.
fn marked(value: &Value, path: &str) -> Vec<String> {
    let fields = value["_meta"][KEY]["fields"].as_array();
    let fields = fields.unwrap_or_else(|| panic!("no mark in {value}"));
    fields.iter().map(|field| format!("{path}.{}", field.as_str().unwrap())).collect()
}

/// Checks that an attempt is in marked fields of a result alone, and in at least one.
fn check(what: &str, result: &Value, attempt: &str, fields: &[String]) {
    let mut found = Vec::new();
    places(result, attempt, "", &mut found);
    assert!(!found.is_empty(), "{what}: it is not there: {result}");
    for place in found {
        assert!(fields.contains(&place), "{what}: {place} is not marked in {fields:?}");
    }
}

fn check_tool(what: &str, result: &Value, attempt: &str) {
    assert_eq!(result["isError"], false, "{what}: {result}");
    assert_eq!(result["content"].as_array().unwrap().len(), 1, "{what}");
    let fields = marked(result, ".structuredContent");
    let in_text = fields.iter().map(|it| it.replacen(".structuredContent", ".content[].text!", 1));
    let fields: Vec<_> = fields.iter().cloned().chain(in_text).collect();
    check(what, result, attempt, &fields);
}

/// Checks a prompt: the attempt is in an attached resource, and in no message of instructions.
fn check_prompt(what: &str, result: &Value, attempt: &str) {
    let messages = result["messages"].as_array().unwrap();
    let (instructions, attached): (Vec<_>, Vec<_>) =
        messages.iter().partition(|message| message["content"]["type"] == "text");
    assert!(!attached.is_empty() && !instructions.is_empty(), "{what}");
    for message in instructions {
        let text = message["content"]["text"].as_str().unwrap();
        assert!(!text.contains(attempt), "{what}: it is in the instructions: {text}");
    }
    for message in attached {
        let resource = &message["content"]["resource"];
        check(what, resource, attempt, &marked(resource, ".text!"));
    }
}

/// A server whose caller has the attempt as its name and as the name of its client application.
async fn server(attempt: &str) -> Server {
    let client = ClientApplication::new("app", Some(attempt));
    let author = Author::agent_for_person("1", Some(attempt)).with_client(client);
    let actor = Actor::new(author, Permissions::ALL);
    Server::with_actor(McpAdapter::new(Arc::new(InMemoryStore::default())), actor).await
}

#[tokio::test]
async fn no_text_of_a_user_leaves_its_field() {
    for injection in INJECTIONS.iter().filter(|injection| injection.is_accepted) {
        let (what, attempt) = (injection.name, injection.text.trim());
        let server = server(attempt).await;
        let name = or_harmless(attempt, RestaurantName::parse);
        let restaurant = json!({
            "restaurant_name": name, "street_address": or_harmless(attempt, RestaurantName::parse),
            "description": attempt,
        });
        let created = server.call("create_restaurant_mcp", restaurant).await;
        check_tool(what, &created, attempt);
        let id = created["structuredContent"]["id"].clone();
        let review = json!({
            "restaurant_id": id, "user_name": or_harmless(attempt, UserName::parse), "rating": 1,
            "review_text": attempt,
        });
        check_tool(what, &server.call("create_review_mcp", review).await, attempt);
        check_tool(what, &server.call("list_restaurants_mcp", json!({})).await, attempt);
        let details = json!({"restaurant_id": id});
        check_tool(what, &server.call("get_details_mcp", details).await, attempt);

        let request = async |method: &str, params: Value| {
            let response = server.request(method, params).await;
            assert!(response["error"].is_null(), "{what}: {response}");
            response["result"].clone()
        };
        let uri = format!("restaurant://{id}");
        let read = request("resources/read", json!({"uri": uri})).await;
        let content = &read["contents"][0];
        check(what, content, attempt, &marked(content, ".text!"));
        if name == attempt {
            let listed = request("resources/list", json!({})).await;
            check(what, &listed, attempt, &marked(&listed, ""));
            let reference = json!({"type": "ref/prompt", "name": "write_fair_review"});
            let argument = json!({"name": "restaurant", "value": ""});
            let params = json!({"ref": reference, "argument": argument});
            let completed = request("completion/complete", params).await;
            check(what, &completed, attempt, &marked(&completed, ""));
        }
        let id = id.to_string();
        let both = json!({"first_restaurant": id, "second_restaurant": id});
        let params = json!({"name": "compare_restaurants", "arguments": both});
        check_prompt(what, &request("prompts/get", params).await, attempt);
        let params = json!({"name": "write_fair_review", "arguments": {"restaurant": id}});
        check_prompt(what, &request("prompts/get", params).await, attempt);
    }
}

#[tokio::test]
async fn a_text_that_hides_something_is_refused() {
    let server = Server::start().await;
    server.add_restaurant("Anchor").await;
    for injection in INJECTIONS.iter().filter(|injection| !injection.is_accepted) {
        let (what, text) = (injection.name, injection.text);
        assert!(Description::parse(text).is_err() && ReviewText::parse(text).is_err(), "{what}");
        let review =
            json!({"restaurant_id": 1, "user_name": "Ann", "rating": 1, "review_text": text});
        let error = server.error("create_review_mcp", review).await;
        assert_eq!(error["code"], "invalid_arguments", "{what}");
        let words = error.to_string();
        assert!(!words.contains(text), "{what}: the error repeats it: {words}");
    }
}

/// Every text of a result is one that users wrote, and marked, or one that the server makes.
#[tokio::test]
async fn every_text_of_a_user_is_marked() {
    let ours = ["next_cursor", "review_date", "kind", "blueprint", "channel", "tool", "client.id"];
    let server = Server::start().await;
    let id = server.add_restaurant("Anchor").await;
    server.add_review(id, 3).await;
    for tool in server.tools().await {
        let arguments = match tool["name"].as_str().unwrap() {
            "list_restaurants_mcp" => json!({}),
            "get_details_mcp" => json!({"restaurant_id": id}),
            "create_review_mcp" => {
                json!({"restaurant_id": id, "user_name": "Ann", "rating": 1, "review_text": "x"})
            }
            _ => json!({"restaurant_name": "x", "street_address": "x", "description": "x"}),
        };
        let result = server.call(tool["name"].as_str().unwrap(), arguments).await;
        let fields = marked(&result, "");
        let mut texts = Vec::new();
        leaves(&tool["outputSchema"], "", &mut texts);
        let unmarked = texts.iter().filter(|text| !fields.contains(text));
        let unmarked: Vec<_> =
            unmarked.filter(|text| !ours.iter().any(|ours| text.ends_with(ours))).collect();
        assert!(unmarked.is_empty(), "{unmarked:?}");
        assert!(fields.iter().all(|field| texts.contains(field)), "{fields:?}");
        insta::assert_json_snapshot!(
            format!("untrusted_{}", tool["name"].as_str().unwrap()),
            result["_meta"]
        );
    }
}

/// The paths of the texts in a schema.
fn leaves(schema: &Value, path: &str, texts: &mut Vec<String>) {
    if schema["type"] == "string" {
        texts.push(path.to_owned());
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        leaves(property, &format!("{path}.{name}"), texts);
    }
    if schema["items"].is_object() {
        leaves(&schema["items"], &format!("{path}[]"), texts);
    }
}
