//! The part of Azure Resource Manager that configures a web app and its authentication.

mod app_settings;
mod auth_settings;
mod body;
mod classic_auth_settings;
mod error;
mod metadata;
mod options;
mod site;
mod subscription;
mod version;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
    routing::{any, get, post, put},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri, header::WWW_AUTHENTICATE, uri::PathAndQuery,
};
use tower::ServiceExt as _;

use self::error::ArmError;
pub use self::options::{ArmOptions, FailingWrite};
use crate::{
    Cloud,
    caller::{Caller, Unauthenticated},
};

const AUDIENCES: &[&str] = &[
    "https://management.azure.com",
    "https://management.core.windows.net",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
];
const SITE: &str =
    "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.web/sites/{name}";

/// Its routes.
pub(crate) fn router(cloud: Cloud) -> Router {
    let inner = routes().with_state(cloud.clone());
    let metadata_cloud = cloud.clone();
    let writes = Arc::new(AtomicU32::new(0));
    let front = async move |request: Request| {
        let is_write = !matches!(*request.method(), Method::GET | Method::HEAD);
        let response = match admit(&cloud, &writes, request) {
            Ok(request) => match inner.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
            Err(response) => response,
        };
        if is_write && response.status().is_success() {
            cloud.tell_of_change();
        }
        response
    };
    let metadata = get(metadata::endpoints).with_state(metadata_cloud);
    Router::new()
        .route("/subscriptions", any(front.clone()))
        .route("/subscriptions/{*path}", any(front.clone()))
        .route("/tenants", any(front))
        .route("/metadata/endpoints", metadata)
}

/// The routes, in lower case: Resource Manager takes its paths in any.
fn routes() -> Router<Cloud> {
    let config = |name: &str| format!("{SITE}/config/{name}");
    let roles = "/subscriptions/{subscription}/providers/microsoft.authorization";
    Router::new()
        .route("/tenants", get(subscription::tenants))
        .route("/subscriptions", get(subscription::list))
        .route("/subscriptions/{subscription}", get(subscription::find))
        .route("/subscriptions/{subscription}/resourcegroups", get(subscription::groups))
        .route("/subscriptions/{subscription}/resourcegroups/{group}", get(subscription::group))
        .route(&format!("{roles}/roleassignments"), get(subscription::nothing))
        .route(&format!("{roles}/roledefinitions"), get(subscription::nothing))
        .route(
            "/subscriptions/{subscription}/providers/microsoft.web/sites",
            get(site::of_subscription),
        )
        .route(SITE.trim_end_matches("/{name}"), get(site::of_group))
        .route(SITE, get(site::find))
        .route(&format!("{SITE}/restart"), post(site::restart))
        .route(&config("authsettingsv2"), get(auth_settings::find).put(auth_settings::replace))
        .route(&config("authsettingsv2/list"), get(auth_settings::find))
        .route(&config("authsettings"), put(classic_auth_settings::replace))
        .route(&config("authsettings/list"), post(classic_auth_settings::list))
        .route(&config("web"), get(site::web_config))
        .route(&config("slotconfignames"), get(site::slot_names))
        .route(&format!("{SITE}/publishxml"), post(site::publishing_profiles))
        .route(&config("appsettings/list"), post(app_settings::list))
        .route(&config("appsettings"), put(app_settings::replace))
        .fallback(no_such_resource)
        .method_not_allowed_fallback(no_such_method)
}

/// The request for the router within, or why there is none.
#[expect(clippy::result_large_err, reason = "it is answered at once")]
fn admit(cloud: &Cloud, writes: &AtomicU32, mut request: Request) -> Result<Request, Response> {
    authenticate(cloud, request.headers())?;
    check_version(request.uri()).map_err(IntoResponse::into_response)?;
    if request.method() == Method::PUT {
        let nth = writes.fetch_add(1, Ordering::SeqCst) + 1;
        fail(&cloud.options().arm, nth).map_err(IntoResponse::into_response)?;
    }
    let uri = request.uri();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let lower = PathAndQuery::try_from(format!("{}{query}", uri.path().to_lowercase()));
    if let Ok(lower) = lower {
        *request.uri_mut() = Uri::from(lower);
    }
    // The router within finds the parts of the path again.
    request.extensions_mut().clear();
    Ok(request)
}

#[expect(clippy::result_large_err, reason = "it is answered at once")]
fn authenticate(cloud: &Cloud, headers: &HeaderMap) -> Result<(), Response> {
    let Err(reason) = Caller::of(cloud, headers, AUDIENCES) else { return Ok(()) };
    let (code, message) = match reason {
        Unauthenticated::Missing => (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        ),
        Unauthenticated::Invalid => {
            ("InvalidAuthenticationToken", "The access token is missing or invalid.")
        }
    };
    let mut response = ArmError::new(StatusCode::UNAUTHORIZED, code, message).into_response();
    let tenant = cloud.directory().tenant_id;
    let challenge = format!(
        "Bearer authorization_uri=\"{}/{tenant}\", error=\"invalid_token\"",
        cloud.origin()
    );
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    Err(response)
}

fn check_version(uri: &Uri) -> Result<(), ArmError> {
    let mut parameters = uri.query().unwrap_or_default().split('&');
    let version = parameters.find_map(|parameter| parameter.strip_prefix("api-version="));
    let version = version.filter(|version| !version.is_empty()).ok_or_else(|| {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests.";
        ArmError::new(StatusCode::BAD_REQUEST, "MissingApiVersionParameter", message)
    })?;
    let is_date = |text: &str| {
        let digits: Vec<_> = text.split('-').map(str::len).collect();
        digits == [4, 2, 2] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
    };
    if is_date(version.trim_end_matches("-preview")) {
        return Ok(());
    }
    let message = format!("The api-version '{version}' is invalid.");
    Err(ArmError::new(StatusCode::BAD_REQUEST, "InvalidApiVersionParameter", message))
}

fn fail(options: &ArmOptions, nth: u32) -> Result<(), ArmError> {
    let Some(failing) = options.failing_writes.iter().find(|failing| failing.nth == nth) else {
        return Ok(());
    };
    let status = StatusCode::from_u16(failing.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match status {
        StatusCode::TOO_MANY_REQUESTS => "TooManyRequests",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        StatusCode::CONFLICT => "Conflict",
        _ => "InternalServerError",
    };
    let message = "The request cannot be served now. Try again later.";
    Err(ArmError::new(status, code, message).retry_after(failing.retry_after))
}

async fn no_such_resource() -> ArmError {
    ArmError::not_found("InvalidResourceType", "There is no resource of this type here.")
}

async fn no_such_method() -> ArmError {
    let message = "The requested resource does not support this http method.";
    ArmError::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
}
