//! The challenge for a user who lacks the app role of an MCP operation.

use restaurant_tests::server::ServerBuilder;
use serde_json::{Value, json};

use super::{
    attack::{self, bearer},
    forge::Forge,
    protected_server::{Deployment, ProtectedServer},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_without_the_role_of_an_operation_gets_a_challenge() {
    let finer = |server: ServerBuilder| {
        server.env("MCP_READ_ROLE", "MCP.Read").env("MCP_WRITE_ROLE", "MCP.Write")
    };
    let protected = ProtectedServer::with(Deployment::Entra, finer).await;
    for (roles, read, write) in [
        (json!([]), 403, 403),
        (json!(["MCP.Read"]), 200, 403),
        (json!(["MCP.Read", "MCP.WriteX"]), 200, 403),
        (json!(["MCP.Read", "MCP.Write"]), 200, 200),
    ] {
        let token = bearer(Forge::person(protected.cloud()).claim("roles", roles.clone()).sign());
        let params = json!({"name": "get_details_mcp", "arguments": {"restaurant_id": 1}});
        let answer = attack::send(&protected, &token, "tools/call", params).await.unwrap();
        assert_eq!(answer.status(), read, "{roles}");
        let params = json!({"uri": "restaurant://1"});
        let resource = attack::send(&protected, &token, "resources/read", params).await.unwrap();
        assert_eq!(resource.status(), read, "{roles}");
        let answer = attack::write(&protected, &token, "Once").await.unwrap();
        assert_eq!(answer.status(), write, "{roles}");
        if write == 403 {
            let address = protected.url("/.well-known/oauth-protected-resource/mcp/mcp");
            let challenge =
                format!("Bearer error=\"insufficient_scope\", resource_metadata=\"{address}\"");
            assert_eq!(answer.headers()["www-authenticate"], challenge, "a role is no scope");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"], "insufficient_scope");
            assert_eq!(body["resource_metadata"], address);
        }
    }
    let agent = bearer(Forge::agent(protected.cloud()).sign());
    let answer = attack::write(&protected, &agent, "Never").await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("you may not add"));
    let roles = json!(["MCP.Access", "MCP.Read"]);
    let reader = bearer(Forge::agent(protected.cloud()).claim("roles", roles).sign());
    let reviews = attack::details(&protected, &reader).await;
    let written = reviews.iter().filter(|review| review["user_name"] == "Mallory");
    assert_eq!(written.count(), 1, "one review was allowed");
}

/// A client that acts for a user requests the scope of an operation when it needs it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_without_the_scope_of_an_operation_is_told_to_request_it() {
    let finer = |server: ServerBuilder| server.env("MCP_WRITE_SCOPE", "Reviews.Write");
    let protected = ProtectedServer::with(Deployment::Entra, finer).await;
    let person = |scopes: &str| {
        let forge = Forge::person(protected.cloud()).claim("scp", json!(scopes));
        bearer(forge.sign())
    };
    let reader = person("user_impersonation");
    let params = json!({"name": "get_details_mcp", "arguments": {"restaurant_id": 1}});
    let answer = attack::send(&protected, &reader, "tools/call", params).await.unwrap();
    assert_eq!(answer.status(), 200, "it may read");
    let refused = attack::write(&protected, &reader, "Never").await.unwrap();
    assert_eq!(refused.status(), 403);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let api = format!("api://{}", easyauth_emulator::sample::API);
    let scope = format!("scope=\"{api}/user_impersonation {api}/Reviews.Write\"");
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains(&scope), "{challenge}");
    let near = person("user_impersonation Reviews.WriteX");
    assert_eq!(attack::write(&protected, &near, "Never").await.unwrap().status(), 403);
    let stepped_up = person("user_impersonation Reviews.Write");
    let answer = attack::write(&protected, &stepped_up, "Once").await.unwrap();
    assert_eq!(answer.status(), 200);
    // An application cannot request a scope: its role decides.
    let agent = bearer(Forge::agent(protected.cloud()).sign());
    let answer = attack::write(&protected, &agent, "Twice").await.unwrap();
    let written: Value = answer.json().await.unwrap();
    assert_eq!(written["result"]["isError"], false, "{written}");
    let reviews = attack::details(&protected, &agent).await;
    let texts = reviews.iter().filter(|review| review["user_name"] == "Mallory");
    let texts: Vec<_> = texts.map(|review| review["review_text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Twice", "Once"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_reads_with_the_scope_that_is_set() {
    let finer = |server: ServerBuilder| server.env("MCP_READ_SCOPE", "Reviews.Read");
    let protected = ProtectedServer::with(Deployment::Entra, finer).await;
    for (scopes, status) in [
        ("user_impersonation", 403),
        ("user_impersonation Reviews.ReadX", 403),
        ("user_impersonation Reviews.Read", 200),
    ] {
        let person = Forge::person(protected.cloud()).claim("scp", json!(scopes));
        let params = json!({"name": "get_details_mcp", "arguments": {"restaurant_id": 1}});
        let answer = attack::send(&protected, &bearer(person.sign()), "tools/call", params).await;
        assert_eq!(answer.unwrap().status(), status, "{scopes}");
    }
}
