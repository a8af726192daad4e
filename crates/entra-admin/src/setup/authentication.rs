//! The platform's authentication of the web app: the deployed document, merged into what is there.

use serde_json::{Value, json};

use super::{client_credential::SECRET_SETTING, plan::Plan};
use crate::{
    AdminError,
    auth_settings::{AuthSettings, CLIENT_LISTS, at},
    change_set::ChangeSet,
    registration::{METADATA_SETTING, SCOPE},
    web_app::AppSettings,
};

/// The settings of authentication for an MCP server: what the Bicep files of this repository deploy, without the pages that
/// the product shows to everyone. A copy, because a published crate cannot contain a file of another folder.
const TEMPLATE: &str = include_str!("auth_settings.json");

impl ChangeSet<'_> {
    /// Switches the metadata on, and stores what the platform proves itself by: answers what is stored then. A credential that
    /// somebody else stored meanwhile stays.
    pub(super) async fn write_app_settings(
        &mut self,
        plan: &Plan<'_>,
        credential: Option<(&str, Value)>,
    ) -> Result<AppSettings, AdminError> {
        let uri = plan.registration.identifier_uri();
        let scope = format!("{}/{SCOPE}", uri.unwrap_or_else(|| plan.registration.usual_uri()));
        let change = |settings: &mut AppSettings| {
            let known = settings.get(METADATA_SETTING).and_then(Value::as_str).unwrap_or_default();
            let mut scopes: Vec<_> = known.split(',').filter(|it| !it.trim().is_empty()).collect();
            if !scopes.iter().any(|it| plan.registration.has_scope(it)) {
                scopes.push(&scope);
                let scopes = json!(scopes.join(","));
                settings.insert(METADATA_SETTING.to_owned(), scopes);
            }
            if let Some((name, value)) = &credential
                && settings.get(*name) == plan.app_settings.get(*name)
            {
                settings.insert((*name).to_owned(), value.clone());
            }
        };
        let what = "write the app settings of authentication";
        self.update_app_settings(what, &[SECRET_SETTING], change).await
    }

    /// Switches authentication on, as the deployed document has it.
    pub(super) async fn write_auth_settings(
        &mut self,
        plan: &Plan<'_>,
        secret_name: &str,
    ) -> Result<(), AdminError> {
        let admin = self.admin;
        let client_id = plan.registration.client_id();
        let change = |after: &mut AuthSettings| {
            after.fill(&defaults(&admin.tenant_id.to_string(), client_id));
            after.set(at::ENABLED, json!(true));
            after.set(at::RUNTIME, json!("~2"));
            after.set(at::REQUIRED, json!(true));
            after.set(at::ACTION, json!("Return401"));
            after.set(at::PROVIDER, json!(true));
            after.set(at::ISSUER, json!(admin.cloud.issuer(admin.tenant_id)));
            after.set(at::CLIENT_ID, json!(client_id));
            after.set(at::SECRET_NAME, json!(secret_name));
            if let Some(audience) = plan.registration.audience() {
                after.add(at::AUDIENCES, &audience);
            }
            after.shut_empty_lists(client_id);
            // The client of users who sign in at the browser is the app itself.
            for list in CLIENT_LISTS {
                after.add(list, client_id);
            }
        };
        self.update_auth_settings("switch authentication on", change).await
    }
}

/// The deployed document with its placeholders filled in; the lists of clients are the caller's business.
fn defaults(tenant_id: &str, client_id: &str) -> Value {
    let text = TEMPLATE
        .replace("\"__ALLOWED_CLIENTS__\"", "[]")
        .replace("__TENANT_ID__", tenant_id)
        .replace("__CLIENT_ID__", client_id);
    let mut document: Value = serde_json::from_str(&text).unwrap_or_default();
    document["properties"].take()
}

#[cfg(test)]
mod tests {
    use super::defaults;

    #[test]
    fn the_deployed_document_is_read_and_filled_in() {
        let text = defaults("the-tenant", "the-client").to_string();
        assert!(text.contains("the-tenant") && text.contains("the-client"), "{text}");
        assert!(text.contains("excludedPaths") && !text.contains("__"), "{text}");
    }
}
