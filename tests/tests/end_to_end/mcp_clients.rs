//! Clients that others wrote, each in both eras of the protocol, pay the product the same visit on both databases.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod rmcp_client;
mod visit;

use restaurant_tests::{node, on_both_databases, product::Product, python::Environment};
use rmcp::{ClientLifecycleMode, model::ProtocolVersion};
use serde_json::Value;

use self::visit::{STATEFUL, STATELESS, Visit};

on_both_databases! {
    rmcp_with_initialize
    rmcp_without_initialize
    python_1
    python_2_with_initialize
    python_2_without_initialize
    typescript_1
    typescript_2_with_initialize
    typescript_2_without_initialize
}

/// Which era a client is to speak; as the programs call it.
const WITH_INITIALIZE: (&str, &str) = ("legacy", STATEFUL);
const WITHOUT_INITIALIZE: (&str, &str) = ("auto", STATELESS);

/// Begins a visit, has a program make it, and judges what it reports.
async fn visit(
    product: Product,
    (mode, version): (&'static str, &str),
    program: impl FnOnce([String; 3]) -> anyhow::Result<Value> + Send + 'static,
) {
    let visit = Visit::begin(&product).await;
    let args = [product.url("/mcp"), visit.steps(), mode.to_owned()];
    let report = tokio::task::spawn_blocking(move || program(args)).await.unwrap().unwrap();
    visit.judge(&report, version);
}

async fn python_1(product: Product) {
    visit(product, WITH_INITIALIZE, |args| Environment::Mcp1.run("visit.py", &args)).await;
}

async fn python_2_with_initialize(product: Product) {
    visit(product, WITH_INITIALIZE, |args| Environment::Agent.run("visit.py", &args)).await;
}

async fn python_2_without_initialize(product: Product) {
    visit(product, WITHOUT_INITIALIZE, |args| Environment::Agent.run("visit.py", &args)).await;
}

fn typescript(package: &str, [url, steps, mode]: [String; 3]) -> anyhow::Result<Value> {
    let said = node::run("visit.mjs", &[package, &url, &steps, &mode])?;
    Ok(serde_json::from_str(&said)?)
}

async fn typescript_1(product: Product) {
    visit(product, WITH_INITIALIZE, |args| typescript("sdk1", args)).await;
}

async fn typescript_2_with_initialize(product: Product) {
    visit(product, WITH_INITIALIZE, |args| typescript("client2", args)).await;
}

async fn typescript_2_without_initialize(product: Product) {
    visit(product, WITHOUT_INITIALIZE, |args| typescript("client2", args)).await;
}

async fn rmcp_with_initialize(product: Product) {
    let visit = Visit::begin(&product).await;
    let report = rmcp_client::visit(&product, ClientLifecycleMode::Initialize, &visit).await;
    visit.judge(&report, STATEFUL);
}

async fn rmcp_without_initialize(product: Product) {
    let visit = Visit::begin(&product).await;
    let mode =
        ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    let report = rmcp_client::visit(&product, mode, &visit).await;
    visit.judge(&report, STATELESS);
}
