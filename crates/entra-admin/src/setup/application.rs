//! What the registration has to have: a name as an audience, a scope, a role, and the address that people come back to.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    AdminError,
    change_set::ChangeSet,
    registration::{ROLE, Registration, SCOPE, is_for_applications},
};

/// The ids of the role and the scope that `setup` defines. An id is known in its registration alone, so every
/// registration may have the same, and a dry run shows what is going to be.
const ROLE_ID: &str = "4d435041-6363-4573-8000-000000000001";
const SCOPE_ID: &str = "4d435041-6363-4573-8000-000000000002";

impl ChangeSet<'_> {
    /// Adds what is missing. Graph replaces collections, so each is written with all that is in it.
    pub(super) async fn complete(
        &mut self,
        registration: &mut Registration,
        host: &str,
    ) -> Result<(), AdminError> {
        self.name_as_audience(registration).await?;
        self.define_scope(registration).await?;
        self.define_role(registration).await?;
        self.define_user_roles(registration).await?;
        self.let_people_come_back(registration, host).await
    }

    async fn name_as_audience(&mut self, it: &mut Registration) -> Result<(), AdminError> {
        self.update_registration(it, "identifierUris", |it| {
            let uri = it.usual_uri();
            let uris = || with(&it.0["identifierUris"], json!(uri));
            it.identifier_uri().is_none().then(|| (format!("name it {uri}"), uris()))
        })
        .await
    }

    async fn define_scope(&mut self, it: &mut Registration) -> Result<(), AdminError> {
        self.update_registration(it, "api/oauth2PermissionScopes", |it| {
            let scopes = &it.0["api"]["oauth2PermissionScopes"];
            match it.scope() {
                Some(scope) if scope["isEnabled"] == true => None,
                Some(_) => {
                    let scopes = changed(scopes, SCOPE, &json!({ "isEnabled": true }));
                    Some((format!("enable the scope {SCOPE}"), scopes))
                }
                None => Some((format!("define the scope {SCOPE}"), with(scopes, new_scope()))),
            }
        })
        .await
    }

    async fn define_role(&mut self, it: &mut Registration) -> Result<(), AdminError> {
        // An enabled role may be disabled, but not changed in any other way.
        self.update_registration(it, "appRoles", |it| {
            let role = it.role().filter(|role| !is_for_applications(role))?;
            let roles = || changed(&it.0["appRoles"], ROLE, &json!({ "isEnabled": false }));
            let what = || format!("disable the role {ROLE} to change it");
            (role["isEnabled"] == true).then(|| (what(), roles()))
        })
        .await?;
        self.update_registration(it, "appRoles", |it| {
            let roles = &it.0["appRoles"];
            let Some(role) = it.role() else {
                return Some((format!("define the role {ROLE}"), with(roles, new_role())));
            };
            if !is_for_applications(role) {
                let types = with(&role["allowedMemberTypes"], json!("Application"));
                let change = json!({ "allowedMemberTypes": types, "isEnabled": true });
                let what = format!("open the role {ROLE} to applications");
                return Some((what, changed(roles, ROLE, &change)));
            }
            let enabled = || changed(roles, ROLE, &json!({ "isEnabled": true }));
            (role["isEnabled"] != true).then(|| (format!("enable the role {ROLE}"), enabled()))
        })
        .await
    }

    /// Defines the roles for users that are missing. One that is there stays as it is.
    async fn define_user_roles(&mut self, it: &mut Registration) -> Result<(), AdminError> {
        for role in self.admin.user_roles.clone() {
            let new = new_user_role(&role);
            self.update_registration(it, "appRoles", |it| {
                let roles = &it.0["appRoles"];
                let mut known = roles.as_array().into_iter().flatten();
                let is_there = known.any(|known| known["value"] == *role);
                let what = || format!("define the role {role} for users");
                (!is_there).then(|| (what(), with(roles, new.clone())))
            })
            .await?;
        }
        Ok(())
    }

    /// Where the platform gets people's sign-ins, as id tokens.
    async fn let_people_come_back(
        &mut self,
        it: &mut Registration,
        host: &str,
    ) -> Result<(), AdminError> {
        let address = callback(host);
        self.update_registration(it, "web/redirectUris", |it| {
            let uris = &it.0["web"]["redirectUris"];
            let is_there = uris.as_array().is_some_and(|uris| uris.contains(&json!(address)));
            let what = || format!("let people come back to {address}");
            (!is_there).then(|| (what(), with(uris, json!(address))))
        })
        .await?;
        self.update_registration(it, "web/implicitGrantSettings", |it| {
            let grants = &it.0["web"]["implicitGrantSettings"];
            if grants["enableIdTokenIssuance"] == true {
                return None;
            }
            let mut grants = if grants.is_object() { grants.clone() } else { json!({}) };
            grants["enableIdTokenIssuance"] = json!(true);
            Some(("let the platform get id tokens".to_owned(), grants))
        })
        .await
    }
}

/// Where people come back to from their sign-in.
pub(crate) fn callback(host: &str) -> String {
    format!("https://{host}/.auth/login/aad/callback")
}

/// A collection with one more member.
pub(super) fn with(collection: &Value, new: Value) -> Value {
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

fn new_user_role(role: &str) -> Value {
    json!({
        "id": Uuid::new_v4(),
        "value": role,
        "displayName": role,
        "description": format!("A user with this role may do what the app allows by {role}."),
        "allowedMemberTypes": ["User"],
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
