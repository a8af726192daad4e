//! An address that issues tokens which must be refused, and rolls the keys: for tests in other languages.
//!
//! It wants the key that the emulator shows at its start, so that no page and no client under test can use it.

use axum::{
    Form, Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Cloud, keys::SigningKeys, token::LIFETIME_SECONDS};

/// The header with the key.
const KEY: &str = "x-emulator-key";
/// Seconds by which a token's time is over or has not come: more than clocks may differ.
const FAR: i64 = 24 * 3600;

/// Its routes.
pub(crate) fn router(cloud: Cloud) -> Router {
    Router::new()
        .route("/emulator/token", post(token))
        .route("/emulator/roll-keys", post(roll_keys))
        .with_state(cloud)
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fault {
    /// Nothing: to compare.
    None,
    Expired,
    NotYetValid,
    /// Signed by a key that the issuer never published, under the id of one that it did.
    WrongKey,
    WrongAudience,
    /// `alg: none`, without a signature.
    AlgNone,
}

#[derive(Debug, Deserialize)]
struct TokenForm {
    fault: Fault,
    client_id: Uuid,
    /// The client id or an identifier URI of the API that the token is for.
    resource: String,
    /// A person's user principal name, for a token with scopes in place of roles.
    user: Option<String>,
    /// The scopes, separated by spaces.
    #[serde(default)]
    scope: String,
}

/// `POST /emulator/token`
async fn token(State(cloud): State<Cloud>, headers: HeaderMap, form: Form<TokenForm>) -> Response {
    if let Some(refusal) = refuse(&cloud, &headers) {
        return refusal;
    }
    let Some(claims) = claims(&cloud, &form) else {
        let message = "There is no such client, resource or user.\n";
        return (StatusCode::BAD_REQUEST, message).into_response();
    };
    match forge(&cloud, form.fault, claims) {
        Ok(token) => Json(json!({ "access_token": token })).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// How the keys change.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Roll {
    /// To the next key, which was published before; the former one stays published.
    #[default]
    Announced,
    /// To a key that was not published before.
    Unannounced,
    /// The former keys are published no more.
    Withdraw,
}

#[derive(Debug, Deserialize)]
struct RollForm {
    #[serde(default)]
    how: Roll,
}

/// `POST /emulator/roll-keys`
async fn roll_keys(
    State(cloud): State<Cloud>,
    headers: HeaderMap,
    Form(form): Form<RollForm>,
) -> Response {
    if let Some(refusal) = refuse(&cloud, &headers) {
        return refusal;
    }
    let rolled = match form.how {
        Roll::Announced => cloud.roll_keys(),
        Roll::Unannounced => cloud.roll_keys_unannounced(),
        Roll::Withdraw => {
            cloud.withdraw_former_keys();
            Ok(())
        }
    };
    let failed = StatusCode::INTERNAL_SERVER_ERROR;
    rolled.map_or(failed, |()| StatusCode::NO_CONTENT).into_response()
}

fn refuse(cloud: &Cloud, headers: &HeaderMap) -> Option<Response> {
    let key = headers.get(KEY).and_then(|key| key.to_str().ok());
    let message = "The key in X-Emulator-Key is missing or wrong.\n";
    (key != Some(cloud.emulator_key())).then(|| (StatusCode::UNAUTHORIZED, message).into_response())
}

fn claims(cloud: &Cloud, form: &TokenForm) -> Option<Value> {
    let resource = cloud.directory().resource(&form.resource)?.app_id;
    let Some(name) = &form.user else { return cloud.app_claims(form.client_id, resource) };
    let user = cloud.directory().users.iter().find(|it| it.user_principal_name == *name)?.id;
    let scopes: Vec<_> = form.scope.split_whitespace().collect();
    cloud.user_claims(user, form.client_id, resource, &scopes)
}

fn forge(cloud: &Cloud, fault: Fault, mut claims: Value) -> std::io::Result<String> {
    let now = cloud.now().timestamp();
    let mut set_time = |start: i64| {
        claims["iat"] = json!(start);
        claims["nbf"] = json!(start);
        claims["exp"] = json!(start + LIFETIME_SECONDS);
    };
    match fault {
        Fault::Expired => set_time(now - FAR),
        Fault::NotYetValid => set_time(now + FAR),
        Fault::WrongAudience => claims["aud"] = json!(Uuid::new_v4()),
        Fault::None | Fault::WrongKey | Fault::AlgNone => {}
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = cloud.token_header();
    match fault {
        Fault::WrongKey => {
            let message = format!("{}.{}", part(&header), part(&claims));
            let signature = SigningKeys::generate()?.sign(&message)?;
            Ok(format!("{message}.{signature}"))
        }
        Fault::AlgNone => {
            Ok(format!("{}.{}.", part(&json!({ "typ": "JWT", "alg": "none" })), part(&claims)))
        }
        _ => Ok(cloud.sign(&header, &claims)),
    }
}
