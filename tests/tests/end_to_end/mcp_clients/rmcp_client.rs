//! A visit by rmcp's client.

use restaurant_tests::product::Product;
use rmcp::{
    ClientLifecycleMode, ClientServiceExt, Peer, RoleClient, ServiceError,
    transport::StreamableHttpClientTransport,
};
use serde_json::{Value, from_value, json};

use super::visit::Visit;

/// Asks what the visit asks, and reports as the programs do that are no part of this process.
pub(crate) async fn visit(product: &Product, mode: ClientLifecycleMode, visit: &Visit) -> Value {
    let transport = StreamableHttpClientTransport::from_uri(product.url("/mcp"));
    let client = ().serve_with_lifecycle(transport, mode).await.unwrap();
    let mut answers = Vec::new();
    for (method, params) in visit.questions() {
        answers.push(match ask(&client, method, params.clone()).await {
            Ok(answer) => answer,
            Err(ServiceError::McpError(error)) => json!({"error": error}),
            Err(error) => panic!("{method}: {error}"),
        });
    }
    let server = client.peer_info().unwrap();
    let report = json!({
        "protocol": server.protocol_version,
        "server": server.server_info.as_ref().unwrap().name,
        "answers": answers,
    });
    client.cancel().await.unwrap();
    report
}

async fn ask(
    client: &Peer<RoleClient>,
    method: &str,
    params: Value,
) -> Result<Value, ServiceError> {
    Ok(match method {
        "tools/list" => json!(client.list_tools(None).await?),
        "tools/call" => json!(client.call_tool(from_value(params).unwrap()).await?),
        "resources/list" => json!(client.list_resources(None).await?),
        "resources/templates/list" => json!(client.list_resource_templates(None).await?),
        "resources/read" => json!(client.read_resource(from_value(params).unwrap()).await?),
        "prompts/list" => json!(client.list_prompts(None).await?),
        "prompts/get" => json!(client.get_prompt(from_value(params).unwrap()).await?),
        "completion/complete" => json!(client.complete(from_value(params).unwrap()).await?),
        _ => panic!("nobody asks for {method}"),
    })
}
