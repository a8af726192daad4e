//! Owners of applications and service principals.

use easyauth_emulator::sample::{AGENT, INTERACTIVE, OPERATOR, USER, object_id};
use reqwest::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::tenant::Tenant;

/// The ids of the owners of an object.
async fn owners(tenant: &Tenant, of: &str) -> Vec<String> {
    let found = tenant.get(&format!("{of}/owners")).await.expect(StatusCode::OK);
    let owners = found.body["value"].as_array().unwrap();
    owners.iter().map(|owner| owner["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn who_registers_in_person_owns_it_and_a_program_if_it_says_so() {
    let tenant = Tenant::start().await;
    let name = json!({ "displayName": "Reviews" });
    let made = tenant.post("/applications", name.clone()).await.expect(StatusCode::CREATED);
    let of = |id: &str| format!("/applications/{id}");
    assert!(owners(&tenant, &of(made.text("id"))).await.is_empty());

    let operator = object_id(OPERATOR);
    let address = format!("https://graph.microsoft.com/v1.0/directoryObjects/{operator}");
    let bound = json!({ "displayName": "Reviews", "owners@odata.bind": [address] });
    let made = tenant.post("/applications", bound).await.expect(StatusCode::CREATED);
    assert!(made.body.get("owners@odata.bind").is_none());
    assert_eq!(owners(&tenant, &of(made.text("id"))).await, [operator.to_string()]);
    let nobody = format!("https://graph.microsoft.com/v1.0/users/{}", Uuid::new_v4());
    let bound = json!({ "displayName": "Reviews", "owners@odata.bind": [nobody] });
    tenant.post("/applications", bound).await.expect(StatusCode::NOT_FOUND);

    let cloud = tenant.emulator.cloud();
    let graph = uuid::uuid!("00000003-0000-0000-c000-000000000000");
    let scopes = &["Application.ReadWrite.All", "Directory.AccessAsUser.All"];
    let claims = cloud.user_claims(USER, INTERACTIVE, graph, scopes).unwrap();
    let person = cloud.sign(&cloud.token_header(), &claims);
    let made = tenant.ask(Method::POST, "/v1.0/applications", name, &person).await;
    assert_eq!(owners(&tenant, &of(made.text("id"))).await, [USER.to_string()]);
    let body = json!({ "appId": made.text("appId") });
    let made = tenant.ask(Method::POST, "/v1.0/servicePrincipals", body, &person).await;
    let principal = format!("/servicePrincipals/{}", made.text("id"));
    assert_eq!(owners(&tenant, &principal).await, [USER.to_string()]);
}

#[tokio::test]
async fn owners_are_added_taken_away_and_kept_by_changes() {
    let tenant = Tenant::start().await;
    for set in ["applications", "servicePrincipals"] {
        let of = format!("/{set}(appId='{AGENT}')");
        let reference = json!({ "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{USER}") });
        let add = async || tenant.post(&format!("{of}/owners/$ref"), reference.clone()).await;
        add().await.expect(StatusCode::NO_CONTENT);
        add().await.expect(StatusCode::BAD_REQUEST);
        tenant.patch(&of, json!({ "tags": ["x"] })).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(owners(&tenant, &of).await, [USER.to_string()]);
        let reference = format!("{of}/owners/{USER}/$ref");
        tenant.delete(&reference).await.expect(StatusCode::NO_CONTENT);
        tenant.delete(&reference).await.expect(StatusCode::NOT_FOUND);
        assert!(owners(&tenant, &of).await.is_empty());
    }
}
