//! The administration of a web app in a tenant, and how the tenant is read.

use std::{fmt, sync::Arc, time::Duration};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::{AdminError, AzureCloud, Endpoint, Step, WebApp, call::Call};

/// The administration of one web app and of its registration in the tenant.
///
/// Every command reads, merges what it has to say into what is there, and writes only what differs; so it may be run
/// again at any time, also where it broke off.
#[derive(Clone)]
pub struct Admin {
    pub(crate) tenant_id: Uuid,
    pub(crate) graph: Endpoint,
    pub(crate) web_app: WebApp,
    pub(crate) client_id: Option<Uuid>,
    pub(crate) cloud: AzureCloud,
    pub(crate) owners: Vec<Uuid>,
    pub(crate) adopts: bool,
    pub(crate) user_roles: Vec<String>,
    pub(crate) is_dry_run: bool,
    observer: Option<Observer>,
}

type Observer = Arc<dyn Fn(&Step) + Send + Sync>;

impl Admin {
    /// Of the web app with this resource id, in the tenant with this id.
    ///
    /// # Errors
    /// When the resource id is not that of a web app.
    pub fn new(
        tenant_id: Uuid,
        graph: Endpoint,
        resource_manager: Endpoint,
        resource_id: &str,
    ) -> Result<Self, AdminError> {
        Ok(Self {
            tenant_id,
            graph,
            web_app: WebApp::new(resource_manager, resource_id)?,
            client_id: None,
            cloud: AzureCloud::Public,
            owners: Vec::new(),
            adopts: false,
            user_roles: Vec::new(),
            is_dry_run: false,
            observer: None,
        })
    }

    /// With the registration that has this client id, in place of the one that the web app's authentication names.
    #[must_use]
    pub fn with_client_id(self, client_id: Uuid) -> Self {
        Self { client_id: Some(client_id), ..self }
    }

    /// In this cloud, whose issuers are named; the public one by default. The endpoints are to be of the same.
    #[must_use]
    pub fn in_cloud(self, cloud: AzureCloud) -> Self {
        Self { cloud, ..self }
    }

    /// Owners of the registration who are known, by their object ids, besides who asks: `doctor` and `setup` do not name
    /// them as exposures.
    #[must_use]
    pub fn with_known_owners(self, owners: impl IntoIterator<Item = Uuid>) -> Self {
        Self { owners: owners.into_iter().collect(), ..self }
    }

    /// Whether `setup` may go on with a registration that it finds by its name alone. Any member of the tenant may have
    /// made it, so without this it is refused, unless the web app uses it already or it is `setup`'s own work.
    #[must_use]
    pub fn adopting(self, adopts: bool) -> Self {
        Self { adopts, ..self }
    }

    /// Further app roles that `setup` defines, for users, by their values in tokens: such as a role of moderators. An
    /// administrator assigns them. None by default.
    #[must_use]
    pub fn with_user_roles(self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { user_roles: roles.into_iter().map(Into::into).collect(), ..self }
    }

    /// Whether changes are only told, not made. Reading still happens.
    #[must_use]
    pub fn dry_run(self, is_dry_run: bool) -> Self {
        Self { is_dry_run, ..self }
    }

    /// How long a request is sent again at most: what is new takes seconds to minutes to be known everywhere. Two
    /// minutes by default.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.graph.retry.patience = patience;
        let web_app = self.web_app.with_patience(patience);
        Self { web_app, ..self }
    }

    /// Whom each step is told as soon as it is taken, so that it is known even if a later one fails.
    #[must_use]
    pub fn with_observer(self, observer: impl Fn(&Step) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self }
    }

    /// The web app's name.
    #[must_use]
    pub fn web_app(&self) -> &str {
        self.web_app.name()
    }

    pub(crate) fn tell(&self, step: &Step) {
        if let Some(observer) = &self.observer {
            observer(step);
        }
    }

    /// An object of the tenant that has to be there.
    pub(crate) async fn object(&self, path: &str) -> Result<Value, AdminError> {
        self.graph.send(&Call::get(path).about_new()).await
    }

    /// An object of the tenant, if it is there.
    pub(crate) async fn find(&self, path: &str) -> Result<Option<Value>, AdminError> {
        match self.graph.send(&Call::get(path)).await {
            Ok(object) => Ok(Some(object)),
            Err(AdminError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A whole collection of the tenant.
    pub(crate) async fn collection(&self, path: &str) -> Result<Vec<Value>, AdminError> {
        let mut all = Vec::new();
        let mut path = path.to_owned();
        loop {
            let mut page = self.object(&path).await?;
            let unexpected = || AdminError::Unexpected {
                service: self.graph.name(),
                method: Method::GET,
                path: path.clone(),
            };
            // What is not found is made, so a broken answer must not be taken for an empty one.
            let Some(Value::Array(items)) = page.get_mut("value").map(Value::take) else {
                return Err(unexpected());
            };
            all.extend(items);
            let Some(link) = page["@odata.nextLink"].as_str() else { break };
            // The token goes with the request, so it goes nowhere else.
            path = self.graph.path_of(link).ok_or_else(unexpected)?.to_owned();
        }
        Ok(all)
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin")
            .field("tenant_id", &self.tenant_id)
            .field("resource_id", &self.web_app.resource_id())
            .field("client_id", &self.client_id)
            .field("is_dry_run", &self.is_dry_run)
            .finish_non_exhaustive()
    }
}

/// A text as a part of an address.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
