//! How the platform proves that it speaks for the registration: a managed identity's token, or a secret.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    client_credential::{ClientCredential, IDENTITY_SETTING, SECRET_SETTING},
    plan::Plan,
};
use crate::{
    Admin, AdminError, Identity, call::Call, change_set::ChangeSet, registration::Registration,
};

impl Admin {
    /// The managed identity that proves the registration, if it is one.
    pub(super) async fn proving_identity(
        &self,
        credential: ClientCredential,
    ) -> Result<Option<Identity>, AdminError> {
        let ClientCredential::ManagedIdentity(id) = credential else { return Ok(None) };
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
        let subject = identity.object_id.to_string();
        let is_issuer = |it: &Value| {
            it["issuer"].as_str().is_some_and(|it| self.cloud.is_issuer(self.tenant_id, it))
        };
        let known = self.collection(&registration.credentials_path()).await?;
        Ok(known.iter().any(|it| is_issuer(it) && it["subject"] == subject))
    }
}

impl ChangeSet<'_> {
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
        let admin = self.admin;
        let path = registration.credentials_path();
        let subject = identity.object_id.to_string();
        let body = json!({
            "name": format!("easyauth-{subject}"),
            "issuer": admin.cloud.issuer(admin.tenant_id),
            "subject": subject,
            "audiences": [admin.cloud.token_exchange()],
        });
        let what = format!("trust the managed identity {}", identity.name);
        let call = Call::new(Method::POST, path, body).about_new();
        match self.change_tenant(what, call).await {
            // Another writer has created it meanwhile.
            Err(AdminError::Duplicate { message }) => {
                let is_there = admin.trusts(registration, identity).await?;
                if is_there { Ok(()) } else { Err(AdminError::Duplicate { message }) }
            }
            answer => answer.map(drop),
        }
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
        let secret = &made["secretText"];
        let stored = self.write_app_settings(plan, Some((SECRET_SETTING, secret.clone()))).await;
        // Another writer may have stored one meanwhile.
        if !stored.as_ref().is_ok_and(|stored| stored.get(SECRET_SETTING) == Some(secret)) {
            self.take_back(&path, &made["keyId"]).await?;
        }
        stored?;
        self.write_auth_settings(plan, SECRET_SETTING).await
    }

    async fn take_back(&mut self, path: &str, key_id: &Value) -> Result<(), AdminError> {
        let body = json!({ "keyId": key_id });
        let call = Call::new(Method::POST, format!("{path}/removePassword"), body);
        self.change_tenant("take back the secret that could not be stored", call).await.map(drop)
    }
}

/// Whether the secret that is stored is one of the registration's.
fn has_secret(plan: &Plan<'_>) -> bool {
    let secrets = plan.registration.0["passwordCredentials"].as_array();
    let used = secrets.and_then(|secrets| plan.credential.used_secret(secrets));
    plan.app_settings.contains_key(SECRET_SETTING) && used.is_some()
}
