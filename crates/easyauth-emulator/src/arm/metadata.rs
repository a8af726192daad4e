//! `GET /metadata/endpoints`: where a cloud's services are. The Azure CLI registers a cloud by it (`az cloud register`).

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::Cloud;

/// The endpoints. What the emulator does not have is left out, so that no tool asks the real cloud for it.
pub(super) async fn endpoints(State(cloud): State<Cloud>) -> Json<Value> {
    let origin = cloud.origin();
    let graph = cloud.graph_origin();
    Json(json!({
        "name": "EasyAuthEmulator",
        "resourceManager": format!("{origin}/"),
        "microsoftGraphResourceId": graph,
        "graph": graph,
        "authentication": {
            "loginEndpoint": origin,
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": cloud.tenant_id(),
            "identityProvider": "AAD",
        },
        "ossrdbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "suffixes": { "storage": "core.windows.net", "keyVaultDns": "vault.azure.net" },
    }))
}
