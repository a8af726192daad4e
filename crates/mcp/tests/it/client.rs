//! The protocol library's own client: a whole session.

use rmcp::{
    RoleClient, ServiceExt, model::CallToolRequestParams, service::RunningService,
    transport::StreamableHttpClientTransport,
};
use serde_json::{Value, json};

use crate::endpoint::{adapter, serve};

async fn call(
    client: &RunningService<RoleClient, ()>,
    tool: &'static str,
    arguments: Value,
) -> Value {
    let arguments = arguments.as_object().cloned().unwrap();
    let result =
        client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await.unwrap();
    assert_ne!(result.is_error, Some(true), "{result:?}");
    result.structured_content.unwrap()
}

#[tokio::test]
async fn a_client_connects_lists_and_calls_all_four() {
    let adapter =
        adapter().server_info("food", "Food of the town", "1.2.3").instructions("Be kind.");
    let url = serve(adapter).await;
    let client = ().serve(StreamableHttpClientTransport::from_uri(url)).await.unwrap();
    let server = client.peer_info().unwrap();
    assert_eq!(server.server_info.as_ref().unwrap().name, "food");
    assert_eq!(server.instructions.as_deref(), Some("Be kind."));
    assert_eq!(client.list_all_tools().await.unwrap().len(), 4);

    let restaurant =
        json!({"restaurant_name": "Blue Door", "street_address": "1 Quay", "description": "Fish"});
    let restaurant = call(&client, "create_restaurant_mcp", restaurant).await;
    let expected = json!({"id": 1, "name": "Blue Door", "street_address": "1 Quay", "description": "Fish", "review_count": 0, "stars_percent": 0});
    assert_eq!(restaurant, expected);
    let review =
        json!({"restaurant_id": 1, "user_name": "Ann", "rating": 5, "review_text": "Line\nline"});
    let review = call(&client, "create_review_mcp", review).await;
    let date = review["review_date"].as_str().unwrap();
    assert!(date.len() == "2026-01-01T00:00:00.000000Z".len() && date.ends_with('Z'), "{date}");
    let expected = json!({"id": 1, "restaurant": 1, "user_name": "Ann", "rating": 5, "review_text": "Line\nline", "review_date": date});
    assert_eq!(review, expected);

    let details = call(&client, "get_details_mcp", json!({"restaurant_id": 1})).await;
    assert_eq!(details["reviews"], json!([review]));
    assert_eq!(details["restaurant"]["avg_rating"], 5.0);
    let list = call(&client, "list_restaurants_mcp", json!({})).await;
    assert_eq!(list, json!({"restaurants": [details["restaurant"]], "total": 1}));
    client.cancel().await.unwrap();
}
