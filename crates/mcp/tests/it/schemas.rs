//! What clients are told of each tool: a snapshot each, and the forms that some clients refuse.

use serde_json::{Value, json};

use crate::endpoint::{adapter, result, serve};

async fn tools() -> Vec<Value> {
    let url = serve(adapter()).await;
    result(&url, "tools/list", json!({})).await["tools"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_tool_is_as_it_was_committed() {
    for tool in tools().await {
        let name = tool["name"].as_str().unwrap().to_owned();
        insta::assert_json_snapshot!(name, tool);
    }
}

#[tokio::test]
async fn every_tool_has_a_title_and_all_hints() {
    for tool in tools().await {
        assert!(tool["title"].is_string() && tool["description"].is_string());
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{hint} of {}", tool["name"]);
        }
        assert_eq!(tool["annotations"]["title"], tool["title"]);
    }
}

#[tokio::test]
async fn no_schema_holds_what_clients_refuse() {
    fn check(schema: &Value) {
        if let Value::Object(object) = schema {
            for refused in [
                "$ref",
                "$defs",
                "$schema",
                "anyOf",
                "allOf",
                "oneOf",
                "format",
                "exclusiveMinimum",
                "exclusiveMaximum",
            ] {
                assert!(!object.contains_key(refused), "{refused} in {schema}");
            }
            assert!(
                !object.get("type").is_some_and(|kind| kind.is_array() || kind == "null"),
                "{schema}"
            );
            object.values().for_each(check);
        } else if let Value::Array(items) = schema {
            items.iter().for_each(check);
        }
    }
    for tool in tools().await {
        check(&tool["inputSchema"]);
        check(&tool["outputSchema"]);
        assert_eq!(tool["inputSchema"]["type"], "object");
        assert_eq!(tool["outputSchema"]["type"], "object");
    }
}
