//! Filters, selections and pages.

use std::collections::BTreeSet;

use easyauth_emulator::sample::FOUNDRY_AGENT;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::tenant::Tenant;

async fn names(tenant: &Tenant, path: &str) -> Vec<String> {
    let answer = tenant.get(path).await.expect(StatusCode::OK);
    let found = answer.body["value"].as_array().unwrap().iter();
    found.map(|object| object["displayName"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_filter_leaves_what_was_asked_for() {
    let tenant = Tenant::start().await;
    let uris = json!(["api://eat", "https://eat.sample.example/mcp"]);
    let body = json!({ "displayName": "Ann and Bob's", "identifierUris": uris });
    let made = tenant.post("/applications", body).await.expect(StatusCode::CREATED);
    tenant.application("Annex").await;
    let app_id = made.text("appId");
    for (filter, expected) in [
        (format!("appId eq '{app_id}'"), vec!["Ann and Bob's"]),
        ("displayName eq 'Ann and Bob''s'".to_owned(), vec!["Ann and Bob's"]),
        ("displayName eq 'annex'".to_owned(), vec!["Annex"]),
        ("startswith(displayName,'Ann')".to_owned(), vec!["Ann and Bob's", "Annex"]),
        ("identifierUris/any(x:x eq 'api://eat')".to_owned(), vec!["Ann and Bob's"]),
        ("identifierUris/any(x:x eq 'api://ea')".to_owned(), vec![]),
        (format!("startswith(displayName,'Ann') and appId eq {app_id}"), vec!["Ann and Bob's"]),
        ("displayName eq 'Ann' and displayName eq 'Annex'".to_owned(), vec![]),
    ] {
        let found = names(&tenant, &format!("/applications?$filter={filter}")).await;
        assert_eq!(found, expected, "{filter}");
    }
    let agents = "/servicePrincipals?$filter=servicePrincipalType eq 'ServiceIdentity'";
    assert_eq!(names(&tenant, agents).await, ["Foundry agent"]);
    let agent = format!("/servicePrincipals?$filter=appId eq '{FOUNDRY_AGENT}'");
    assert_eq!(names(&tenant, &agent).await, ["Foundry agent"]);
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let tenant = Tenant::start().await;
    for query in [
        "$filter=tags/any(t:t eq 'a')",
        "$filter=displayName eq 'a' and tags/any(t:t eq 'a')",
        "$filter=displayName ne 'a'",
        "$filter=displayName eq 'a' or displayName eq 'b'",
        "$filter=displayName eq 'a",
        "$filter=",
        "$expand=owners",
        "$top=0",
        "$top=1000",
        "$skiptoken=x",
    ] {
        let answer = tenant.get(&format!("/applications?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {answer:?}");
        assert_eq!(answer.code(), "Request_BadRequest", "{query}");
    }
}

#[tokio::test]
async fn a_selection_leaves_out_the_rest() {
    let tenant = Tenant::start().await;
    let made = tenant.application("Reviews").await;
    let path = format!("/applications/{}?$select=id,displayName", made.text("id"));
    let found = tenant.get(&path).await.body;
    let names: BTreeSet<_> = found.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["@odata.context", "displayName", "id"]));
    let listed = tenant.get("/applications?$select=appId").await.body;
    assert_eq!(listed["value"][0].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_long_list_comes_in_pages_of_this_origin() {
    let tenant = Tenant::start().await;
    for number in 0..12 {
        tenant.application(&format!("Table {number}")).await;
    }
    let origin = tenant.emulator.cloud().origin().to_owned();
    let mut path = "/v1.0/applications?$filter=startswith(displayName,'Table')".to_owned();
    let (mut sizes, mut seen) = (Vec::new(), BTreeSet::new());
    loop {
        let answer = tenant.ask(Method::GET, &path, Value::Null, &tenant.graph_token).await;
        let page = answer.body["value"].as_array().unwrap();
        sizes.push(page.len());
        seen.extend(page.iter().map(|found| found["appId"].as_str().unwrap().to_owned()));
        let Some(next) = answer.body["@odata.nextLink"].as_str() else { break };
        path = next.strip_prefix(&origin).unwrap().to_owned();
    }
    assert_eq!(sizes, [5, 5, 2]);
    assert_eq!(seen.len(), 12);
    let all =
        tenant.get("/applications?$top=12&$filter=startswith(displayName,'Table')").await.body;
    assert_eq!(all["value"].as_array().unwrap().len(), 12);
    assert_eq!(all["@odata.nextLink"], Value::Null);
}

#[tokio::test]
async fn the_pages_of_a_part_keep_its_address() {
    let tenant = Tenant::start().await;
    let made = tenant.application("Reviews").await;
    let path =
        format!("/applications(appId='{}')/federatedIdentityCredentials", made.text("appId"));
    for number in 0..6 {
        let body = json!({
            "name": format!("c{number}"),
            "issuer": "https://token.actions.githubusercontent.com",
            "subject": format!("repo:{number}"),
            "audiences": ["api://AzureADTokenExchange"],
        });
        tenant.post(&path, body).await.expect(StatusCode::CREATED);
    }
    let first = tenant.get(&path).await;
    let next = first.text("@odata.nextLink");
    let next = next.strip_prefix(&format!("{}/v1.0", tenant.emulator.cloud().origin())).unwrap();
    let second = tenant.get(next).await.expect(StatusCode::OK).body;
    assert_eq!(second["value"][0]["name"], "c5");
}
