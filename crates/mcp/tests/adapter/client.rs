//! A client that others wrote (rmcp's) does a guest's round: look, add, review, read back.

use rmcp::{
    ServiceExt,
    model::{CallToolRequestParams, ClientCapabilities, ClientConfig, Implementation},
    transport::StreamableHttpClientTransport,
};
use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test]
async fn a_real_client_lists_and_calls_every_tool() {
    let server = Server::start().await;
    let transport = StreamableHttpClientTransport::from_uri(server.url.clone());
    let me = ClientConfig::new(ClientCapabilities::default(), Implementation::new("test", "1"));
    let client = me.serve(transport).await.unwrap();
    let call = async |tool: &'static str, arguments: Value| {
        let request =
            CallToolRequestParams::new(tool).with_arguments(rmcp::model::object(arguments));
        let result = client.call_tool(request).await.unwrap();
        assert_eq!(result.is_error, Some(false), "{result:?}");
        result.structured_content.unwrap()
    };

    let info = client.peer_info().unwrap();
    assert_eq!(info.server_info.as_ref().unwrap().name, "RestaurantReviewsMCP");
    assert!(info.instructions.as_ref().unwrap().contains("list_restaurants_mcp"));
    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| &*tool.name).collect();
    let expected =
        ["list_restaurants_mcp", "get_details_mcp", "create_review_mcp", "create_restaurant_mcp"];
    assert_eq!(names, expected);

    let restaurant = call(
        "create_restaurant_mcp",
        json!({"restaurant_name": "Blue Door", "street_address": "1 Quay", "description": "Fish"}),
    );
    let id = restaurant.await["id"].clone();
    let review = call(
        "create_review_mcp",
        json!({"restaurant_id": id, "user_name": "Ann", "rating": 4, "review_text": "Good"}),
    )
    .await;
    let details = call("get_details_mcp", json!({"restaurant_id": id})).await;
    assert_eq!(details["reviews"], json!([review]));
    let list = call("list_restaurants_mcp", json!({})).await;
    assert_eq!(list["restaurants"], json!([details["restaurant"]]));
    assert_eq!(list["restaurants"][0]["avg_rating"], 4.0);
    client.cancel().await.unwrap();
}
