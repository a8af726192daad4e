//! Clients that others wrote, each in both eras of the protocol, pay the product the same visit on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod rmcp_client;
mod visit;

use restaurant_tests::{on_both_databases, product::Product, python::Environment};
use rmcp::{ClientLifecycleMode, model::ProtocolVersion};
use serde_json::Value;

use crate::visit::{STATEFUL, STATELESS, Visit};

on_both_databases! {
    rmcp_with_initialize
    rmcp_without_initialize
    python_1
    python_2_with_initialize
    python_2_without_initialize
}

/// Begins a visit, has a program make it, and judges what it reports.
async fn visit(
    product: Product,
    era: &str,
    client: impl FnOnce(String, String) -> anyhow::Result<Value> + Send + 'static,
) {
    let visit = Visit::begin(&product).await;
    let (url, steps) = (product.url("/mcp"), visit.steps());
    let report = tokio::task::spawn_blocking(move || client(url, steps)).await.unwrap().unwrap();
    visit.judge(&report, era);
}

async fn python_1(product: Product) {
    visit(product, STATEFUL, |url, steps| Environment::Mcp1.run("visit.py", &[url, steps])).await;
}

async fn python_2_with_initialize(product: Product) {
    let program = |url, steps| Environment::Mcp2.run("visit.py", &[url, steps, "legacy".into()]);
    visit(product, STATEFUL, program).await;
}

async fn python_2_without_initialize(product: Product) {
    let program = |url, steps| Environment::Mcp2.run("visit.py", &[url, steps, "auto".into()]);
    visit(product, STATELESS, program).await;
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
