//! Who asks Entra for tokens: the identities that a program, a pipeline or a developer has.

use std::{path::PathBuf, sync::Arc};

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::{
    credentials::{Secret, TokenCredential},
    http::ClientOptions,
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use uuid::Uuid;

/// An identity and what proves it.
#[derive(Debug, Clone)]
#[expect(clippy::enum_variant_names, reason = "a managed identity is Azure's term")]
pub(crate) enum Identity {
    /// An application and its secret.
    ClientSecret {
        /// The application's id.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
    /// An application with a federated credential, and the file in which the other issuer's token is.
    FederatedTokenFile {
        /// The application's id.
        client_id: String,
        /// The file.
        path: PathBuf,
    },
    /// The machine's managed identity: App Service's (`IDENTITY_ENDPOINT`, `IDENTITY_HEADER`) or a virtual machine's.
    ManagedIdentity {
        /// Which, where there are several; by its client id.
        client_id: Option<String>,
    },
    /// Who is signed in to the Azure CLI.
    AzureCli,
}

impl Identity {
    /// The credential that asks an authority for tokens of a tenant.
    ///
    /// # Errors
    /// What is missing or malformed.
    pub(crate) fn credential(
        &self,
        tenant_id: Uuid,
        authority: &str,
    ) -> Result<Arc<dyn TokenCredential>, String> {
        let tenant = tenant_id.to_string();
        let made: azure_core::Result<Arc<dyn TokenCredential>> = match self {
            Self::ClientSecret { client_id, secret } => {
                let options =
                    ClientSecretCredentialOptions { client_options: client_options(authority) };
                ClientSecretCredential::new(
                    &tenant,
                    client_id.clone(),
                    secret.clone(),
                    Some(options),
                )
                .map(|it| it as _)
            }
            Self::FederatedTokenFile { client_id, path } => {
                let mut options = WorkloadIdentityCredentialOptions::default();
                options.credential_options.client_options = client_options(authority);
                options.client_id = Some(client_id.clone());
                options.tenant_id = Some(tenant);
                options.token_file_path = Some(path.clone());
                WorkloadIdentityCredential::new(Some(options)).map(|it| it as _)
            }
            Self::ManagedIdentity { client_id } => {
                let user_assigned_id = client_id.clone().map(UserAssignedId::ClientId);
                let options =
                    ManagedIdentityCredentialOptions { user_assigned_id, ..Default::default() };
                ManagedIdentityCredential::new(Some(options)).map(|it| it as _)
            }
            Self::AzureCli => {
                let options =
                    AzureCliCredentialOptions { tenant_id: Some(tenant), ..Default::default() };
                AzureCliCredential::new(Some(options)).map(|it| it as _)
            }
        };
        made.map_err(|error| error.to_string())
    }
}

fn client_options(authority: &str) -> ClientOptions {
    let mut cloud = CustomConfiguration::default();
    authority.clone_into(&mut cloud.authority_host);
    ClientOptions { cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))), ..Default::default() }
}
