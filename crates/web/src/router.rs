//! The routes, and the layers around all of them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::StatusCode;
use restaurant_domain::{AuditOperation, Repository};
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::{ConfigError, CsrfLayer},
};

use crate::{
    WebConfig,
    app_state::{AppParts, AppState, Site},
    audit::{self, Audited},
    error_page::{self, PageError},
    health::{self, Health},
    kept_pages::KeptPages,
    pages::{activity, connect, create, details, list, review, take_back, welcome},
    security_headers::security_headers,
    static_files, time_limit, trailing_slash,
};

/// The web adapter: pages and forms, with their limits, headers and error pages. [`public_router`] has the static files.
///
/// It wants a [`restaurant_domain::Actor`] in the extensions of every page's request, and refuses to answer without one.
/// It shows the [`tower_http::request_id::RequestId`] from the extensions, where there is one, on its error pages.
///
/// # Errors
/// When a trusted origin is none, or a template does not compile.
pub fn router(repository: Arc<dyn Repository>, config: WebConfig) -> Result<Router, RouterError> {
    let site = Site::new(&config)?;
    let WebConfig { body_limit, request_timeout, trusted_origins, tasks, connection, .. } = config;
    let kept_pages = KeptPages::new();
    let state = AppState::new(AppParts {
        repository,
        site,
        kept_pages,
        connection,
        body_limit,
        request_timeout,
        tasks,
    });
    let guard = cross_origin_guard(trusted_origins)?
        .with_rejection_response(|_| PageError::CrossOrigin.into_response());
    let guarded = |routes: Router<AppState>| {
        routes.layer((CatchPanicLayer::custom(error_page::after_panic), guard.clone()))
    };
    let audited = |path, handler, operation| {
        let audited = Audited { state: state.clone(), operation };
        guarded(Router::new().route(path, handler))
            .layer(from_fn_with_state(audited, audit::record))
    };
    Ok(guarded(reads().fallback(trailing_slash::redirect))
        .merge(audited("/add", post(create::add), AuditOperation::CreateRestaurant))
        .merge(audited("/review/{id}", post(review::add), AuditOperation::CreateReview))
        .merge(audited("/undo/{id}", post(take_back::undo), AuditOperation::Delete))
        .merge(audited("/undo/{id}/{review}", post(take_back::undo), AuditOperation::Delete))
        .merge(audited("/hide/{id}", post(take_back::hide), AuditOperation::Hide))
        .merge(audited("/hide/{id}/{review}", post(take_back::hide), AuditOperation::Hide))
        .merge(audited("/restore/{id}", post(take_back::restore), AuditOperation::Restore))
        .merge(audited("/restore/{id}/{review}", post(take_back::restore), AuditOperation::Restore))
        // Few layers, since each copies the whole service below it.
        .layer((
            // Compression of a page that holds a secret would let an attacker guess it by its length; these hold none.
            CompressionLayer::new().quality(CompressionLevel::Fastest),
            from_fn_with_state(state.clone(), answer),
        ))
        .layer(map_response(finish))
        .with_state(state))
}

/// The routes that need no caller: the welcome page (`/welcome`), the static files, and the health checks:
/// the process runs (`/healthz`), the store responds (`/readyz`). None reads an identity or the data.
///
/// # Errors
/// When a template does not compile.
pub fn public_router(
    repository: Arc<dyn Repository>,
    config: &WebConfig,
) -> Result<Router, RouterError> {
    let site = Site::new(config)?;
    let pages = Router::new()
        .route("/welcome", get(welcome::welcome))
        .route("/static/{file}", get(static_files::serve))
        .layer((
            CompressionLayer::new().quality(CompressionLevel::Fastest),
            from_fn_with_state(site.clone(), answer_anyone),
            CatchPanicLayer::custom(error_page::after_panic),
        ))
        .layer(map_response(finish))
        .with_state(site);
    let health = Health { repository, ready_timeout: config.ready_timeout };
    let health = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .layer(CatchPanicLayer::new())
        .layer(map_response(async |response| security_headers(response)))
        .with_state(health);
    Ok(pages.merge(health))
}

/// Answers within the time limit. The error page sees a limit that passed.
async fn answer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limited = async |request| time_limit::limit(state.request_timeout, request, next).await;
    Status::note(error_page::show(&state.site, request, limited).await)
}

/// Answers a caller who may be unknown.
async fn answer_anyone(State(site): State<Site>, request: Request, next: Next) -> Response {
    Status::note(error_page::show(&site, request, async |request| next.run(request).await).await)
}

async fn finish(response: Response) -> Response {
    security_headers(Status::keep(response))
}

/// The status of a response, from before it was compressed.
///
/// The compression answers 406, and leaves the body plain, where a client declines plain bodies and those that we could make of them.
/// By then the form is written: the client gets its answer plain, and is told what became of it.
#[derive(Clone, Copy)]
struct Status(StatusCode);

impl Status {
    fn note(mut response: Response) -> Response {
        let status = Self(response.status());
        response.extensions_mut().insert(status);
        response
    }

    fn keep(mut response: Response) -> Response {
        if let Some(Self(status)) = response.extensions_mut().remove() {
            *response.status_mut() = status;
        }
        response
    }
}

/// The routes that write nothing. One that writes is audited.
fn reads() -> Router<AppState> {
    Router::new()
        .route("/", get(list::list))
        .route("/create", get(create::form))
        .route("/details/{id}", get(details::details))
        .route("/activity", get(activity::activity))
        .route("/connect", get(connect::connect))
        .route("/favicon.ico", get(static_files::favicon))
        .route("/robots.txt", get(static_files::robots))
}

/// Refuses forms that another site sends in a visitor's name, by what the browser says of their origin.
fn cross_origin_guard(trusted_origins: Vec<String>) -> Result<CsrfLayer, RouterError> {
    trusted_origins
        .into_iter()
        .try_fold(CsrfLayer::new(), CsrfLayer::add_trusted_origin)
        .map_err(RouterError::TrustedOrigin)
}

/// Why there is no router.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouterError {
    /// One of [`WebConfig::trusted_origins`] is no origin; the text names it.
    #[error("trusted origins: {0}")]
    TrustedOrigin(ConfigError),
    /// A template of this crate does not compile.
    #[error("a page template does not compile")]
    Template(#[source] minijinja::Error),
}
