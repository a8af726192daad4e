//! The token endpoints, with every grant type.

use axum::{
    Form, Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    agent_exchange::{self, TOKEN_EXCHANGE},
    client::{self, Client},
    delegation,
    error::TokenError,
    form::Parameters,
    grant::Grant,
    is_tenant, user_assertion,
};
use crate::{Application, Cloud, Directory, directory::GRAPH_URI, token::LIFETIME_SECONDS};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The grant type of on-behalf-of (RFC 7523).
const USER_ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The grant type by which an agent identity acts as its user account.
const AGENT_USER: &str = "user_fic";

/// The version 2.0 endpoint: what a token is for is in `scope`.
pub(super) async fn v2(
    State(cloud): State<Cloud>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, TokenError> {
    answer(&cloud, &tenant, &headers, &Parameters::new(pairs)?)
}

/// The version 1.0 endpoint: what a token is for is in `resource`. The version of the token is the resource's choice all the same.
pub(super) async fn v1(
    State(cloud): State<Cloud>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, TokenError> {
    let mut form = Parameters::new(pairs)?;
    let resource = form.take("resource")?;
    form.set("scope", format!("{resource}/.default"));
    answer(&cloud, &tenant, &headers, &form)
}

fn answer(
    cloud: &Cloud,
    tenant: &str,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<Response, TokenError> {
    if !is_tenant(cloud, tenant) {
        return Err(TokenError::Tenant);
    }
    let grant_type = form.required("grant_type")?;
    let client = client::authenticate(cloud, headers, form)?;
    let body = match grant_type {
        "client_credentials" => client_credentials(cloud, &client, form)?,
        "authorization_code" => collect(cloud, &client, &code(form)?, form)?,
        "refresh_token" => collect(cloud, &client, &refresh(form)?, form)?,
        // The short name is the one that msal-node sends.
        DEVICE_CODE | "device_code" => device_code(cloud, &client, form)?,
        USER_ASSERTION => on_behalf_of(cloud, &client, form)?,
        AGENT_USER => agent_user(cloud, &client, form)?,
        _ => return Err(TokenError::GrantType),
    };
    let caching = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([caching], Json(body)).into_response())
}

/// A token of the client's own.
fn client_credentials(
    cloud: &Cloud,
    client: &Client,
    form: &Parameters,
) -> Result<Value, TokenError> {
    if !client.is_confidential {
        return Err(TokenError::NoCredential);
    }
    let scope = form.required("scope")?;
    let audience = scope.strip_suffix("/.default").ok_or(TokenError::Scope)?;
    check_resource(cloud, client.id, scope, form.get("resource"))?;
    let claims = own_claims(cloud, client.id, audience, form.get("fmi_path"))?;
    let token = cloud.sign(&cloud.token_header(), &claims);
    Ok(bearer(&token))
}

/// The claims of a client's own token for a resource, if it may have one.
fn own_claims(
    cloud: &Cloud,
    client_id: Uuid,
    audience: &str,
    fmi_path: Option<&str>,
) -> Result<Value, TokenError> {
    let directory = &*cloud.directory();
    let principal = directory.service_principal(client_id);
    let principal = principal.ok_or(TokenError::NoServicePrincipal)?;
    if principal.is_disabled() {
        return Err(TokenError::Disabled);
    }
    if audience == TOKEN_EXCHANGE {
        return Ok(agent_exchange::claims(cloud, directory, principal, fmi_path));
    }
    if fmi_path.is_some() {
        return Err(TokenError::UnknownScope);
    }
    let resource = resource(cloud, directory, audience)?;
    let assigned = !directory.roles(principal.id, resource).is_empty();
    let wants = directory
        .service_principal(resource.app_id)
        .is_some_and(|p| p.app_role_assignment_required);
    if wants && !assigned {
        return Err(TokenError::Unassigned);
    }
    Ok(cloud.claims(directory, resource).of_client(principal))
}

/// The application that an audience names; it has to have a service principal.
pub(super) fn resource<'a>(
    cloud: &Cloud,
    directory: &'a Directory,
    audience: &str,
) -> Result<&'a Application, TokenError> {
    let audience = audience.trim_end_matches('/');
    let audience = if audience == cloud.graph_origin() { GRAPH_URI } else { audience };
    let resource = directory.resource(audience).ok_or(TokenError::Resource)?;
    directory.service_principal(resource.app_id).ok_or(TokenError::Resource)?;
    Ok(resource)
}

/// Checks what a client names as `resource` (RFC 8707), if that is looked at: it has to be an identifier URI of the
/// application that owns the scope, letter by letter.
pub(super) fn check_resource(
    cloud: &Cloud,
    client_id: Uuid,
    scope: &str,
    resource: Option<&str>,
) -> Result<(), TokenError> {
    let named =
        resource.filter(|named| !named.is_empty() && cloud.options().issuer.checks_resource);
    let Some(named) = named else { return Ok(()) };
    let directory = cloud.directory();
    let owner = self::resource(cloud, &directory, &audience(client_id, scope))?;
    let is_its_name = owner.identifier_uris.iter().any(|uri| uri == named);
    if is_its_name { Ok(()) } else { Err(TokenError::Target) }
}

/// What a token with a scope is for. Without a scope of an API it is for the client itself.
pub(super) fn audience(client_id: Uuid, scope: &str) -> String {
    let api = scope.split(' ').find_map(|scope| scope.rsplit_once('/'));
    api.map_or_else(|| client_id.to_string(), |(api, _)| api.to_owned())
}

/// What a client collects tokens with.
struct Proof<'a> {
    words: &'a str,
    /// Where a code was sent; a refresh token was sent nowhere, so neither passes for the other.
    redirect_uri: Option<&'a str>,
    verifier: Option<&'a str>,
}

fn code(form: &Parameters) -> Result<Proof<'_>, TokenError> {
    let words = form.required("code")?;
    let sent_to = form.required("redirect_uri")?;
    Ok(Proof { words, redirect_uri: Some(sent_to), verifier: form.get("code_verifier") })
}

fn refresh(form: &Parameters) -> Result<Proof<'_>, TokenError> {
    Ok(Proof { words: form.required("refresh_token")?, redirect_uri: None, verifier: None })
}

/// The tokens that a person has granted.
fn collect(
    cloud: &Cloud,
    client: &Client,
    proof: &Proof<'_>,
    form: &Parameters,
) -> Result<Value, TokenError> {
    let now = cloud.now().timestamp();
    let mut grant = cloud.grants().take(proof.words, now).ok_or(TokenError::Grant)?;
    let is_same_client = grant.client_id == client.id;
    if !is_same_client || grant.redirect_uri.as_deref() != proof.redirect_uri {
        return Err(TokenError::Grant);
    }
    if !grant.is_verified_by(proof.verifier) {
        return Err(TokenError::Verifier);
    }
    if !client.is_confidential && grant.redirect_uri.is_some() && grant.code_challenge.is_none() {
        return Err(TokenError::NoCredential);
    }
    // A refresh token is good for each API that the person has consented to; consent is not emulated.
    if let (None, Some(scope)) = (proof.redirect_uri, form.get("scope")) {
        scope.clone_into(&mut grant.scope);
    }
    tokens(cloud, grant, form)
}

/// The tokens of a person who has entered a device's code.
fn device_code(cloud: &Cloud, client: &Client, form: &Parameters) -> Result<Value, TokenError> {
    let code = form.required("device_code")?;
    let (client_id, now) = (client.id, cloud.now().timestamp());
    let (user_id, scope) = cloud.device_codes().take(code, client_id, now)?;
    tokens(cloud, Grant::without_code(user_id, client_id, scope), form)
}

/// The tokens of a person on whose behalf the client was called.
fn on_behalf_of(cloud: &Cloud, client: &Client, form: &Parameters) -> Result<Value, TokenError> {
    if form.required("requested_token_use")? != "on_behalf_of" {
        return Err(TokenError::GrantType);
    }
    if !client.is_confidential {
        return Err(TokenError::NoCredential);
    }
    let user_id = user_assertion::user(cloud, client, form.required("assertion")?)?;
    let scope = form.required("scope")?.to_owned();
    tokens(cloud, Grant::without_code(user_id, client.id, scope), form)
}

/// The tokens of an agent's user account.
fn agent_user(cloud: &Cloud, client: &Client, form: &Parameters) -> Result<Value, TokenError> {
    let user_id = agent_exchange::user(cloud, client, form)?;
    let scope = form.required("scope")?.to_owned();
    tokens(cloud, Grant::without_code(user_id, client.id, scope), form)
}

/// The tokens of a grant.
fn tokens(cloud: &Cloud, grant: Grant, form: &Parameters) -> Result<Value, TokenError> {
    delegation::check(cloud, grant.client_id, &grant.scope, form.get("resource"))?;
    let (access, id) = granted_claims(cloud, &cloud.directory(), &grant)?;
    let header = cloud.token_header();
    let mut body = bearer(&cloud.sign(&header, &access));
    body["scope"] = json!(grant.scope);
    if has_scope(&grant, "openid") {
        body["id_token"] = json!(cloud.sign(&header, &id));
    }
    // Microsoft's libraries tell accounts apart by it.
    if form.get("client_info") == Some("1") {
        let info = json!({ "uid": grant.user_id, "utid": cloud.tenant_id() });
        body["client_info"] = json!(URL_SAFE_NO_PAD.encode(info.to_string()));
    }
    if has_scope(&grant, "offline_access") {
        let again = Grant { redirect_uri: None, code_challenge: None, nonce: None, ..grant };
        body["refresh_token"] = json!(cloud.grants().keep(again, cloud.now().timestamp()));
    }
    Ok(body)
}

fn has_scope(grant: &Grant, scope: &str) -> bool {
    grant.scope.split(' ').any(|granted| granted == scope)
}

/// Claims of the access token and of the ID token.
fn granted_claims(
    cloud: &Cloud,
    directory: &Directory,
    grant: &Grant,
) -> Result<(Value, Value), TokenError> {
    let client = directory.registration(grant.client_id).ok_or(TokenError::Client)?;
    let scopes: Vec<_> =
        grant.scope.split(' ').filter_map(|scope| scope.rsplit_once('/')).collect();
    let audience = audience(grant.client_id, &grant.scope);
    let resource = resource(cloud, directory, &audience)?;
    // A person may be asked for the scopes of several APIs at once; a token is for one of them.
    let of_one = scopes.into_iter().filter(|(api, _)| *api == audience);
    let names: Vec<_> = of_one.map(|(_, name)| name).collect();
    let names = granted_scopes(resource, &names)?;
    let access = cloud.claims(directory, resource).of_user(grant.user_id, grant.client_id, &names);
    let id = id_claims(cloud, directory, client, grant);
    access.zip(id).ok_or(TokenError::Grant)
}

/// The scopes that were asked for, all of which the resource has to define.
fn granted_scopes<'a>(
    resource: &'a Application,
    names: &[&'a str],
) -> Result<Vec<&'a str>, TokenError> {
    let defined = resource.api.oauth2_permission_scopes.iter().filter(|scope| scope.is_enabled);
    let defined: Vec<_> = defined.map(|scope| scope.value.as_str()).collect();
    if names == [".default"] {
        return Ok(defined);
    }
    let known = names.iter().all(|name| defined.contains(name));
    known.then(|| names.to_vec()).ok_or(TokenError::UnknownScope)
}

/// Claims of the ID token: always version 2.0, and for the client.
fn id_claims(
    cloud: &Cloud,
    directory: &Directory,
    client: &Application,
    grant: &Grant,
) -> Option<Value> {
    let user = directory.users.iter().find(|user| user.id == grant.user_id)?;
    let mut id = cloud.claims(directory, client).of_user(user.id, grant.client_id, &[])?;
    let members = id.as_object_mut()?;
    for of_access in ["scp", "appid", "appidacr", "azp", "azpacr", "idtyp", "unique_name", "upn"] {
        members.remove(of_access);
    }
    members.insert("aud".to_owned(), json!(grant.client_id));
    members.insert("iss".to_owned(), json!(cloud.v2_issuer()));
    members.insert("ver".to_owned(), json!("2.0"));
    members.insert("preferred_username".to_owned(), json!(user.user_principal_name));
    members.extend(grant.nonce.as_ref().map(|nonce| ("nonce".to_owned(), json!(nonce))));
    Some(id)
}

fn bearer(token: &str) -> Value {
    json!({
        "token_type": "Bearer", "expires_in": LIFETIME_SECONDS, "ext_expires_in": LIFETIME_SECONDS,
        "access_token": token,
    })
}
