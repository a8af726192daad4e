//! Writes that are for one version alone, and writes whose client goes away.

use easyauth_emulator::{Options, sample::OPERATOR};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::tenant::{SITE, Tenant, VERSION};

/// Writes a document if it has a version, and answers the status.
async fn put(tenant: &Tenant, name: &str, version: Option<&str>) -> StatusCode {
    let origin = tenant.emulator.cloud().origin();
    let address = format!("{origin}{SITE}/config/{name}{VERSION}");
    let request = tenant.client.put(address).bearer_auth(&tenant.arm_token);
    let request = request.json(&json!({ "properties": { "OVEN": "hot" } }));
    let request = version.into_iter().fold(request, |it, version| it.header("if-match", version));
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_write_for_an_older_version_is_refused() {
    for (read, name) in [("appsettings/list", "appsettings"), ("authsettingsV2", "authsettingsV2")]
    {
        let tenant = Tenant::start().await;
        let method = if name == read { Method::GET } else { Method::POST };
        let found = tenant.site(method, &format!("/config/{read}"), json!({})).await;
        let version = found.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(put(&tenant, name, Some("\"another\"")).await, StatusCode::PRECONDITION_FAILED);
        assert_eq!(put(&tenant, name, Some(&version)).await, StatusCode::OK, "{name}");
        let again = put(&tenant, name, Some(&version)).await;
        assert_eq!(again, StatusCode::PRECONDITION_FAILED, "{name}");
        assert_eq!(put(&tenant, name, Some("*")).await, StatusCode::OK, "{name}");
        assert_eq!(put(&tenant, name, None).await, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn versions_are_an_option() {
    let mut options = Options::default();
    options.arm.conditional_writes = false;
    let tenant = Tenant::with(options).await;
    let found = tenant.site(Method::GET, "/config/authsettingsV2", json!(null)).await;
    assert!(!found.headers.contains_key("etag"));
    let answer = put(&tenant, "authsettingsV2", Some("\"another\"")).await;
    assert_eq!(answer, StatusCode::OK);
}

/// Whatever is written is written whole or not at all, also when its client goes away in the middle or right after.
#[tokio::test]
async fn a_client_that_leaves_writes_all_or_nothing() {
    let tenant = Tenant::start().await;
    let made = tenant.application("Reviews").await;
    let path = format!("/v1.0/applications/{}", made.text("id"));
    let principal = json!({ "appId": made.text("appId") });
    tenant.post("/servicePrincipals", principal).await.expect(StatusCode::CREATED);
    let address = tenant.emulator.cloud().origin().replace("http://", "");
    for nth in 0..40 {
        let name = format!("Reviews {nth}");
        let body = json!({ "displayName": name, "identifierUris": [format!("api://r{nth}")] });
        let body = body.to_string();
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            tenant.graph_token,
            body.len()
        );
        let all = head + &body;
        // All of it, all but its end, or a half.
        let sent = match nth % 3 {
            0 => all.len(),
            1 => all.len() - 1,
            _ => all.len() - body.len() / 2,
        };
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(&all.as_bytes()[..sent]).await.unwrap();
        drop(stream);
        let found = tenant.get(&path.replace("/v1.0", "")).await;
        let by_app_id = format!("/servicePrincipals(appId='{}')", made.text("appId"));
        let principal = tenant.get(&by_app_id).await;
        // Between the two questions the write may have come.
        let again = tenant.get(&path.replace("/v1.0", "")).await;
        let names = [found.text("displayName"), again.text("displayName")];
        assert!(names.contains(&principal.text("displayName")), "{nth}: {names:?}");
        let number = again.text("displayName").trim_start_matches("Reviews").trim().to_owned();
        let uris = if number.is_empty() { json!([]) } else { json!([format!("api://r{number}")]) };
        assert_eq!(again.body["identifierUris"], uris, "{nth}");
        assert!(nth % 3 == 0 || number != nth.to_string(), "a part was applied");
    }
    assert!(tenant.emulator.cloud().directory().application(OPERATOR).is_some());
}
