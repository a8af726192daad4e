//! What goes wrong is told in a clear sentence, and leaves nothing half done that a second run would not go on with.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Json, Router,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::Redirect,
};
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use easyauth_emulator::{
    FailingWrite, Options,
    sample::{FOUNDRY_AGENT, INTERACTIVE, OPERATOR, TENANT_ID, USER, object_id},
};
use entra_admin::{Admin, AdminError, ClientCredential, Endpoint, Setup};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::tenant::{GRAPH, NAME, OTHER_AGENT, Ready, SITE, Tenant, set_up};

fn by_secret() -> Setup {
    Setup { display_name: NAME.to_owned(), credential: ClientCredential::ClientSecret }
}

/// A tenant in whose Resource Manager the first writes fail.
async fn failing(status: u16, retry_after: Option<u32>, writes: u32) -> Tenant {
    let mut options = Options::default();
    let fail = |nth| FailingWrite { nth, status, retry_after };
    options.arm.failing_writes = (1..=writes).map(fail).collect();
    Tenant::with(options).await
}

#[tokio::test]
async fn who_may_not_is_told_which_role_it_takes() {
    let tenant = Tenant::start().await;
    let before = tenant.everything();
    let error = tenant.admin_as(OTHER_AGENT).setup(&set_up()).await.unwrap_err();
    assert!(matches!(error, AdminError::RequestDenied { .. }), "{error}");
    assert_eq!(tenant.everything(), before);
}

#[tokio::test]
async fn nobody_is_let_in_before_the_set_up() {
    let tenant = Tenant::start().await;
    let error = tenant.admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap_err();
    assert!(matches!(error, AdminError::NotSetUp), "{error}");

    tenant.admin().setup(&set_up()).await.unwrap();
    tenant.application(|it| it.app_roles.clear());
    let error = tenant.admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap_err();
    assert!(matches!(error, AdminError::RoleMissing), "{error}");
}

#[tokio::test]
async fn an_id_that_is_no_agents_is_explained() {
    let tenant = Tenant::with_agent().await;
    let before = tenant.everything();
    let nothing = Uuid::new_v4();
    let registration = tenant.cloud().directory().application(INTERACTIVE).unwrap().id;
    for (id, says) in [
        (nothing, "nothing in the tenant"),
        (USER, "is a user (Ada Sample)"),
        (INTERACTIVE, "az ad sp create --id c1100000-0000-4000-8000-000000000004"),
        (registration, "registration with the client id c1100000"),
    ] {
        // The one before it is not let in either.
        let error = tenant.admin().preauthorize(&[OTHER_AGENT, id]).await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(tenant.everything(), before);
}

#[tokio::test]
async fn only_a_managed_identity_stands_in_for_a_secret() {
    let tenant = Tenant::start().await;
    let before = tenant.everything();
    let credential = ClientCredential::ManagedIdentity(object_id(FOUNDRY_AGENT));
    let setup = Setup { display_name: NAME.to_owned(), credential };
    let error = tenant.admin().setup(&setup).await.unwrap_err();
    assert!(matches!(error, AdminError::NotManagedIdentity { .. }), "{error}");
    assert_eq!(tenant.everything(), before);
}

#[tokio::test]
async fn of_several_registrations_none_is_taken() {
    let tenant = Tenant::with_agent().await;
    let twin = tenant.application(|it| it.clone());
    tenant.directory(|directory| {
        let ids = (Uuid::new_v4(), Uuid::new_v4());
        let twin = easyauth_emulator::Application { id: ids.0, app_id: ids.1, ..twin };
        directory.applications.push(twin);
    });
    let error = tenant.admin().setup(&set_up()).await.unwrap_err();
    assert!(error.to_string().contains(&tenant.client_id().to_string()), "{error}");
    let admin = tenant.admin().with_client_id(tenant.client_id());
    assert!(admin.setup(&set_up()).await.unwrap().steps.is_empty());
}

#[tokio::test]
async fn a_web_app_that_is_not_there_is_told() {
    let tenant = Tenant::start().await;
    tenant.cloud().sites().clear();
    let error = tenant.admin().setup(&set_up()).await.unwrap_err();
    assert!(matches!(error, AdminError::WebAppMissing { .. }), "{error}");
    assert!(error.to_string().contains(SITE), "{error}");
}

#[tokio::test]
async fn a_write_that_is_put_off_comes_again() {
    let tenant = failing(429, Some(0), 2).await;
    tenant.admin().setup(&set_up()).await.unwrap();
    assert_eq!(tenant.admin().doctor(&[]).await.unwrap(), None);
}

#[tokio::test]
async fn who_is_put_off_for_too_long_is_told_until_when() {
    let tenant = failing(429, Some(3000), 1).await;
    let error = tenant.admin().setup(&set_up()).await.unwrap_err();
    assert!(matches!(error, AdminError::Throttled { .. }), "{error}");
    assert!(error.to_string().contains("3000 seconds"), "{error}");
    // A second run goes on.
    tenant.admin().setup(&set_up()).await.unwrap();
    assert_eq!(tenant.admin().doctor(&[]).await.unwrap(), None);
}

#[tokio::test]
async fn a_secret_that_cannot_be_stored_is_taken_back() {
    let tenant = failing(500, None, 1).await;
    let admin = tenant.admin().with_patience(Duration::ZERO);
    let error = admin.setup(&by_secret()).await.unwrap_err();
    assert!(matches!(error, AdminError::Refused { status: 500, .. }), "{error}");
    assert_eq!(tenant.application(|it| it.secrets.clone()), [""; 0]);
}

#[tokio::test]
async fn what_stays_unknown_for_too_long_is_told() {
    let mut options = Options::default();
    options.graph.replication_requests = 1000;
    let tenant = Tenant::with(options).await;
    let admin = tenant.admin().with_patience(Duration::from_millis(500));
    let error = admin.setup(&set_up()).await.unwrap_err();
    assert!(matches!(error, AdminError::NotReplicated { .. }), "{error}");
}

/// A credential that counts how often it is asked, and for what.
#[derive(Debug)]
struct Counting(Ready, Mutex<Vec<String>>);

#[async_trait]
impl TokenCredential for Counting {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        self.1.lock().unwrap().extend(scopes.iter().map(|scope| (*scope).to_owned()));
        self.0.get_token(scopes, options).await
    }
}

#[tokio::test]
async fn a_token_is_used_more_than_once() {
    let tenant = Tenant::start().await;
    let token = Ready(tenant.token(OPERATOR, GRAPH));
    let counting = Arc::new(Counting(token, Mutex::default()));
    let graph = Endpoint::graph(counting.clone()).unwrap().at(tenant.cloud().origin()).unwrap();
    tenant.admin_at(graph).setup(&set_up()).await.unwrap();
    assert_eq!(*counting.1.lock().unwrap(), ["https://graph.microsoft.com/.default"]);
}

#[tokio::test]
async fn a_token_that_is_refused_is_not_shown() {
    let tenant = Tenant::start().await;
    let origin = tenant.cloud().origin();
    let token = Arc::new(Ready("a-secret-token".to_owned()));
    let graph = Endpoint::graph(token.clone()).unwrap().at(origin).unwrap();
    let resource_manager = Endpoint::resource_manager(token).unwrap().at(origin).unwrap();
    let admin = Admin::new(TENANT_ID, graph, resource_manager, SITE).unwrap();
    let error = admin.list().await.unwrap_err();
    assert!(matches!(error, AdminError::TokenRefused { .. }), "{error}");
    assert!(!format!("{error} {error:?} {admin:?}").contains("a-secret"), "{error:?}");
}

/// Serves for as long as the test runs, and answers the origin.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

#[tokio::test]
async fn tokens_go_nowhere_else() {
    let tenant = Tenant::with_agent().await;
    let tokens = Arc::new(AtomicUsize::new(0));
    let seen = tokens.clone();
    let elsewhere = Router::new().fallback(move |headers: HeaderMap| async move {
        seen.fetch_add(usize::from(headers.contains_key("authorization")), Ordering::SeqCst);
        Json(json!({ "value": [] }))
    });
    let elsewhere = serve(elsewhere).await;
    let target = elsewhere.clone();
    let redirecting = Router::new().fallback(async move || Redirect::temporary(&target));
    let linking = Router::new().fallback(async move |uri: Uri| {
        let is_last = uri.path() == "/v1.0/more";
        let link = (!is_last).then(|| format!("{elsewhere}/v1.0/more"));
        Json::<Value>(json!({ "value": [], "@odata.nextLink": link }))
    });
    for origin in [serve(redirecting).await, serve(linking).await] {
        let token = Arc::new(Ready("a-token".to_owned()));
        let graph = Endpoint::graph(token).unwrap().at(&origin).unwrap();
        let Err(error) = tenant.admin_at(graph).setup(&by_secret()).await else {
            panic!("{origin} is no Graph")
        };
        let is_told = matches!(
            error,
            AdminError::Refused { status: 307, .. } | AdminError::Unexpected { .. }
        );
        assert!(is_told, "{error}");
    }
    assert_eq!(tokens.load(Ordering::SeqCst), 0);
}

/// Nothing would be left of what it holds back if it were believed.
#[tokio::test]
async fn an_answer_without_settings_is_not_taken_for_empty_ones() {
    let tenant = Tenant::start().await;
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&writes);
    let answer = async move |method: Method, uri: Uri| {
        counted.fetch_add(usize::from(method == Method::PUT), Ordering::SeqCst);
        let is_app = uri.path().ends_with("/sites/reviews");
        let host = json!({ "properties": { "defaultHostName": "reviews.azurewebsites.net" } });
        Json(if is_app { host } else { json!({ "name": "broken off" }) })
    };
    let origin = serve(Router::new().fallback(answer)).await;
    let token = Arc::new(Ready("token".to_owned()));
    let resource_manager = Endpoint::resource_manager(token).unwrap().at(&origin).unwrap();
    let graph = Arc::new(Ready(tenant.token(OPERATOR, GRAPH)));
    let graph = Endpoint::graph(graph).unwrap().at(tenant.cloud().origin()).unwrap();
    let admin = Admin::new(TENANT_ID, graph, resource_manager, SITE).unwrap();
    let error = admin.setup(&set_up()).await.unwrap_err();
    assert!(matches!(error, AdminError::Unexpected { .. }), "{error}");
    assert_eq!(writes.load(Ordering::SeqCst), 0);
}

/// Somebody who takes this for Graph and Resource Manager.
fn admin_at(origin: &str) -> Admin {
    let token = Arc::new(Ready("token".to_owned()));
    let graph = Endpoint::graph(token.clone()).unwrap().at(origin).unwrap();
    let resource_manager = Endpoint::resource_manager(token).unwrap().at(origin).unwrap();
    Admin::new(TENANT_ID, graph, resource_manager, SITE).unwrap()
}

#[tokio::test]
async fn an_answer_of_another_shape_is_told() {
    for answer in [json!([]), json!("no"), json!({}), json!({ "value": {} }), Value::Null] {
        let said = answer.clone();
        let origin = serve(Router::new().fallback(async move || Json(said))).await;
        let error = admin_at(&origin).list().await.unwrap_err();
        assert!(matches!(error, AdminError::Unexpected { .. }), "{answer}: {error}");
        // A registration that is not found is made anew.
        let tenant = Tenant::start().await;
        let graph = Endpoint::graph(Arc::new(Ready("token".to_owned()))).unwrap();
        let admin = tenant.admin_at(graph.at(&origin).unwrap());
        let error = admin.setup(&by_secret()).await.unwrap_err();
        assert!(matches!(error, AdminError::Unexpected { .. }), "{answer}: {error}");
    }
}

#[tokio::test]
async fn the_time_to_come_again_is_taken_with_sense() {
    for (retry_after, most) in [("18446744073709551615", 1), ("0", 4)] {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let answer = async move || {
            counted.fetch_add(1, Ordering::SeqCst);
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", retry_after)])
        };
        let origin = serve(Router::new().fallback(answer)).await;
        let admin = admin_at(&origin).with_patience(Duration::from_secs(1));
        let error = admin.list().await.unwrap_err();
        assert!(matches!(error, AdminError::Throttled { .. }), "{error}");
        assert!(asked.load(Ordering::SeqCst) <= most, "{asked:?}");
    }
}

/// Names and messages are others' words: they draw nothing on the operator's terminal.
#[tokio::test]
async fn what_others_say_moves_no_cursor() {
    let tenant = Tenant::with_agent().await;
    tenant.directory(|all| {
        let mut all = all.service_principals.iter_mut();
        let agent = all.find(|it| it.app_id == FOUNDRY_AGENT).unwrap();
        "Agent\u{1b}[1A\n\u{202e}".clone_into(&mut agent.display_name);
    });
    let agent = tenant.admin().identity(FOUNDRY_AGENT).await.unwrap().to_string();
    assert!(
        agent.starts_with("Agent") && !agent.contains(['\u{1b}', '\n', '\u{202e}']),
        "{agent:?}"
    );

    let answer = json!({ "error": { "code": "No\u{1b}", "message": "stop\u{1b}[2J" } });
    let answer = async move || (StatusCode::BAD_REQUEST, Json(answer));
    let origin = serve(Router::new().fallback(answer)).await;
    let error = admin_at(&origin).list().await.unwrap_err().to_string();
    assert!(error.contains("stop") && !error.contains('\u{1b}'), "{error:?}");
}
