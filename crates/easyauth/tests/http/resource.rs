//! Protected resource metadata, and the challenges that contain its address.

use std::collections::BTreeMap;

use easyauth::{ProtectedResource, ResourceError};
use http::{Request, StatusCode};
use serde_json::Value;

use crate::service::{answer, app};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The document, its members in order.
async fn metadata(router: &axum::Router, path: &str) -> BTreeMap<String, Value> {
    let response = answer(router, Request::get(format!("{WELL_KNOWN}{path}"))).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    serde_json::from_str(response.body()).unwrap()
}

#[tokio::test]
async fn metadata_stands_at_the_root_and_before_each_path() {
    insta::assert_json_snapshot!("root", metadata(&app(), "").await);
    insta::assert_json_snapshot!("mcp", metadata(&app(), "/mcp").await);
    insta::assert_json_snapshot!("mcp_mcp", metadata(&app(), "/mcp/mcp").await);
}

#[tokio::test]
async fn a_name_is_shown_and_a_path_given_twice_is_one() {
    let resource = ProtectedResource::new("http://guide.test:8000").unwrap().name("\"Reviews\"");
    let resource = resource.path("/mcp").unwrap().path("/mcp").unwrap();
    insta::assert_json_snapshot!("named", metadata(&resource.router(), "/mcp").await);
}

#[tokio::test]
async fn metadata_can_be_read_and_nothing_else() {
    let address = format!("{WELL_KNOWN}/mcp");
    let head = answer(&app(), Request::head(&address)).await;
    assert_eq!((head.status(), head.body().as_str()), (StatusCode::OK, ""));
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let response = answer(&app(), Request::builder().method(method).uri(&address)).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers()["allow"], "GET,HEAD");
    }
    for path in ["/other", "/mcp/", "/mcp/mcp/mcp", "/"] {
        let response = answer(&app(), Request::get(format!("{WELL_KNOWN}{path}"))).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

/// RFC 9728, section 3.3: the resource in the document must match the address in the challenge.
#[tokio::test]
async fn a_challenge_leads_to_the_metadata_of_its_resource() {
    let cases = [
        ("/mcp", "https://reviews.example/mcp"),
        ("/mcp/mcp", "https://reviews.example/mcp/mcp"),
        ("/mcp?x=1", "https://reviews.example/mcp"),
        ("/", "https://reviews.example"),
        ("/mcp/", "https://reviews.example"),
        ("/mcpx", "https://reviews.example"),
        ("/MCP", "https://reviews.example"),
        ("/\"", "https://reviews.example"),
    ];
    for (path, resource) in cases {
        let response = answer(&app(), Request::get(path)).await;
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        let address = challenge.strip_prefix("Bearer resource_metadata=\"https://reviews.example");
        let (address, scope) = address.unwrap().split_once("\", ").unwrap();
        assert_eq!(scope, "scope=\"api://reviews/user_impersonation\"");
        let suffix = address.strip_prefix(WELL_KNOWN).unwrap();
        assert_eq!(metadata(&app(), suffix).await["resource"], resource, "{path}");
    }
}

#[test]
fn only_an_origin_is_an_origin() {
    for good in ["https://a.example", "http://guide.test:8000", "http://[fd00::1]", "http://a"] {
        assert!(ProtectedResource::new(good).is_ok(), "{good}");
    }
    let bad = [
        "",
        "a.example",
        "//a.example",
        "ftp://a.example",
        "https://",
        "https://:80",
        "https://a.example/",
        "https://a.example/x",
        "https://a.example?x",
        "https://a.example#x",
        "https://ann@a.example",
        "https://a.example\"",
        "https://a.example\\",
        "https://a.example\r\nx: y",
        "https://a b",
        "https://a,https://b",
        "https://ä.example",
    ];
    for bad in bad {
        assert_eq!(ProtectedResource::new(bad).err(), Some(ResourceError::Origin), "{bad}");
    }
}

#[test]
fn only_plain_paths_and_scope_tokens_are_taken() {
    let resource = || ProtectedResource::new("https://a.example").unwrap();
    for path in ["/mcp", "/a/b.c/d-e_f~g"] {
        assert!(resource().path(path).is_ok(), "{path}");
    }
    let bad =
        ["", "/", "mcp", "/mcp/", "//", "/a//b", "/a/../b", "/.", "/{x}", "/*x", "/a?b", "/ä"];
    for path in bad {
        assert_eq!(resource().path(path).err(), Some(ResourceError::Path), "{path}");
    }
    for scope in ["openid", "api://a/b"] {
        assert!(resource().scope(scope).is_ok(), "{scope}");
    }
    for scope in ["", "a b", "a\"", "a\\", "a\nb", "ä"] {
        assert_eq!(resource().scope(scope).err(), Some(ResourceError::Scope), "{scope}");
    }
}

#[tokio::test]
async fn without_scopes_a_challenge_names_none() {
    let resource = std::sync::Arc::new(ProtectedResource::new("https://a.example").unwrap());
    let scheme = easyauth::ClientPrincipalHeader::new();
    let layer = easyauth::AuthenticationLayer::new(easyauth::Authenticator::new(scheme), resource);
    let response = answer(&axum::Router::new().layer(layer), Request::get("/")).await;
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer resource_metadata=\"https://a.example/.well-known/oauth-protected-resource\""
    );
}
