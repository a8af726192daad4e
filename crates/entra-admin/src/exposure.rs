//! The exposures of a registration: owners and credentials by which others can change it or act as it. Any member of a
//! tenant may register an application of any name, own it, and keep a secret for it.

mod description;

use serde_json::Value;
use uuid::Uuid;

use self::description::OWN_TENANT;
pub use self::description::{Exposure, ExposureKind};

use crate::{
    Admin, AdminError, AzureCloud,
    auth_settings::{AuthSettings, at},
    printable::printable,
    registration::Registration,
    setup::{IDENTITY_SETTING, SECRET_SETTING},
    web_app::AppSettings,
};

/// The credentials with which the platform authenticates as the registration, from the web app's own settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnCredential {
    /// Object ids of the managed identities.
    identities: Vec<Uuid>,
    /// The secret, as the app setting has it.
    secret: Option<String>,
}

impl OwnCredential {
    /// With an identity that is about to be used.
    pub(crate) fn with_identity(mut self, object_id: Option<Uuid>) -> Self {
        self.identities.extend(object_id);
        self
    }

    /// The secret in use: Graph shows the first characters of each. A setting that refers to a Key Vault cannot be
    /// compared; then only a single secret counts as the one in use.
    pub(crate) fn used_secret<'a>(&self, secrets: &'a [Value]) -> Option<&'a Value> {
        let stored = self.secret.as_deref().filter(|stored| !stored.is_empty())?;
        let fits = |secret: &&Value| {
            let hint = secret["hint"].as_str().filter(|hint| !hint.is_empty());
            stored.starts_with("@Microsoft.KeyVault(")
                || hint.is_some_and(|hint| stored.starts_with(hint))
        };
        let mut fitting = secrets.iter().filter(fits);
        fitting.next().filter(|_| fitting.next().is_none())
    }
}

impl Admin {
    /// The credentials that the platform uses now.
    pub(crate) async fn own_credential(
        &self,
        settings: &AuthSettings,
        app_settings: &AppSettings,
    ) -> Result<OwnCredential, AdminError> {
        let text = |name: &str| app_settings.get(name).and_then(Value::as_str);
        let named = settings.text(at::SECRET_NAME);
        let is_secret = !named.is_empty() && named != IDENTITY_SETTING;
        let secret = text(if is_secret { named } else { SECRET_SETTING }).map(str::to_owned);
        let identity = match text(IDENTITY_SETTING).and_then(|id| id.parse().ok()) {
            Some(client_id) => self.find_identity(client_id).await?,
            None => None,
        };
        Ok(OwnCredential { identities: Vec::new(), secret }
            .with_identity(identity.map(|identity| identity.object_id)))
    }

    /// The exposures of a registration, in the order of [`ExposureKind`].
    ///
    /// # Errors
    /// When Graph refuses.
    pub(crate) async fn exposures(
        &self,
        registration: &Registration,
        own: &OwnCredential,
    ) -> Result<Vec<Exposure>, AdminError> {
        let client_id = registration.client_id().parse().unwrap_or_default();
        let mut found = Found { client_id, all: Vec::new() };
        let audience = registration.0["signInAudience"].as_str().unwrap_or(OWN_TENANT);
        if audience != OWN_TENANT {
            found.push(ExposureKind::Audience, audience, Uuid::nil());
        }
        let known = self.known_owners().await?;
        let owners = self.collection(&format!("{}/owners", registration.path())).await?;
        found.owners(ExposureKind::Owner, &owners, &known);
        let principal = self.find(&registration.principal_path()).await?.unwrap_or_default();
        if let Some(id) = principal["id"].as_str() {
            let owners = self.collection(&format!("/v1.0/servicePrincipals/{id}/owners")).await?;
            found.owners(ExposureKind::PrincipalOwner, &owners, &known);
        }
        let secrets = members(&registration.0["passwordCredentials"]);
        let used = own.used_secret(&secrets);
        let unused = secrets.iter().filter(|it| Some(*it) != used);
        found.keys(ExposureKind::Secret, unused);
        found.keys(ExposureKind::Certificate, &members(&registration.0["keyCredentials"]));
        found.keys(ExposureKind::PrincipalSecret, &members(&principal["passwordCredentials"]));
        found.keys(ExposureKind::PrincipalCertificate, &members(&principal["keyCredentials"]));
        let credentials = self.collection(&registration.credentials_path()).await?;
        for credential in credentials.iter().filter(|it| !self.is_own(it, own)) {
            let text = |name: &str| credential[name].as_str().unwrap_or_default();
            let name = format!("{}: {} of {}", text("name"), text("subject"), text("issuer"));
            found.push(
                ExposureKind::FederatedCredential,
                &name,
                text("id").parse().unwrap_or_default(),
            );
        }
        Ok(found.all)
    }

    /// Whether a federated credential is for an identity of the web app.
    fn is_own(&self, credential: &Value, own: &OwnCredential) -> bool {
        let text = |name: &str| credential[name].as_str().unwrap_or_default();
        let subject = text("subject").parse::<Uuid>();
        self.cloud.is_issuer(self.tenant_id, text("issuer"))
            && subject.is_ok_and(|subject| own.identities.contains(&subject))
    }

    /// Whether a registration that was found by its name was made by an interrupted `setup` of the caller: the caller is
    /// its only owner, and it holds only what `setup` creates. Ownership alone proves nothing, because an owner can make
    /// others owners and then leave.
    pub(crate) async fn is_own_work(
        &self,
        registration: &Registration,
        exposures: &[Exposure],
        callback: &str,
    ) -> Result<bool, AdminError> {
        let usual = registration.usual_uri();
        Ok(exposures.is_empty()
            && self.is_only_owner(registration).await?
            && registration.redirect_uris().iter().all(|address| *address == callback)
            && registration.identifier_uris().iter().all(|uri| *uri == usual)
            && members(&registration.0["api"]["preAuthorizedApplications"]).is_empty())
    }

    /// Whether the caller owns a registration alone.
    pub(crate) async fn is_only_owner(
        &self,
        registration: &Registration,
    ) -> Result<bool, AdminError> {
        let Some(caller) = self.graph.caller().await? else { return Ok(false) };
        let owners = self.collection(&format!("{}/owners", registration.path())).await?;
        let owners: Vec<_> = owners.iter().filter_map(|it| it["id"].as_str()).collect();
        Ok(owners == [caller.to_string()])
    }

    /// The signed-in identity, and the known owners of the registration.
    async fn known_owners(&self) -> Result<Vec<Uuid>, AdminError> {
        let caller = self.graph.caller().await?;
        Ok(caller.into_iter().chain(self.owners.iter().copied()).collect())
    }
}

/// What was found so far.
struct Found {
    client_id: Uuid,
    all: Vec<Exposure>,
}

impl Found {
    fn push(&mut self, kind: ExposureKind, name: &str, id: Uuid) {
        let name = if name.is_empty() { "without a name" } else { name };
        self.all.push(Exposure { kind, name: printable(name), client_id: self.client_id, id });
    }

    fn owners(&mut self, kind: ExposureKind, owners: &[Value], known: &[Uuid]) {
        for owner in owners {
            let id = owner["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
            if !known.contains(&id) {
                self.push(kind, owner["displayName"].as_str().unwrap_or_default(), id);
            }
        }
    }

    fn keys<'a>(&mut self, kind: ExposureKind, keys: impl IntoIterator<Item = &'a Value>) {
        for key in keys {
            let id = key["keyId"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
            self.push(kind, key["displayName"].as_str().unwrap_or_default(), id);
        }
    }
}

fn members(collection: &Value) -> Vec<Value> {
    collection.as_array().cloned().unwrap_or_default()
}

/// What revokes an exposure. The operator does it by hand: another person may need what is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// The kind of the exposure.
    pub kind: ExposureKind,
    /// The client id of the registration.
    pub client_id: Uuid,
    /// The object id, key id or credential id of what is revoked; nil where it has none.
    pub id: Uuid,
    /// The cloud of the tenant.
    pub cloud: AzureCloud,
}

impl Revocation {
    pub(crate) fn of(exposure: &Exposure, cloud: AzureCloud) -> Self {
        Self { kind: exposure.kind, client_id: exposure.client_id, id: exposure.id, cloud }
    }
}
