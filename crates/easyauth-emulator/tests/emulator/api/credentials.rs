//! Secrets and federated credentials of an application.

use easyauth_emulator::sample::{OPERATOR, OPERATOR_SECRET};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::tenant::Tenant;

#[tokio::test]
async fn a_secret_is_shown_once_and_removed_by_its_id() {
    let tenant = Tenant::start().await;
    let path = format!("/applications(appId='{OPERATOR}')");
    let body = json!({ "passwordCredential": { "displayName": "laptop" } });
    let made = tenant.post(&format!("{path}/addPassword"), body).await.expect(StatusCode::OK);
    let secret = made.text("secretText");
    assert!(secret.len() >= 32);
    assert!(made.text("endDateTime") > made.text("startDateTime"));
    let secrets = || {
        let directory = tenant.emulator.cloud().directory();
        directory.application(OPERATOR).unwrap().secrets.clone()
    };
    assert_eq!(secrets(), [OPERATOR_SECRET, secret]);

    // The new secret is good at once.
    tenant.token(OPERATOR, secret, "https://graph.microsoft.com").await;

    let found = tenant.get(&path).await.body;
    let shown = &found["passwordCredentials"];
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(shown[0]["displayName"], "laptop");
    assert_eq!(shown[0]["keyId"], made.body["keyId"]);
    assert_eq!(shown[0]["secretText"], Value::Null);
    assert!(!found.to_string().contains(secret));

    let remove = format!("{path}/removePassword");
    let unknown = tenant.post(&remove, json!({ "keyId": Uuid::new_v4() })).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let body = json!({ "keyId": made.body["keyId"] });
    tenant.post(&remove, body).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(secrets(), [OPERATOR_SECRET]);
    assert_eq!(tenant.get(&path).await.body["passwordCredentials"], json!([]));
}

#[tokio::test]
async fn a_patch_keeps_the_secrets() {
    let tenant = Tenant::start().await;
    let path = format!("/applications(appId='{OPERATOR}')");
    let body = json!({ "displayName": "Renamed" });
    tenant.patch(&path, body).await.expect(StatusCode::NO_CONTENT);
    let directory = tenant.emulator.cloud().directory();
    let application = directory.application(OPERATOR).unwrap();
    assert_eq!(application.display_name, "Renamed");
    assert_eq!(application.secrets, [OPERATOR_SECRET]);
}

#[tokio::test]
async fn a_federated_credential_has_a_name_and_a_subject_of_its_own() {
    let tenant = Tenant::start().await;
    let path = format!("/applications(appId='{OPERATOR}')/federatedIdentityCredentials");
    let credential = |name: &str, subject: &str| {
        json!({
            "name": name,
            "issuer": "https://token.actions.githubusercontent.com",
            "subject": subject,
            "audiences": ["api://AzureADTokenExchange"],
        })
    };
    let made = tenant.post(&path, credential("main", "repo:a")).await.expect(StatusCode::CREATED);
    for (name, subject) in [("main", "repo:b"), ("other", "repo:a")] {
        let answer = tenant.post(&path, credential(name, subject)).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(answer.code(), "Request_MultipleObjectsWithSameKeyValue");
    }
    let mut wrong = credential("b", "repo:b");
    wrong["audiences"] = json!([]);
    let answer = tenant.post(&path, wrong).await.expect(StatusCode::BAD_REQUEST);
    assert!(answer.message().contains("'audiences'"), "{answer:?}");

    for key in ["main", made.text("id")] {
        let found = tenant.get(&format!("{path}/{key}")).await.expect(StatusCode::OK);
        assert_eq!(found.body["subject"], "repo:a");
    }
    tenant.delete(&format!("{path}/main")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(tenant.delete(&format!("{path}/main")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(tenant.get(&path).await.body["value"], json!([]));
}
