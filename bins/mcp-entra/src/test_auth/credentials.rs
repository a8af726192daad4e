//! The tokens that the cases send.

use std::{env, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use auth_probe::{Target, TokenKind, TokenSource, Tokens};
use clap::Args;
use entra_admin::AzureCloud;

use super::{Usage, usage};
use crate::identity::Identity;

/// The variable with the agent's secret. It is not an option, because every user of the machine can read arguments.
const SECRET: &str = "AZURE_CLIENT_SECRET";

/// The sources of tokens. Default: the first that is available of the client secret in `AZURE_CLIENT_SECRET`, the federated token file, a managed identity of App Service, and the Azure CLI.
#[derive(Args)]
#[command(next_help_heading = "Tokens")]
pub(super) struct Credentials {
    /// A file with an access token for the app, instead of a credential.
    #[arg(long, value_name = "FILE", group = "credential")]
    token_file: Option<PathBuf>,

    /// The client id of the allowed agent: for a client secret, a federated token, or one of several managed identities.
    #[arg(long, env = "AZURE_CLIENT_ID", value_name = "ID")]
    agent_id: Option<String>,

    /// A file with the agent's client secret; or the variable `AZURE_CLIENT_SECRET`.
    #[arg(long, value_name = "FILE", group = "credential")]
    client_secret_file: Option<PathBuf>,

    /// A file with another issuer's token, for which the agent has a federated credential.
    #[arg(long, env = "AZURE_FEDERATED_TOKEN_FILE", value_name = "FILE")]
    federated_token_file: Option<PathBuf>,

    /// Use the managed identity of this machine.
    #[arg(long, group = "credential")]
    managed_identity: bool,

    /// Use the account that is signed in to the Azure CLI.
    #[arg(long, group = "credential")]
    az: bool,

    /// The scope to request. Default: `api://CLIENT_ID/.default`.
    #[arg(long, value_name = "SCOPE")]
    pub(super) scope: Option<String>,

    /// For B5, a file with a valid token for another API. Default: the credential requests one.
    #[arg(long, value_name = "FILE")]
    wrong_audience_token_file: Option<PathBuf>,

    /// For B5, the scope to request instead of Azure Resource Manager's. Do not use Microsoft Graph: only Graph can verify the signatures of its tokens.
    #[arg(long, value_name = "SCOPE")]
    wrong_audience_scope: Option<String>,

    /// A file with a token of another kind, for the cases that need one: KIND is roleless, unlisted-client, expired, not-yet-valid, other-tenant, v1, v2, delegated or scopeless.
    #[arg(long = "token", value_name = "KIND=FILE")]
    tokens: Vec<String>,
}

impl Credentials {
    /// Returns the given tokens and those of the credential.
    ///
    /// # Errors
    /// A needed credential is missing. One that is only useful may be missing.
    pub(super) fn tokens(
        &self,
        target: &Target,
        cloud: AzureCloud,
        authority: &str,
        needed: bool,
        useful: bool,
    ) -> Result<Tokens> {
        let mut tokens = match &self.token_file {
            Some(file) => Tokens::default().with(TokenKind::Good, TokenSource::File(file.clone())),
            None if needed => self.of_identity(target, cloud, authority)?,
            None if useful => self.of_identity(target, cloud, authority).unwrap_or_default(),
            None => Tokens::default(),
        };
        if let Some(file) = &self.wrong_audience_token_file {
            tokens = tokens.with(TokenKind::WrongAudience, TokenSource::File(file.clone()));
        }
        for given in &self.tokens {
            let parted = given.split_once('=');
            let kind = parted.and_then(|(kind, _)| TokenKind::by_name(kind));
            let (Some(kind), Some((_, file))) = (kind, parted) else {
                let kinds: Vec<_> = TokenKind::ALL.into_iter().map(TokenKind::name).collect();
                return usage(format!(
                    "--token {given}: write KIND=FILE, KIND one of {}",
                    kinds.join(", ")
                ));
            };
            tokens = tokens.with(kind, TokenSource::File(file.into()));
        }
        Ok(tokens)
    }

    fn of_identity(&self, target: &Target, cloud: AzureCloud, authority: &str) -> Result<Tokens> {
        let credential =
            self.identity()?.credential(target.tenant_id(), authority).map_err(Usage)?;
        let scope = self.scope.clone().unwrap_or_else(|| target.default_scope());
        let of_cloud = || format!("{}/.default", cloud.resource_manager());
        let other_scope = self.wrong_audience_scope.clone().unwrap_or_else(of_cloud);
        Ok(Tokens::of(&credential, scope, other_scope))
    }

    /// Returns the identity that requests tokens: the one of the options, or else the first that is available.
    fn identity(&self) -> Result<Identity> {
        if self.az {
            return Ok(Identity::AzureCli);
        }
        if self.managed_identity {
            return Ok(Identity::ManagedIdentity { client_id: self.agent_id.clone() });
        }
        if let Some(file) = &self.client_secret_file {
            let secret = fs::read_to_string(file);
            let secret = secret.with_context(|| format!("cannot read {}", file.display()))?;
            return self.with_secret(secret.trim().to_owned());
        }
        if let Some(secret) = env::var(SECRET).ok().filter(|secret| !secret.is_empty()) {
            return self.with_secret(secret);
        }
        if let Some(path) = self.federated_token_file.clone() {
            let client_id = self.agent("the federated token")?;
            return Ok(Identity::FederatedTokenFile { client_id, path });
        }
        if env::var_os("IDENTITY_ENDPOINT").is_some() {
            return Ok(Identity::ManagedIdentity { client_id: self.agent_id.clone() });
        }
        if is_installed("az") {
            return Ok(Identity::AzureCli);
        }
        usage(
            "there is nothing to get a token with: give --token-file, or --agent-id with AZURE_CLIENT_SECRET or \
             --federated-token-file, or --managed-identity, or install the Azure CLI; or leave out what needs a token \
             by --case",
        )
    }

    fn with_secret(&self, secret: String) -> Result<Identity> {
        let client_id = self.agent("the client secret")?;
        Ok(Identity::ClientSecret { client_id, secret: secret.into() })
    }

    fn agent(&self, what: &str) -> Result<String> {
        match &self.agent_id {
            Some(id) => Ok(id.clone()),
            None => usage(format!("--agent-id (or AZURE_CLIENT_ID) is missing: whose is {what}?")),
        }
    }
}

/// Returns whether a program is in a folder of `PATH`.
fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
