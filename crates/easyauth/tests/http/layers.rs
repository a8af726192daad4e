//! The authentication layer: its responses, and the requests that the inner service receives.

use std::convert::Infallible;

use axum::{Extension, Router, body::Body, routing::get};
use easyauth::{
    AuthenticationLayer, Authenticator, ClientPrincipalHeader, Outcome, Principal, PrincipalKind,
    Scheme, StripIdentityHeadersLayer, TokenError,
};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::json;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::{
    client_principal::{OBJECT_ID, header},
    service::{answer, app, request_of, resource, seen},
};

#[tokio::test]
async fn a_known_caller_is_let_in_everywhere() {
    let header = header(&[("oid", OBJECT_ID), ("idtyp", "app"), ("roles", "MCP.Access")]);
    for path in ["/", "/mcp", "/mcp/mcp"] {
        let response = answer(&app(), request_of(path, &header)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(*response.body(), format!("{path} {OBJECT_ID} []"));
    }
    let response = answer(&app(), request_of("/unknown", &header)).await;
    assert_eq!(response.body(), "nothing here");
}

#[tokio::test]
async fn every_refusal_is_the_same_to_the_byte() {
    let good = header(&[("oid", OBJECT_ID)]);
    let other_provider = crate::client_principal::encoded(&r#"{"auth_typ":"google","claims":[]}"#);
    let no_object_id = header(&[("name", "Ann")]);
    let requests = [
        Request::get("/mcp"),
        Request::get("/mcp?access_token=x"),
        Request::get("/mcp").header("authorization", "Bearer x.y.z"),
        request_of("/mcp", ""),
        request_of("/mcp", "garbage"),
        request_of("/mcp", &"A".repeat(1024 * 1024)),
        request_of("/mcp", &other_provider),
        request_of("/mcp", &no_object_id),
        request_of("/mcp", &good).header(ClientPrincipalHeader::NAME, &good),
        Request::get("/mcp").header("x_ms_client_principal", &good),
        Request::get("/mcp").header("x-ms-client-principal-id", OBJECT_ID),
    ];
    for request in requests {
        let shown = format!("{request:?}");
        let response = answer(&app(), request).await;
        assert_eq!(
            as_text(&response),
            "401 content-type: application/json \
             www-authenticate: Bearer resource_metadata=\"https://reviews.example/.well-known/oauth-protected-resource/mcp\", scope=\"api://reviews/user_impersonation\" \
             cache-control: no-store | \
             {\"error\":\"unauthorized\",\"error_description\":\"The request lacks valid credentials.\",\
             \"resource_metadata\":\"https://reviews.example/.well-known/oauth-protected-resource/mcp\",\
             \"scope\":\"api://reviews/user_impersonation\"}",
            "{}",
            &shown[..shown.len().min(200)]
        );
    }
}

/// A router whose routes have the layer lists their methods in `Allow`.
#[tokio::test]
async fn around_a_whole_router_not_even_a_method_is_told() {
    let layer =
        AuthenticationLayer::new(Authenticator::new(ClientPrincipalHeader::new()), resource());
    let app = layer.wrap(Router::new().route("/", get(seen)).nest("/a", Router::new()));
    let unknown = as_text(&answer(&app, Request::get("/unknown")).await);
    for path in ["/", "/a"] {
        assert_eq!(as_text(&answer(&app, Request::post(path)).await), unknown);
        assert_eq!(as_text(&answer(&app, Request::get(path)).await), unknown);
    }
    let header = header(&[("oid", OBJECT_ID)]);
    let response = answer(&app, request_of("/", &header)).await;
    assert_eq!(*response.body(), format!("/ {OBJECT_ID} []"));
    let response = answer(&app, request_of("/unknown", &header)).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let joined = resource().router().merge(app);
    let metadata = Request::get("/.well-known/oauth-protected-resource");
    assert_eq!(answer(&joined, metadata).await.status(), StatusCode::OK);
    assert_eq!(as_text(&answer(&joined, Request::get("/unknown")).await), unknown);
}

#[tokio::test]
async fn names_of_headers_are_one_name_in_upper_and_lower_case() {
    let header = header(&[("oid", OBJECT_ID)]);
    for name in ["X-MS-CLIENT-PRINCIPAL", "x-ms-client-principal", "X-Ms-Client-Principal"] {
        let response = answer(&app(), Request::get("/").header(name, &header)).await;
        assert_eq!(*response.body(), format!("/ {OBJECT_ID} []"));
        let both = request_of("/", &header).header(name, &header);
        assert_eq!(answer(&app(), both).await.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn unknown_and_nested_paths_are_shut_too() {
    for path in ["/", "/unknown", "/mcp/unknown", "/mcp/", "//", "/.well-known/other", "/%2e%2e/"] {
        let response = answer(&app(), Request::get(path)).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(*response.body(), unauthorized(""));
    }
}

/// Every kind of identity, and two headers that are none.
fn with_identities(path: &str, header: &str) -> http::request::Builder {
    request_of(path, header)
        .header("X-MS-CLIENT-PRINCIPAL-ID", "admin")
        .header("X-MS-CLIENT-PRINCIPAL-NAME", "admin")
        .header("X-MS-CLIENT-PRINCIPAL-IDP", "aad")
        .header("x_ms_client_principal", "admin")
        .header("X_MS-CLIENT_PRINCIPAL_ID", "admin")
        .header("x.ms.client.principal", "admin")
        .header("X-MS-TOKEN-AAD-ACCESS-TOKEN", "secret")
        .header("X_MS_TOKEN_AAD_ID_TOKEN", "secret")
        .header("Authorization", "Bearer secret")
        .header("Authorization", "Basic secret")
        .header("x-ms-client-request-id", "17")
        .header("accept", "*/*")
        .extension(
            Principal::new(PrincipalKind::Application, "smuggled").with_roles(["MCP.Access"]),
        )
}

#[tokio::test]
async fn the_service_sees_no_identity_but_the_principal() {
    let header = header(&[("oid", OBJECT_ID)]);
    let response = answer(&app(), with_identities("/", &header)).await;
    assert_eq!(*response.body(), format!("/ {OBJECT_ID} [accept x-ms-client-request-id]"));
}

#[tokio::test]
async fn a_smuggled_principal_lets_nobody_in() {
    let caller = Principal::new(PrincipalKind::Application, "smuggled").with_roles(["MCP.Access"]);
    let layered = app().layer(Extension(caller));
    assert_eq!(answer(&layered, Request::get("/mcp")).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn open_routes_know_nobody() {
    let open = Router::new().route("/", get(seen)).layer(StripIdentityHeadersLayer);
    let response = answer(&open, with_identities("/", &header(&[("oid", OBJECT_ID)]))).await;
    assert_eq!(response.body(), "/ nobody [accept x-ms-client-request-id]");
}

/// A scheme whose keys are not available.
struct KeysAway;

#[async_trait::async_trait]
impl Scheme for KeysAway {
    fn name(&self) -> &'static str {
        "keys"
    }

    async fn authenticate(&self, _: &HeaderMap) -> Outcome {
        Outcome::Failed(TokenError::KeysUnavailable.into())
    }
}

#[tokio::test]
async fn without_keys_the_answer_is_to_try_again() {
    let layer = AuthenticationLayer::new(Authenticator::new(KeysAway), resource());
    let app = Router::new().route("/", get(seen)).layer(layer);
    let response = answer(&app, Request::get("/")).await;
    assert_eq!(as_text(&response), "503 retry-after: 5 cache-control: no-store | ");
}

#[tokio::test]
async fn any_service_with_any_body_can_stand_behind_it() {
    let service = service_fn(async |request: Request<&'static str>| {
        let caller = request.extensions().get::<Principal>().unwrap().object_id().to_owned();
        Ok::<_, Infallible>(Response::new(Body::from(caller + request.body())))
    });
    let layer =
        AuthenticationLayer::new(Authenticator::new(ClientPrincipalHeader::new()), resource());
    let request = request_of("/", &header(&[("oid", "ann")])).body("'s").unwrap();
    let response = layer.layer(service).oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
    assert_eq!(body, "ann's");
}

#[tokio::test]
async fn a_handler_that_asks_for_the_caller_is_shut_without_a_layer() {
    let named = async |caller: Principal| caller.object_id().to_owned();
    let bare = Router::new().route("/", get(named));
    let response = answer(&bare, request_of("/", &header(&[("oid", OBJECT_ID)]))).await;
    assert_eq!(
        as_text(&response),
        "401 content-type: application/json www-authenticate: Bearer cache-control: no-store | \
         {\"error\":\"unauthorized\",\"error_description\":\"The request lacks valid credentials.\"}"
    );

    let layer =
        AuthenticationLayer::new(Authenticator::new(ClientPrincipalHeader::new()), resource());
    let response =
        answer(&bare.layer(layer), request_of("/", &header(&[("oid", OBJECT_ID)]))).await;
    assert_eq!(response.body(), OBJECT_ID);
}

/// The body of a 401 of a resource.
pub(crate) fn unauthorized(path: &str) -> String {
    json!({
        "error": "unauthorized",
        "error_description": "The request lacks valid credentials.",
        "resource_metadata":
            format!("https://reviews.example/.well-known/oauth-protected-resource{path}"),
        "scope": "api://reviews/user_impersonation",
    })
    .to_string()
}

#[tokio::test]
async fn the_callers_token_is_kept_by_explicit_choice() {
    let layer =
        AuthenticationLayer::new(Authenticator::new(ClientPrincipalHeader::new()), resource());
    let app = layer.keep_authorization().wrap(Router::new().route("/", get(seen)));
    let response = answer(&app, with_identities("/", &header(&[("oid", OBJECT_ID)]))).await;
    let kept = "accept authorization x-ms-client-request-id";
    assert_eq!(*response.body(), format!("/ {OBJECT_ID} [{kept}]"));
}

/// Status, headers in their order, and body.
pub(crate) fn as_text(response: &Response<String>) -> String {
    let headers = response.headers().iter();
    let headers: Vec<String> = headers
        .filter(|(name, _)| *name != "content-length")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    format!("{} {} | {}", response.status().as_u16(), headers.join(" "), response.body())
}
