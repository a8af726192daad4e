//! The platform's authentication of the web app: the deployed document, merged into what is there.

use serde_json::{Value, json};

use super::proof::SECRET_SETTING;
use crate::{
    AdminError,
    auth_settings::{CLIENT_LISTS, at},
    registration::{METADATA_SETTING, Registration, SCOPE},
    step::Run,
    web_app::AppSettings,
};

/// The settings of authentication that are deployed with the product of this repository.
const TEMPLATE: &str = include_str!("../../../../infra/authsettings.json");

/// For which registration authentication is to be. The settings are read again just before each is written: what is new in
/// the tenant may be waited for by then, and somebody else may write meanwhile.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) registration: &'a Registration,
    /// As they were at first.
    pub(super) app_settings: AppSettings,
}

impl Run<'_> {
    /// Switches the metadata on, and stores what the platform proves itself by.
    pub(super) async fn write_app_settings(
        &mut self,
        plan: &Plan<'_>,
        proof: Option<(&str, Value)>,
    ) -> Result<(), AdminError> {
        let before = self.admin.app_settings().await?;
        let mut after = before.clone();
        let uri = plan.registration.identifier_uri();
        let scope = format!("{}/{SCOPE}", uri.unwrap_or_else(|| plan.registration.usual_uri()));
        let known = before.get(METADATA_SETTING).and_then(Value::as_str).unwrap_or_default();
        let mut scopes: Vec<_> = known.split(',').filter(|it| !it.trim().is_empty()).collect();
        if !scopes.iter().any(|it| plan.registration.has_scope(it)) {
            scopes.push(&scope);
            after.insert(METADATA_SETTING.to_owned(), json!(scopes.join(",")));
        }
        if let Some((name, value)) = proof {
            after.insert(name.to_owned(), value);
        }
        let what = "write the app settings of authentication";
        self.put_app_settings(what, &before, &after, |name| name == SECRET_SETTING).await
    }

    /// Switches authentication on, as the deployed document has it.
    pub(super) async fn write_auth_settings(
        &mut self,
        plan: &Plan<'_>,
        secret_name: &str,
    ) -> Result<(), AdminError> {
        let client_id = plan.registration.client_id();
        let before = self.admin.auth_settings().await?;
        let mut after = before.clone();
        after.fill(&defaults(&self.admin.tenant_id.to_string(), client_id));
        after.set(at::ENABLED, json!(true));
        after.set(at::RUNTIME, json!("~2"));
        after.set(at::REQUIRED, json!(true));
        after.set(at::ACTION, json!("Return401"));
        after.set(at::PROVIDER, json!(true));
        let issuer = format!("https://login.microsoftonline.com/{}/v2.0", self.admin.tenant_id);
        after.set(at::ISSUER, json!(issuer));
        after.set(at::CLIENT_ID, json!(client_id));
        after.set(at::SECRET_NAME, json!(secret_name));
        if let Some(audience) = plan.registration.audience() {
            after.add(at::AUDIENCES, &audience);
        }
        after.shut_empty_lists(client_id);
        // People who sign in at the browser come as the app itself.
        for list in CLIENT_LISTS {
            after.add(list, client_id);
        }
        self.put_auth_settings("switch authentication on", &before, &after).await
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
