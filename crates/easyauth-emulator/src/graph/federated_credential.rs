//! `federatedIdentityCredentials` of an application: whose tokens prove it.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Graph, application, body::Body, error::GraphError, key::Key, list::ListQuery};
use crate::FederatedCredential;

const RESOURCE: &str = "FederatedIdentityCredential";
const FILTERABLE: &[&str] = &["name", "subject"];
const KNOWN: &[&str] = &["name", "issuer", "subject", "audiences"];
/// The longest name, in characters.
const LONGEST_NAME: usize = 120;
/// How many an application may have.
const MOST: usize = 20;

/// `GET /applications/{key}/federatedIdentityCredentials`
pub(super) async fn list(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let mut directory = graph.cloud.directory();
    let application = application::of(&graph, &mut directory, key)?;
    query.page(&graph, application.federated_credentials.iter().map(render), FILTERABLE)
}

/// `GET /applications/{key}/federatedIdentityCredentials/{id or name}`
pub(super) async fn find(
    State(graph): State<Graph>,
    key: Key,
    Path((_, credential)): Path<(String, String)>,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let mut directory = graph.cloud.directory();
    let application = application::of(&graph, &mut directory, key)?;
    let mut credentials = application.federated_credentials.iter();
    let found = credentials.find(|found| is_named(found, &credential));
    let found = found.ok_or_else(|| GraphError::not_found(credential))?;
    Ok(query.object(&graph, render(found)))
}

/// `POST /applications/{key}/federatedIdentityCredentials`
pub(super) async fn create(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
    body: Body,
) -> Result<Response, GraphError> {
    let mut directory = graph.cloud.directory();
    let application = application::of(&graph, &mut directory, key)?;
    let new = read(&body)?;
    check(&application.federated_credentials, &new)?;
    let answer = query.object(&graph, render(&new));
    application.federated_credentials.push(new);
    Ok((StatusCode::CREATED, answer).into_response())
}

/// `DELETE /applications/{key}/federatedIdentityCredentials/{id or name}`
pub(super) async fn remove(
    State(graph): State<Graph>,
    key: Key,
    Path((_, credential)): Path<(String, String)>,
) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let application = application::of(&graph, &mut directory, key)?;
    let credentials = &mut application.federated_credentials;
    let at = credentials.iter().position(|found| is_named(found, &credential));
    credentials.remove(at.ok_or_else(|| GraphError::not_found(credential))?);
    Ok(StatusCode::NO_CONTENT)
}

fn read(body: &Body) -> Result<FederatedCredential, GraphError> {
    body.check_names(KNOWN, RESOURCE)?;
    let new = FederatedCredential {
        id: Uuid::new_v4(),
        name: body.required("name", RESOURCE)?,
        issuer: body.required("issuer", RESOURCE)?,
        subject: body.required("subject", RESOURCE)?,
        audiences: body.required("audiences", RESOURCE)?,
    };
    let is_named = (1..=LONGEST_NAME).contains(&new.name.chars().count());
    let fits = [
        (is_named, "name"),
        (!new.issuer.is_empty(), "issuer"),
        (!new.subject.is_empty(), "subject"),
        (new.audiences.len() == 1, "audiences"),
    ];
    match fits.into_iter().find(|(is_good, _)| !is_good) {
        Some((_, property)) => Err(GraphError::invalid_value(property, RESOURCE)),
        None => Ok(new),
    }
}

fn check(others: &[FederatedCredential], new: &FederatedCredential) -> Result<(), GraphError> {
    if others.iter().any(|other| other.name == new.name) {
        let message = format!("FederatedIdentityCredential with name {} already exists.", new.name);
        return Err(GraphError::conflict(message));
    }
    if others.iter().any(|other| (&other.issuer, &other.subject) == (&new.issuer, &new.subject)) {
        return Err(GraphError::conflict(
            "FederatedIdentityCredential with the same issuer and subject already exists.",
        ));
    }
    if others.len() >= MOST {
        let message = format!("An application has at most {MOST} federated identity credentials.");
        return Err(GraphError::bad_request(message));
    }
    Ok(())
}

fn is_named(credential: &FederatedCredential, text: &str) -> bool {
    credential.name == text || credential.id.to_string() == text
}

fn render(credential: &FederatedCredential) -> Value {
    json!(credential)
}
