//! The app, its tenant, and the credentials for Graph and Resource Manager.

use std::{env, fs, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result};
use auth_probe::TokenSource;
use azure_core::credentials::TokenCredential;
use clap::Args;
use entra_admin::{Admin, AzureCloud, Endpoint, TokenIssuer};
use mcp_entra::TokenSourceCredential;
use uuid::Uuid;

use crate::identity::Identity;

/// The variables by which Azure's libraries name an application that signs in by itself.
const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// The app and the credentials. Default: the application of `AZURE_CLIENT_ID` with `AZURE_CLIENT_SECRET` or `AZURE_FEDERATED_TOKEN_FILE` where they are set, or else the account that is signed in to the Azure CLI.
#[derive(Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// The Entra tenant's id.
    #[arg(long, env = "AZURE_TENANT_ID", value_name = "ID")]
    tenant: Option<Uuid>,

    /// The web app's resource ID: /subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/NAME. `azd env get-value WEB_APP_RESOURCE_ID` prints it.
    #[arg(long, env = "WEB_APP_RESOURCE_ID", value_name = "ID")]
    resource_id: Option<String>,

    /// The client id of the app's registration. Default: the one in its authentication settings.
    #[arg(long, value_name = "ID")]
    client_id: Option<Uuid>,

    /// Print the changes without making them.
    #[arg(long)]
    dry_run: bool,

    /// Use the managed identity of this machine.
    #[arg(long)]
    managed_identity: bool,

    /// A file with an access token for Microsoft Graph, instead of the Azure CLI's.
    #[arg(long, value_name = "FILE")]
    graph_token_file: Option<PathBuf>,

    /// A file with an access token for Azure Resource Manager, instead of the Azure CLI's.
    #[arg(long, value_name = "FILE")]
    arm_token_file: Option<PathBuf>,

    /// A file with the client secret of `AZURE_CLIENT_ID`; or the variable `AZURE_CLIENT_SECRET`. A secret is never an option, because every user of the machine can read options.
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,

    /// The object id of a known owner of the registration, besides the caller. May be given several times.
    #[arg(long = "owner", value_name = "ID")]
    owners: Vec<Uuid>,

    /// The cloud: `AzureCloud`, `AzureChinaCloud` or `AzureUSGovernment`. Default: that of --authority, or else the public one.
    #[arg(long, value_name = "NAME", value_parser = cloud)]
    cloud: Option<AzureCloud>,

    /// The authority host of Entra ID: that of the cloud, or an emulated one over https.
    #[arg(long, env = "AZURE_AUTHORITY_HOST", value_name = "URL")]
    authority: Option<String>,

    /// An emulated Microsoft Graph.
    #[arg(long, value_name = "URL")]
    graph: Option<String>,

    /// An emulated Azure Resource Manager.
    #[arg(long, value_name = "URL")]
    resource_manager: Option<String>,
}

impl Connection {
    /// Returns the client that administers the app.
    pub(super) fn admin(&self) -> Result<Admin> {
        let tenant = self.tenant()?;
        let resource_id = self.resource_id.as_deref();
        let resource_id = resource_id
            .context("--resource-id (or WEB_APP_RESOURCE_ID) is missing: the web app")?;
        let cloud = self.cloud();
        let graph = self.credential(tenant, self.graph_token_file.as_ref())?;
        let graph = Endpoint::graph_in(cloud, graph)?;
        let arm = self.credential(tenant, self.arm_token_file.as_ref())?;
        let arm = Endpoint::resource_manager_in(cloud, arm)?;
        let graph = match &self.graph {
            Some(url) => graph.at(url).context("--graph")?,
            None => graph,
        };
        let arm = match &self.resource_manager {
            Some(url) => arm.at(url).context("--resource-manager")?,
            None => arm,
        };
        let admin = Admin::new(tenant, graph, arm, resource_id)?
            .dry_run(self.dry_run)
            .in_cloud(cloud)
            .with_known_owners(self.owners.iter().copied());
        Ok(match self.client_id {
            Some(client_id) => admin.with_client_id(client_id),
            None => admin,
        })
    }

    /// Asks the authority for the issuer and keys of the tenant's tokens.
    pub(super) async fn token_issuer(&self) -> Result<TokenIssuer> {
        TokenIssuer::discover(self.authority(), self.tenant()?).await.context("--authority")
    }

    fn tenant(&self) -> Result<Uuid> {
        self.tenant.context("--tenant (or AZURE_TENANT_ID) is missing")
    }

    /// Returns whether `--dry-run` is set.
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Returns the options that name tenant and app, for a printed command.
    pub(super) fn options(&self) -> String {
        let tenant = self.tenant.map(|id| format!(" --tenant {id}"));
        let app = self.resource_id.as_ref().map(|id| format!(" --resource-id {id}"));
        let cloud = Some(self.cloud()).filter(|cloud| *cloud != AzureCloud::Public);
        let cloud = cloud.map(|cloud| format!(" --cloud {}", cloud.name()));
        [tenant, app, cloud].into_iter().flatten().collect()
    }

    /// Returns the named cloud, or that of the authority.
    fn cloud(&self) -> AzureCloud {
        let of_authority = || AzureCloud::of_authority(self.authority.as_deref()?);
        self.cloud.or_else(of_authority).unwrap_or_default()
    }

    fn authority(&self) -> &str {
        self.authority.as_deref().unwrap_or_else(|| self.cloud().authority())
    }

    fn credential(&self, tenant: Uuid, file: Option<&PathBuf>) -> Result<Arc<dyn TokenCredential>> {
        if let Some(file) = file {
            return Ok(Arc::new(TokenSourceCredential(TokenSource::File(file.clone()))));
        }
        let credential = self.identity()?.credential(tenant, self.authority());
        credential.map_err(|error| anyhow::anyhow!("{error}")).context("no token can be had")
    }

    /// Returns the identity that requests tokens.
    fn identity(&self) -> Result<Identity> {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let client_id = variable(CLIENT_ID);
        if self.managed_identity {
            return Ok(Identity::ManagedIdentity { client_id });
        }
        let whose =
            |what| client_id.with_context(|| format!("{CLIENT_ID} is missing: whose is {what}?"));
        if let Some(file) = &self.client_secret_file {
            let secret = fs::read_to_string(file)
                .with_context(|| format!("--client-secret-file: cannot read {}", file.display()))?;
            let client_id = whose("--client-secret-file")?;
            let secret = secret.trim().to_owned().into();
            return Ok(Identity::ClientSecret { client_id, secret });
        }
        if let Some(secret) = variable(SECRET) {
            return Ok(Identity::ClientSecret { client_id: whose(SECRET)?, secret: secret.into() });
        }
        if let Some(path) = variable(FEDERATED_TOKEN_FILE) {
            let client_id = whose(FEDERATED_TOKEN_FILE)?;
            return Ok(Identity::FederatedTokenFile { client_id, path: path.into() });
        }
        Ok(Identity::AzureCli)
    }
}

/// Returns the cloud of a name.
pub(crate) fn cloud(name: &str) -> Result<AzureCloud, String> {
    let names = AzureCloud::ALL.map(AzureCloud::name).join(", ");
    AzureCloud::by_name(name).ok_or_else(|| format!("give one of {names}"))
}
