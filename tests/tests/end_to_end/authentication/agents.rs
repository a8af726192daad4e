//! Agents with the official libraries: a token from the emulator, then the tools with it.

use easyauth_emulator::sample;
use restaurant_tests::python::Environment;

use super::protected_server::{Deployment, ProtectedServer};

async fn an_agent_works(deployment: Deployment, library: &str) {
    let protected = ProtectedServer::start(deployment).await;
    let args = [protected.url("/mcp"), format!("api://{}", sample::API), library.to_owned()];
    let endpoint = protected.cloud().identity_endpoint();
    let header = protected.cloud().identity_header().to_owned();
    let report = tokio::task::spawn_blocking(move || {
        let env = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", header.as_str())];
        Environment::Agent.run_with("agent.py", &args, &env)
    });
    let report = report.await.unwrap().unwrap();
    let tools =
        ["create_restaurant_mcp", "create_review_mcp", "get_details_mcp", "list_restaurants_mcp"];
    assert_eq!(report["tools"], serde_json::json!(tools));
    assert_eq!(report["review"]["user_name"], "A visiting agent");
    let without = report["without"].as_array().unwrap();
    assert!(!without.is_empty() && without.iter().all(|status| *status == 401), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn azure_identity_gets_an_agent_past_the_server() {
    an_agent_works(Deployment::Entra, "azure-identity").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn azure_identity_gets_an_agent_past_the_platform() {
    an_agent_works(Deployment::Platform, "azure-identity").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn msal_gets_an_agent_past_both() {
    an_agent_works(Deployment::Both, "msal").await;
}
