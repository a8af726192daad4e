//! `addPassword` and `removePassword` of an application.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Graph, application, body::Body, error::GraphError, key::Key};
use crate::{
    Application,
    directory::credential::{PASSWORDS, secret_id},
};

const RESOURCE: &str = "PasswordCredential";
/// What a client may say of a secret; the text and the id are made here.
const CREDENTIAL: &[&str] = &["displayName", "startDateTime", "endDateTime"];
/// How long a secret lives when the client does not say.
const LIFETIME: TimeDelta = TimeDelta::days(730);
/// How many characters of a secret Graph shows later.
const HINT: usize = 3;

/// `POST /applications/{key}/addPassword`: the one time that the secret is shown.
pub(super) async fn add(
    State(graph): State<Graph>,
    key: Key,
    Body(body): Body,
) -> Result<Response, GraphError> {
    let random = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
    let secret = URL_SAFE_NO_PAD.encode(random);
    let asked = body.get("passwordCredential").cloned().unwrap_or_default();
    let credential = asked.as_object().cloned().unwrap_or_default();
    Body(body).check_names(&["passwordCredential"], RESOURCE)?;
    Body(credential).check_names(CREDENTIAL, RESOURCE)?;
    let mut shown = describe(&asked, &secret, graph.cloud.now());
    let mut directory = graph.cloud.directory();
    let application = application::of(&graph, &mut directory, key)?;
    show(application, |all| all.push(shown.clone()));
    application.secrets.push(secret.clone());
    shown["secretText"] = json!(secret);
    Ok(Json(shown).into_response())
}

/// `POST /applications/{key}/removePassword`
pub(super) async fn remove(
    State(graph): State<Graph>,
    key: Key,
    body: Body,
) -> Result<StatusCode, GraphError> {
    body.check_names(&["keyId"], RESOURCE)?;
    let id: Uuid = body.required("keyId", RESOURCE)?;
    let mut directory = graph.cloud.directory();
    let application = application::of(&graph, &mut directory, key)?;
    let at = application.secrets.iter().position(|secret| secret_id(secret) == id);
    let at =
        at.ok_or_else(|| GraphError::bad_request("No password credential found with keyId."))?;
    application.secrets.remove(at);
    show(application, |all| all.retain(|one| one["keyId"] != json!(id)));
    Ok(StatusCode::NO_CONTENT)
}

/// What Graph shows of a secret made now.
fn describe(asked: &Value, secret: &str, now: DateTime<Utc>) -> Value {
    let time = |name: &str, default: DateTime<Utc>| match &asked[name] {
        Value::String(time) => time.clone(),
        _ => default.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    json!({
        "displayName": asked["displayName"],
        "endDateTime": time("endDateTime", now + LIFETIME),
        "hint": secret.get(..HINT),
        "keyId": secret_id(secret),
        "startDateTime": time("startDateTime", now),
    })
}

/// Changes what Graph shows of the secrets.
fn show(application: &mut Application, change: impl FnOnce(&mut Vec<Value>)) {
    let mut shown = match application.other.remove(PASSWORDS) {
        Some(Value::Array(shown)) => shown,
        _ => Vec::new(),
    };
    change(&mut shown);
    application.other.insert(PASSWORDS.to_owned(), Value::Array(shown));
}
