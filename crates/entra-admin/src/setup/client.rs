//! `setup --client`: the registration of an interactive client, and its permission to act for people.

use serde_json::{Value, json};
use uuid::Uuid;

use super::application::with;
use crate::{
    Admin, AdminError, InteractiveClient, Step,
    auth_settings::{AuthSettings, CLIENT_LISTS},
    change_set::ChangeSet,
    exposure::OwnCredential,
    printable::printable,
    registration::Registration,
};

/// What `setup --client` did, or would do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientSetUp {
    /// The steps that were needed; none where all was there.
    pub steps: Vec<Step>,
    /// The client's id, to be entered in the client; nothing where it is yet to be made.
    pub client_id: Option<Uuid>,
}

impl Admin {
    /// Registers an interactive client (redirect addresses, public client, service principal), lets it act for people without
    /// a prompt (`preAuthorizedApplications`), and puts it into both lists of clients. It gets no app role: in its own name
    /// it may do nothing. `redirect_uris` come to those that are known of the client. A second run changes nothing.
    ///
    /// No secret is made: a client that needs one ([`InteractiveClient::needs_secret`]) gets it by hand.
    ///
    /// # Errors
    /// When `setup` was not run, the client is the app itself, a registration of the client's name is not known to be ours,
    /// or Azure refuses.
    pub async fn setup_client(
        &self,
        client: &InteractiveClient,
        redirect_uris: &[String],
    ) -> Result<ClientSetUp, AdminError> {
        let mut run = ChangeSet::new(self);
        let mut api = self.registration(&self.auth_settings().await?).await?;
        let scope = api.scope().filter(|scope| scope["isEnabled"] == true);
        let scope = scope.and_then(|scope| scope["id"].as_str()).map(str::to_owned);
        let scope = scope.ok_or(AdminError::ScopeMissing)?;
        let client_id = match client.known_client_id() {
            Some(id) if id.to_string().eq_ignore_ascii_case(api.client_id()) => {
                return Err(AdminError::ClientIsApp);
            }
            Some(id) => id.to_string(),
            None => run.register_client(client, &api, redirect_uris).await?,
        };
        run.update_registration(&mut api, "api/preAuthorizedApplications", |api| {
            let clients = preauthorized(api, &client_id, &scope)?;
            Some((format!("let {} act for people without a prompt", client.title()), clients))
        })
        .await?;
        let own = api.client_id().to_owned();
        let admit = |settings: &mut AuthSettings| {
            settings.shut_empty_lists(&own);
            for list in CLIENT_LISTS {
                settings.add(list, &client_id);
            }
        };
        run.update_auth_settings("put the client into the lists of clients", admit).await?;
        Ok(ClientSetUp { steps: run.steps, client_id: client_id.parse().ok() })
    }

    /// The registration of a client, by its id or by the name that `setup --client` gives it.
    pub(crate) async fn client_registration(
        &self,
        client: &InteractiveClient,
        api: &Registration,
    ) -> Result<Option<Registration>, AdminError> {
        match client.known_client_id() {
            Some(id) => self.registration_with(&id.to_string()).await,
            None => self.registration_named(&name_of(client, api)).await,
        }
    }

    /// Refuses a registration that was found by its name, unless the app names it or it is the work of a run that broke off.
    async fn check_client(
        &self,
        client: &Registration,
        api: &Registration,
    ) -> Result<(), AdminError> {
        if self.adopts || api.preauthorization(client.client_id()).is_some() {
            return Ok(());
        }
        let exposures = self.exposures(client, &OwnCredential::default()).await?;
        if exposures.is_empty() && self.is_only_owner(client).await? {
            return Ok(());
        }
        Err(AdminError::NotAdopted {
            name: printable(client.name()),
            client_id: client.client_id().to_owned(),
            exposures,
        })
    }
}

impl ChangeSet<'_> {
    /// Registers a client, or completes its registration, and answers its client id.
    async fn register_client(
        &mut self,
        client: &InteractiveClient,
        api: &Registration,
        redirect_uris: &[String],
    ) -> Result<String, AdminError> {
        let mut it = match self.admin.client_registration(client, api).await? {
            Some(found) => {
                self.admin.check_client(&found, api).await?;
                found
            }
            None => self.register(&name_of(client, api)).await?,
        };
        let wanted: Vec<_> = client
            .redirect_uris()
            .iter()
            .copied()
            .chain(redirect_uris.iter().map(String::as_str))
            .collect();
        let platform = client.platform();
        self.update_registration(&mut it, platform, |it| {
            let (part, _) = platform.split_once('/')?;
            let there = &it.0[part]["redirectUris"];
            let is_there =
                |uri: &str| there.as_array().is_some_and(|uris| uris.contains(&json!(uri)));
            let missing: Vec<_> = wanted.iter().filter(|uri| !is_there(uri)).collect();
            if missing.is_empty() {
                return None;
            }
            let all = missing.into_iter().fold(there.clone(), |all, uri| with(&all, json!(uri)));
            Some((format!("let people come back to {}", client.title()), all))
        })
        .await?;
        self.ensure_principal(&it).await?;
        Ok(it.client_id().to_owned())
    }
}

fn name_of(client: &InteractiveClient, api: &Registration) -> String {
    format!("{}: {}", api.name(), client.title())
}

/// The preauthorized clients with one more, or with a scope more of one; nothing where all is there.
fn preauthorized(api: &Registration, client_id: &str, scope: &str) -> Option<Value> {
    let clients = &api.0["api"]["preAuthorizedApplications"];
    let new = json!({ "appId": client_id, "delegatedPermissionIds": [scope] });
    if api.preauthorization(client_id).is_none() {
        return Some(with(clients, new));
    }
    if api.is_preauthorized(client_id, scope) {
        return None;
    }
    let mut all = clients.clone();
    for entry in all.as_array_mut().into_iter().flatten() {
        if entry["appId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(client_id)) {
            entry["delegatedPermissionIds"] = with(&entry["delegatedPermissionIds"], json!(scope));
        }
    }
    Some(all)
}
