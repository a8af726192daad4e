//! What the registration has to have: a name as an audience, a scope, a role, and the address that people come back to.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    AdminError,
    auth_settings::set,
    endpoint::Call,
    registration::{ROLE, Registration, SCOPE, is_for_applications},
    step::Run,
};

/// The ids of the role and the scope that `setup` defines. An id is known in its registration alone, so every
/// registration may have the same, and a dry run shows what is going to be.
const ROLE_ID: &str = "4d435041-6363-4573-8000-000000000001";
const SCOPE_ID: &str = "4d435041-6363-4573-8000-000000000002";

impl Run<'_> {
    /// Adds what is missing. Graph replaces collections, so each is written with all that is in it.
    pub(super) async fn complete(
        &mut self,
        registration: &mut Registration,
        host: &str,
    ) -> Result<(), AdminError> {
        self.name_as_audience(registration).await?;
        self.define_scope(registration).await?;
        self.define_role(registration).await?;
        self.let_people_come_back(registration, host).await
    }

    async fn name_as_audience(&mut self, it: &mut Registration) -> Result<(), AdminError> {
        if it.identifier_uri().is_some() {
            return Ok(());
        }
        let uri = it.usual_uri();
        let uris = with(&it.0["identifierUris"], json!(uri));
        self.patch(it, format!("name it {uri}"), "/identifierUris", uris).await
    }

    async fn define_scope(&mut self, it: &mut Registration) -> Result<(), AdminError> {
        let what = match it.scope() {
            Some(scope) if scope["isEnabled"] == true => return Ok(()),
            Some(_) => format!("enable the scope {SCOPE}"),
            None => format!("define the scope {SCOPE}"),
        };
        let scopes = &it.0["api"]["oauth2PermissionScopes"];
        let scopes = if it.scope().is_some() {
            changed(scopes, SCOPE, &json!({ "isEnabled": true }))
        } else {
            with(scopes, new_scope())
        };
        self.patch(it, what, "/api/oauth2PermissionScopes", scopes).await
    }

    async fn define_role(&mut self, it: &mut Registration) -> Result<(), AdminError> {
        let Some(role) = it.role().cloned() else {
            let roles = with(&it.0["appRoles"], new_role());
            return self.patch(it, format!("define the role {ROLE}"), "/appRoles", roles).await;
        };
        if !is_for_applications(&role) {
            // An enabled role may be disabled, but not changed in any other way.
            if role["isEnabled"] == true {
                let roles = changed(&it.0["appRoles"], ROLE, &json!({ "isEnabled": false }));
                let what = format!("disable the role {ROLE} to change it");
                self.patch(it, what, "/appRoles", roles).await?;
            }
            let types = with(&role["allowedMemberTypes"], json!("Application"));
            let change = json!({ "allowedMemberTypes": types, "isEnabled": true });
            let roles = changed(&it.0["appRoles"], ROLE, &change);
            let what = format!("open the role {ROLE} to applications");
            return self.patch(it, what, "/appRoles", roles).await;
        }
        if role["isEnabled"] == true {
            return Ok(());
        }
        let roles = changed(&it.0["appRoles"], ROLE, &json!({ "isEnabled": true }));
        self.patch(it, format!("enable the role {ROLE}"), "/appRoles", roles).await
    }

    /// Where the platform gets people's sign-ins, as id tokens.
    async fn let_people_come_back(
        &mut self,
        it: &mut Registration,
        host: &str,
    ) -> Result<(), AdminError> {
        let address = callback(host);
        let uris = &it.0["web"]["redirectUris"];
        if !uris.as_array().is_some_and(|uris| uris.contains(&json!(address))) {
            let uris = with(uris, json!(address));
            let what = format!("let people come back to {address}");
            self.patch(it, what, "/web/redirectUris", uris).await?;
        }
        let grants = &it.0["web"]["implicitGrantSettings"];
        if grants["enableIdTokenIssuance"] == true {
            return Ok(());
        }
        let mut grants = if grants.is_object() { grants.clone() } else { json!({}) };
        grants["enableIdTokenIssuance"] = json!(true);
        let what = "let the platform get id tokens";
        self.patch(it, what.to_owned(), "/web/implicitGrantSettings", grants).await
    }

    /// Writes one property, and notes it in what was read, so that the next step builds upon it.
    async fn patch(
        &mut self,
        it: &mut Registration,
        what: String,
        pointer: &str,
        value: Value,
    ) -> Result<(), AdminError> {
        let body = pointer.rsplit('/').filter(|name| !name.is_empty());
        let body = body.fold(value.clone(), |inner, name| json!({ name: inner }));
        let call = Call::new(Method::PATCH, it.path(), body).about_new();
        self.change_tenant(what, call).await?;
        set(&mut it.0, pointer.trim_start_matches('/'), value);
        Ok(())
    }
}

/// Where people come back to from their sign-in.
pub(crate) fn callback(host: &str) -> String {
    format!("https://{host}/.auth/login/aad/callback")
}

/// A collection with one more member.
fn with(collection: &Value, new: Value) -> Value {
    let mut all = collection.as_array().cloned().unwrap_or_default();
    all.push(new);
    Value::Array(all)
}

/// A collection whose member of this name has other properties.
fn changed(collection: &Value, name: &str, change: &Value) -> Value {
    let mut all = collection.as_array().cloned().unwrap_or_default();
    for member in all.iter_mut().filter(|member| member["value"] == name) {
        for (property, value) in change.as_object().into_iter().flatten() {
            member[property] = value.clone();
        }
    }
    Value::Array(all)
}

fn new_role() -> Value {
    json!({
        "id": ROLE_ID,
        "value": ROLE,
        "displayName": "Call the MCP tools",
        "description": "An agent with this role may call the MCP tools in its own name.",
        "allowedMemberTypes": ["Application"],
        "isEnabled": true,
    })
}

fn new_scope() -> Value {
    json!({
        "id": SCOPE_ID,
        "value": SCOPE,
        "type": "User",
        "adminConsentDisplayName": "Use the app for people",
        "adminConsentDescription": "Lets a program use the app in the name of the person who is signed in.",
        "userConsentDisplayName": "Use the app for you",
        "userConsentDescription": "Lets a program use the app in your name.",
        "isEnabled": true,
    })
}
