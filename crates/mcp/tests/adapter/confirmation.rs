//! Confirmation of writes by a person, in both eras of the protocol.

use std::sync::Arc;

use restaurant_domain::{Actor, Author, Permissions, testing::InMemoryStore};
use restaurant_mcp::{ConfirmWrites, McpAdapter};
use rmcp::{
    ClientHandler, ServiceExt,
    model::{
        CallToolRequestParams, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult,
        ElicitationAction, ElicitationCapability, Implementation,
    },
    service::{RequestContext, RoleClient},
};
use serde_json::{Value, json};

use crate::{
    log::Log,
    server::{Server, json_of, message, text_of},
};

fn adapter(writes: ConfirmWrites) -> McpAdapter {
    McpAdapter::new(Arc::new(InMemoryStore::default())).confirm_writes(writes)
}

fn agent() -> Actor {
    Actor::new(Author::agent_for_person("1", Some("Ada")), Permissions::ALL)
}

/// Calls a tool as a client of 2026-07-28 with these capabilities.
async fn call(server: &Server, tool: &str, capabilities: Value, mut params: Value) -> Value {
    params["name"] = json!(tool);
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": capabilities,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    });
    let request = server.post(message("tools/call", &params)).header("mcp-method", "tools/call");
    let request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-name", tool);
    json_of(request.send().await.unwrap()).await["result"].clone()
}

fn review(text: &str) -> Value {
    json!({"restaurant_id": 1, "user_name": "Ann", "rating": 4, "review_text": text})
}

async fn count(server: &Server) -> Value {
    let details = server.ok("get_details_mcp", json!({"restaurant_id": 1})).await;
    details["restaurant"]["review_count"].clone()
}

/// A server with a restaurant, whose writes by agents are confirmed.
async fn confirming(adapter: McpAdapter) -> Server {
    let server = Server::with_actor(adapter, agent()).await;
    server.add_restaurant("Anchor").await;
    server
}

#[tokio::test]
async fn a_person_confirms_what_will_be_written() {
    let log = Log::start();
    let server = confirming(adapter(ConfirmWrites::Agents)).await;
    let elicits = json!({"elicitation": {}});
    let arguments = review("Fine.\n5 of 5 stars");
    let asked =
        call(&server, "create_review_mcp", elicits.clone(), json!({"arguments": arguments})).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let question = &asked["inputRequests"]["confirm"];
    assert_eq!(question["method"], "elicitation/create");
    let words = question["params"]["message"].as_str().unwrap();
    assert_eq!(
        words,
        "Publish a review of “Anchor” with 4 of 5 stars in the name “Ann”, for all readers? Its text:\n\n> Fine.\n> 5 of 5 stars"
    );
    let schema = &question["params"]["requestedSchema"];
    assert_eq!(schema["properties"]["confirm"]["type"], "boolean");
    assert_eq!(count(&server).await, 0, "nothing is written yet");

    let answered = async |arguments: Value, state: &Value, answer: Value| {
        let params = json!({
            "arguments": arguments, "requestState": state, "inputResponses": {"confirm": answer},
        });
        call(&server, "create_review_mcp", elicits.clone(), params).await
    };
    let state = &asked["requestState"];
    let yes = json!({"action": "accept", "content": {"confirm": true}});
    for no in [
        json!({"action": "decline"}),
        json!({"action": "cancel"}),
        json!({"action": "accept"}),
        json!({"action": "accept", "content": {"confirm": false}}),
        json!({"action": "accept", "content": {"confirm": "true"}}),
        json!({"content": {"confirm": true}}),
        json!(true),
        json!(null),
    ] {
        let refused = answered(arguments.clone(), state, no.clone()).await;
        assert_eq!(refused["isError"], true, "{no}: {refused}");
        assert_eq!(text_of(&refused)["code"], "not_confirmed", "{no}");
    }
    // Other arguments than those that were asked about, or an answer to no question.
    for (arguments, state) in [
        (review("Awful"), state.clone()),
        (arguments.clone(), json!("")),
        (arguments.clone(), json!("x".repeat(64))),
    ] {
        let again = answered(arguments, &state, yes.clone()).await;
        assert_eq!(again["resultType"], "input_required", "{again}");
    }
    assert_eq!(count(&server).await, 0);
    let written = answered(arguments, state, yes).await;
    assert_eq!(written["structuredContent"]["review_text"], "Fine.\n5 of 5 stars", "{written}");
    assert_eq!(count(&server).await, 1);
    for outcome in ["confirmation_requested", "not_confirmed", "created"] {
        assert!(!log.audit(&format!("outcome=\"{outcome}\"")).is_empty(), "{outcome}");
    }
}

#[tokio::test]
async fn a_restaurant_is_confirmed_too_and_a_faulty_call_is_not_asked_about() {
    let server = confirming(adapter(ConfirmWrites::Always)).await;
    let elicits = json!({"elicitation": {"form": {}}});
    let restaurant =
        json!({"restaurant_name": "Buoy", "street_address": "1 Quay", "description": "Fish"});
    let params = json!({"arguments": restaurant});
    let asked = call(&server, "create_restaurant_mcp", elicits.clone(), params).await;
    let words = asked["inputRequests"]["confirm"]["params"]["message"].as_str().unwrap();
    assert_eq!(
        words,
        "Add the restaurant “Buoy”, 1 Quay, for all readers? Its description:\n\n> Fish"
    );
    let twin = json!({"restaurant_name": "ANCHOR", "street_address": "1 Quay", "description": "x"});
    let asked =
        call(&server, "create_restaurant_mcp", elicits.clone(), json!({"arguments": twin})).await;
    let words = asked["inputRequests"]["confirm"]["params"]["message"].as_str().unwrap();
    assert!(words.ends_with("\n\nIt may be here already: 1, “Anchor”, 1 Quay."), "{words}");
    let read = json!({"arguments": {"restaurant_id": 1}});
    let details = call(&server, "get_details_mcp", elicits.clone(), read).await;
    assert_eq!(details["isError"], false, "reads are not confirmed");
    for (arguments, code) in [
        (json!({}), "invalid_arguments"),
        (
            json!({"restaurant_id": 9, "user_name": "A", "rating": 1, "review_text": "x"}),
            "not_found",
        ),
    ] {
        let params = json!({"arguments": arguments});
        let faulty = call(&server, "create_review_mcp", elicits.clone(), params).await;
        assert_eq!(text_of(&faulty)["code"], code, "{faulty}");
    }
}

#[tokio::test]
async fn only_what_is_set_is_confirmed() {
    let elicits = json!({"elicitation": {}});
    let params = || json!({"arguments": review("Fine")});
    for (writes, author, is_asked) in [
        (ConfirmWrites::Never, Author::agent("1", None), false),
        (ConfirmWrites::Agents, Author::agent("1", None), true),
        (ConfirmWrites::Agents, Author::person("1", None), false),
        (ConfirmWrites::Agents, Author::anonymous(), false),
        (ConfirmWrites::Always, Author::person("1", None), true),
        (ConfirmWrites::Always, Author::anonymous(), true),
    ] {
        let server =
            Server::with_actor(adapter(writes), Actor::new(author, Permissions::ALL)).await;
        server.add_restaurant("Anchor").await;
        let result = call(&server, "create_review_mcp", elicits.clone(), params()).await;
        assert_eq!(result["resultType"] == "input_required", is_asked, "{writes:?}: {result}");
    }
}

#[tokio::test]
async fn a_client_that_cannot_ask_writes_or_is_refused() {
    let cannot = [json!({}), json!({"elicitation": {"url": {}}}), json!({"sampling": {}})];
    let server = confirming(adapter(ConfirmWrites::Agents)).await;
    for capabilities in cannot.clone() {
        let params = json!({"arguments": review("Fine")});
        let written = call(&server, "create_review_mcp", capabilities, params).await;
        assert_eq!(written["isError"], false, "{written}");
    }
    assert_eq!(count(&server).await, cannot.len());
    let required = adapter(ConfirmWrites::Agents).require_confirmation();
    let server = Server::with_actor(required, agent()).await;
    for capabilities in cannot {
        let params = json!({"arguments": {"restaurant_name": "x", "street_address": "x", "description": "x"}});
        let refused = call(&server, "create_restaurant_mcp", capabilities, params).await;
        assert_eq!(text_of(&refused)["code"], "confirmation_required", "{refused}");
    }
    // An older client over HTTP has no session in which it could be asked.
    let restaurant = json!({"restaurant_name": "x", "street_address": "x", "description": "x"});
    let error = server.error("create_restaurant_mcp", restaurant).await;
    assert_eq!(error["code"], "confirmation_required");
}

/// A client with a person who gives one answer to all questions.
#[derive(Clone)]
struct Asking(ElicitResult);

impl ClientHandler for Asking {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = Some(ElicitationCapability::default());
        ClientConfig::new(capabilities, Implementation::new("test", "1"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, rmcp::ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, .. } = request else { panic!() };
        assert!(message.starts_with("Add the restaurant “Anchor”"), "{message}");
        Ok(self.0.clone())
    }
}

#[tokio::test]
async fn an_older_client_is_asked_over_its_streams() {
    let yes = ElicitResult::new(ElicitationAction::Accept).with_content(json!({"confirm": true}));
    for (answer, code) in
        [(yes, None), (ElicitResult::new(ElicitationAction::Decline), Some("not_confirmed"))]
    {
        let (ours, theirs) = tokio::io::duplex(1024 * 1024);
        let (input, output) = tokio::io::split(theirs);
        let adapter = adapter(ConfirmWrites::Always).require_confirmation();
        let adapter = adapter.default_actor(Actor::unauthenticated());
        let server = tokio::spawn(adapter.serve_stdio(input, output));
        let client = Asking(answer).serve(ours).await.unwrap();
        let arguments =
            json!({"restaurant_name": "Anchor", "street_address": "1 Quay", "description": "Fish"});
        let call = CallToolRequestParams::new("create_restaurant_mcp");
        let call = call.with_arguments(rmcp::model::object(arguments));
        let result = client.call_tool(call).await.unwrap();
        let result = serde_json::to_value(&result).unwrap();
        match code {
            None => assert_eq!(result["structuredContent"]["name"], "Anchor", "{result}"),
            Some(code) => assert_eq!(text_of(&result)["code"], code, "{result}"),
        }
        client.cancel().await.unwrap();
        server.await.unwrap().unwrap();
    }
}
