//! `setup`: from nothing to a web app that accepts only allowed callers.

mod application;
mod authentication;
mod client;
mod client_credential;
mod issue_credential;
mod plan;

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use self::plan::Plan;
pub(crate) use self::{
    application::callback,
    client_credential::{IDENTITY_SETTING, SECRET_SETTING},
};
pub use self::{client::ClientSetUp, client_credential::ClientCredential};
use crate::{
    Admin, AdminError, Exposure, Step,
    auth_settings::{AuthSettings, at},
    call::Call,
    change_set::ChangeSet,
    printable::printable,
    registration::Registration,
};

/// What is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The name of the registration, which is made if there is none of that name; ignored where [`Admin`] has a client id.
    pub display_name: String,
    /// How the platform proves to Entra that it speaks for the registration when people sign in.
    pub credential: ClientCredential,
}

/// What `setup` did, or would do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SetupDone {
    /// The steps that were needed; none where all was there.
    pub steps: Vec<Step>,
    /// The registration's client id; nothing where it is yet to be made.
    pub client_id: Option<Uuid>,
    /// What of it is in others' hands, to be looked at; nothing of a registration that was just made.
    pub exposures: Vec<Exposure>,
}

/// What stands for ids that are not known before the step that is only told.
const NEW_ID: &str = "NEW-OBJECT-ID";
const NEW_CLIENT_ID: &str = "NEW-CLIENT-ID";

/// The registration to go on with.
struct ToSetUp {
    registration: Registration,
    /// Whether the web app or the operator names it by its id; a name alone may be anybody's.
    is_certain: bool,
}

impl Admin {
    /// Sets up the registration (identifier URI, scope, role, service principal, redirect address, credential) and the web
    /// app's authentication, and switches it on. What is there already stays; a second run changes nothing.
    ///
    /// # Errors
    /// When a name is ambiguous or that of a registration which is not known to be ours, authentication is in use with
    /// another registration, or Azure refuses.
    pub async fn setup(&self, setup: &Setup) -> Result<SetupDone, AdminError> {
        let mut run = ChangeSet::new(self);
        let settings = self.auth_settings().await?;
        let app_settings = self.app_settings().await?;
        let host = self.web_app.default_host().await?;
        let identity = self.proving_identity(setup.credential).await?;

        let credential = self.own_credential(&settings, &app_settings).await?;
        let credential =
            credential.with_identity(identity.as_ref().map(|identity| identity.object_id));
        let found = self.find_for_setup(setup, &settings).await?;
        let (mut registration, exposures) = match found {
            Some(found) => {
                let exposures = self.exposures(&found.registration, &credential).await?;
                if !found.is_certain && !self.adopts {
                    self.check_own_work(&found.registration, &exposures, &callback(&host)).await?;
                }
                (found.registration, exposures)
            }
            None => (run.register(&setup.display_name).await?, Vec::new()),
        };
        run.complete(&mut registration, &host).await?;
        run.ensure_principal(&registration).await?;
        let plan = Plan { registration: &registration, app_settings, credential };
        match identity {
            Some(identity) => run.authenticate_by_identity(&plan, &identity).await?,
            None => run.authenticate_by_secret(&plan).await?,
        }
        let client_id = registration.client_id().parse().ok();
        Ok(SetupDone { steps: run.steps, client_id, exposures })
    }

    /// The registration to go on with. One that is in use is not put out of use.
    async fn find_for_setup(
        &self,
        setup: &Setup,
        settings: &AuthSettings,
    ) -> Result<Option<ToSetUp>, AdminError> {
        let found = match self.client_id {
            Some(client_id) => {
                let client_id = client_id.to_string();
                let found = self.registration_with(&client_id).await?;
                Some(found.ok_or(AdminError::RegistrationMissing { client_id })?)
            }
            None => self.registration_named(&setup.display_name).await?,
        };
        let in_use = settings.text(at::CLIENT_ID);
        let is_same = found.as_ref().is_some_and(|it| it.client_id().eq_ignore_ascii_case(in_use));
        if !is_same && self.registration_with(in_use).await?.is_some() {
            return Err(AdminError::OtherRegistration { in_use: in_use.to_owned() });
        }
        let is_certain = is_same || self.client_id.is_some();
        Ok(found.map(|registration| ToSetUp { registration, is_certain }))
    }

    /// Refuses a registration that was found by its name, unless it is the work of a run that broke off.
    async fn check_own_work(
        &self,
        registration: &Registration,
        exposures: &[Exposure],
        callback: &str,
    ) -> Result<(), AdminError> {
        if self.is_own_work(registration, exposures, callback).await? {
            return Ok(());
        }
        Err(AdminError::NotAdopted {
            name: printable(registration.name()),
            client_id: registration.client_id().to_owned(),
            exposures: exposures.to_vec(),
        })
    }
}

impl ChangeSet<'_> {
    pub(super) async fn register(&mut self, name: &str) -> Result<Registration, AdminError> {
        let mut body = json!({ "displayName": name, "signInAudience": "AzureADMyOrg" });
        // Graph makes a person the owner, and a program only if it says so. By its owner a run that broke off is known.
        if let Some(caller) = self.admin.graph.caller().await? {
            let owner = self.admin.graph.address(&format!("/v1.0/directoryObjects/{caller}"));
            body["owners@odata.bind"] = json!([owner]);
        }
        let call = Call::new(Method::POST, "/v1.0/applications", body.clone());
        let made = self.change_tenant(format!("register the application {name}"), call).await?;
        if !made.is_null() {
            return Ok(Registration(made));
        }
        let mut planned = json!({ "displayName": name });
        planned["id"] = json!(NEW_ID);
        planned["appId"] = json!(NEW_CLIENT_ID);
        Ok(Registration(planned))
    }

    /// Makes the service principal of the registration if there is none, and answers its object id. Without it no role
    /// can be assigned, and Entra gives no token for the app.
    pub(crate) async fn ensure_principal(
        &mut self,
        registration: &Registration,
    ) -> Result<String, AdminError> {
        if !registration.is_planned()
            && let Some(id) = self.admin.principal_of(registration).await?
        {
            return Ok(id);
        }
        let body = json!({ "appId": registration.client_id() });
        let call = Call::new(Method::POST, "/v1.0/servicePrincipals", body).about_new();
        let what = format!("make the service principal of {}", registration.name());
        let made = match self.change_tenant(what, call).await {
            // It was made a moment ago, and is not known everywhere yet.
            Err(AdminError::Duplicate { .. }) => {
                self.admin.object(&registration.principal_path()).await?
            }
            answer => answer?,
        };
        Ok(made["id"].as_str().unwrap_or(NEW_ID).to_owned())
    }
}

impl Registration {
    /// Whether it is yet to be made, so that nothing can be asked of it.
    pub(crate) fn is_planned(&self) -> bool {
        self.client_id() == NEW_CLIENT_ID
    }
}
