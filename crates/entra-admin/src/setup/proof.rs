//! How the platform proves that it speaks for the registration: a managed identity's token, or a secret.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Proof, authentication::Plan};
use crate::{Admin, AdminError, Identity, endpoint::Call, registration::Registration, step::Run};

/// The app setting that names the managed identity; the platform knows its name.
pub(crate) const IDENTITY_SETTING: &str = "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID";
/// The app setting that has the secret, named as Azure's portal names it.
pub(super) const SECRET_SETTING: &str = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET";
/// The audience of tokens that stand in for a secret.
const EXCHANGE: &str = "api://AzureADTokenExchange";

impl Admin {
    /// The managed identity that proves the registration, if it is one.
    pub(super) async fn proving_identity(
        &self,
        proof: Proof,
    ) -> Result<Option<Identity>, AdminError> {
        let Proof::ManagedIdentity(id) = proof else { return Ok(None) };
        let identity = self.identity(id).await?;
        if identity.kind != "ManagedIdentity" {
            let Identity { name, kind, .. } = identity;
            return Err(AdminError::NotManagedIdentity { name, kind });
        }
        Ok(Some(identity))
    }

    /// Whether a token of the identity proves the registration.
    pub(crate) async fn trusts(
        &self,
        registration: &Registration,
        identity: &Identity,
    ) -> Result<bool, AdminError> {
        let (issuer, subject) = (issuer(self), identity.object_id.to_string());
        let known = self.collection(&credentials(registration)).await?;
        Ok(known.iter().any(|it| it["issuer"] == issuer && it["subject"] == subject))
    }
}

fn credentials(registration: &Registration) -> String {
    format!("{}/federatedIdentityCredentials", registration.path())
}

fn issuer(admin: &Admin) -> String {
    format!("https://login.microsoftonline.com/{}/v2.0", admin.tenant_id)
}

impl Run<'_> {
    /// Trusts the identity, and has the platform use it.
    pub(super) async fn authenticate_by_identity(
        &mut self,
        plan: &Plan<'_>,
        identity: &Identity,
    ) -> Result<(), AdminError> {
        self.trust(plan.registration, identity).await?;
        let setting = (IDENTITY_SETTING, json!(identity.app_id));
        self.write_app_settings(plan, Some(setting)).await?;
        self.write_auth_settings(plan, IDENTITY_SETTING).await
    }

    async fn trust(
        &mut self,
        registration: &Registration,
        identity: &Identity,
    ) -> Result<(), AdminError> {
        if !registration.is_planned() && self.admin.trusts(registration, identity).await? {
            return Ok(());
        }
        let path = credentials(registration);
        let issuer = issuer(self.admin);
        let subject = identity.object_id.to_string();
        let body = json!({
            "name": format!("easyauth-{subject}"),
            "issuer": issuer,
            "subject": subject,
            "audiences": [EXCHANGE],
        });
        let what = format!("trust the managed identity {}", identity.name);
        let call = Call::new(Method::POST, path, body).about_new();
        self.change_tenant(what, call).await.map(drop)
    }

    /// Makes a secret if there is none, and has the platform use it. A secret that could not be stored is taken back.
    pub(super) async fn authenticate_by_secret(
        &mut self,
        plan: &Plan<'_>,
    ) -> Result<(), AdminError> {
        if has_secret(plan) {
            self.write_app_settings(plan, None).await?;
            return self.write_auth_settings(plan, SECRET_SETTING).await;
        }
        let path = plan.registration.path();
        let body = json!({ "passwordCredential": { "displayName": "App Service" } });
        let call = Call::new(Method::POST, format!("{path}/addPassword"), body).about_new();
        let made = self.change_tenant("make a secret", call).await?;
        let setting = (SECRET_SETTING, made["secretText"].clone());
        if let Err(error) = self.write_app_settings(plan, Some(setting)).await {
            self.take_back(&path, &made["keyId"]).await?;
            return Err(error);
        }
        self.write_auth_settings(plan, SECRET_SETTING).await
    }

    async fn take_back(&mut self, path: &str, key_id: &Value) -> Result<(), AdminError> {
        let body = json!({ "keyId": key_id });
        let call = Call::new(Method::POST, format!("{path}/removePassword"), body);
        self.change_tenant("take back the secret that could not be stored", call).await.map(drop)
    }
}

/// Whether a secret is stored, and the registration has any. What it is cannot be compared.
fn has_secret(plan: &Plan<'_>) -> bool {
    let secrets = plan.registration.0["passwordCredentials"].as_array();
    plan.app_settings.contains_key(SECRET_SETTING) && secrets.is_some_and(|all| !all.is_empty())
}
