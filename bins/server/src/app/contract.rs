//! The contract of the server's authentication behind the platform: pages, tools that a caller may call, and tools that a
//! caller may not.

use std::sync::Arc;

use axum::{Router, extract::Request};
use clap::Parser;
use easyauth::testing::{Call, Gate, TestIssuer};
use restaurant_domain::testing::InMemoryStore;
use serde_json::json;
use tokio_util::task::TaskTracker;

use super::{App, AppSettings};
use crate::cli::Cli;

easyauth::gate_contract!(gate());

fn gate() -> Gate {
    let restaurant = json!({
        "restaurant_name": "Fish", "street_address": "1 Pier", "description": "By the sea",
    });
    Gate::new(
        Call::tool("/mcp/mcp", "list_restaurants_mcp", &json!({})),
        "MCP.Access",
        "user_impersonation",
    )
    .hides(Call::tool("/mcp", "create_restaurant_mcp", &restaurant), "MCP.Write")
    .public(Call::get("/healthz"))
    .behind_platform(server)
}

/// The server as App Service starts it.
fn server() -> Router {
    let arguments = [
        "restaurant-server",
        "--auth-mode=easyauth",
        "--website-auth-enabled=true",
        "--public-url=https://reviews.example",
        "--mcp-write-role=MCP.Write",
        "--entra-tenant-id",
        TestIssuer::TENANT,
    ];
    let Cli { settings, .. } = Cli::try_parse_from(arguments).unwrap();
    let settings = AppSettings::new(&settings, ([127, 0, 0, 1], 0).into()).unwrap();
    let app = App::new(Arc::new(InMemoryStore::default()), settings, TaskTracker::new()).unwrap();
    let app = Arc::new(app);
    Router::new().fallback(async move |request: Request| app.answer(request).await)
}
