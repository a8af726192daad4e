//! The sign-in of an interactive client, joined from the metadata and the directory before anyone clicks.

use super::{Finding, Problem, Remedy};
use crate::{
    Admin, AdminError, InteractiveClient, ResourceMetadata, admin::encoded,
    auth_settings::CLIENT_LISTS, registration::Registration,
};

/// What an interactive client sends to Entra, and what the directory has.
struct SignIn<'a> {
    client: &'a InteractiveClient,
    /// The client's registration; that of Microsoft's clients is not in the tenant.
    registration: Option<Registration>,
    redirect_uris: Vec<&'a str>,
    api: &'a Registration,
    /// What the requested scope begins with.
    named: String,
    scope: String,
    resource: &'a str,
}

impl Admin {
    /// What an interactive client would meet when a user signs in, in the order in which Entra is taken to look; first what
    /// makes each sign-in fail. `redirect_uris` are those that the client sends besides the known ones. `metadata` is what
    /// the server publishes, which clients read.
    ///
    /// # Errors
    /// When `setup` was not run, or Azure refuses; not when something is wrong.
    pub async fn doctor_client(
        &self,
        client: &InteractiveClient,
        redirect_uris: &[String],
        metadata: Option<&ResourceMetadata>,
    ) -> Result<Vec<Finding>, AdminError> {
        let settings = self.auth_settings().await?;
        let api = self.registration(&settings).await?;
        let setup = Remedy::Setup { client_id: api.client_id().parse().ok() };
        let scope = metadata.and_then(|it| it.scopes.iter().find(|scope| scope.contains('/')));
        let Some((metadata, (named, scope))) =
            metadata.zip(scope.and_then(|it| it.rsplit_once('/')))
        else {
            return Ok(vec![Problem::MetadataMissing.remedied_by(setup)]);
        };
        let known = client.redirect_uris().iter().copied();
        let sign_in = SignIn {
            client,
            registration: self.client_registration(client, &api).await?,
            redirect_uris: known.chain(redirect_uris.iter().map(String::as_str)).collect(),
            api: &api,
            named: named.to_owned(),
            scope: scope.to_owned(),
            resource: &metadata.resource,
        };
        let is_there = self.is_resource(&sign_in).await?;
        let mut findings = sign_in.findings(is_there, &setup);
        let client_id = sign_in.client_id();
        let is_listed =
            |list: &&str| settings.list(list).is_empty() || settings.names(list, &client_id);
        if !CLIENT_LISTS.iter().all(is_listed) {
            let problem = Problem::ClientNotListed { client: client.clone() };
            findings.push(problem.remedied_by(Remedy::SetUpClient(client.clone())));
        }
        Ok(findings)
    }

    /// Whether the name in the scope is that of an application which has a service principal.
    async fn is_resource(&self, sign_in: &SignIn<'_>) -> Result<bool, AdminError> {
        if sign_in.is_for_api() {
            return Ok(self.principal_of(sign_in.api).await?.is_some());
        }
        let name = sign_in.named.replace('\'', "''");
        let filter = encoded(&format!("servicePrincipalNames/any(it:it eq '{name}')"));
        let path = format!("/v1.0/servicePrincipals?$filter={filter}");
        Ok(!self.collection(&path).await?.is_empty())
    }
}

impl SignIn<'_> {
    /// The client's id; empty where it is not registered.
    fn client_id(&self) -> String {
        let registered = self.registration.as_ref().map(|it| it.client_id().to_owned());
        let known = || self.client.known_client_id().map(|id| id.to_string());
        registered.or_else(known).unwrap_or_default()
    }

    /// Whether the scope that the metadata names is the app's.
    fn is_for_api(&self) -> bool {
        self.named.eq_ignore_ascii_case(self.api.client_id())
            || self.api.identifier_uris().contains(&&*self.named)
    }

    fn findings(&self, is_there: bool, setup: &Remedy) -> Vec<Finding> {
        let set_up = Remedy::SetUpClient(self.client.clone());
        let mut findings = Vec::new();
        let mut find = |code, is_certain, reason: String, remedy: &Remedy| {
            let client = self.client.clone();
            let problem = Problem::SignInRefused { client, code, reason, is_certain };
            findings.push(problem.remedied_by(remedy.clone()));
        };
        match &self.registration {
            None if self.client.is_microsofts() => {}
            None => find(700_016, true, "the tenant has no registration of it".to_owned(), &set_up),
            Some(it) => {
                let registered = it.redirect_uris();
                let is_missing = |uri: &&&str| !registered.iter().any(|it| is_same(it, uri));
                if let Some(uri) = self.redirect_uris.iter().find(is_missing) {
                    find(
                        50011,
                        true,
                        format!("its registration lacks the redirect URI {uri}"),
                        &set_up,
                    );
                }
            }
        }
        if !is_there {
            let reason = format!("no service principal has the name {} of the scope", self.named);
            find(500_011, true, reason, setup);
            return findings;
        }
        if !self.is_for_api() {
            findings.push(Problem::MetadataMissing.remedied_by(setup.clone()));
            return findings;
        }
        let is_own = self.client_id().eq_ignore_ascii_case(self.api.client_id());
        if is_own && !self.named.eq_ignore_ascii_case(self.api.client_id()) {
            let reason =
                "client and API are one registration, and the scope begins with its identifier URI";
            find(90009, true, reason.to_owned(), &set_up);
        }
        if !self.api.identifier_uris().contains(&self.resource) {
            let resource = self.resource.to_owned();
            let reason =
                format!("the metadata's resource {resource} is no identifier URI of the app");
            find(9_010_010, false, reason, &Remedy::NameResource(resource));
        }
        let scopes = self.api.0["api"]["oauth2PermissionScopes"].as_array();
        let mut scopes = scopes.into_iter().flatten();
        let scope = scopes.find(|it| it["value"] == self.scope);
        let id = scope.and_then(|scope| scope["id"].as_str()).unwrap_or_default();
        if !self.api.is_preauthorized(&self.client_id(), id) {
            let reason = "it is not preauthorized, so the user or an administrator has to consent";
            find(65001, false, reason.to_owned(), &set_up);
        }
        if scope.is_none_or(|scope| scope["isEnabled"] != true) {
            find(70011, true, format!("the app has no enabled scope {}", self.scope), setup);
        }
        findings
    }
}

/// On loopback the port does not matter (RFC 8252, section 7.3).
fn is_same(registered: &str, sent: &str) -> bool {
    let loopback = |uri: &str| {
        let uri: reqwest::Url = uri.parse().ok()?;
        let is_loopback = matches!(uri.host_str(), Some("127.0.0.1" | "localhost"));
        let parts = (uri.scheme().to_owned(), uri.host_str()?.to_owned(), uri.path().to_owned());
        is_loopback.then_some(parts)
    };
    registered == sent || loopback(registered).is_some() && loopback(registered) == loopback(sent)
}
