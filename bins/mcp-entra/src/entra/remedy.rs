//! The remedies of `doctor` as commands of this program and of the Azure CLI.

use entra_admin::{ExposureKind, Remedy, Revocation};

use super::connection::Connection;

/// The option of `setup` that `doctor` cannot know: the credential that the operator chose.
const CREDENTIAL: &str =
    "--identity <object id of the app's managed identity> (or --client-secret)";

/// Words a remedy. A command names the tenant and the app, so that it can be pasted.
pub(super) fn wording(remedy: &Remedy, connection: &Connection) -> String {
    let app = connection.options();
    match remedy {
        Remedy::Setup { client_id } => {
            let client_id = client_id.map(|id| format!(" --client-id {id}")).unwrap_or_default();
            format!("cargo xtask entra setup{client_id}{app} {CREDENTIAL}")
        }
        Remedy::Preauthorize(id) => format!("cargo xtask entra preauthorize {id}{app}"),
        Remedy::Remove(id) => format!("cargo xtask entra remove {id}{app}"),
        Remedy::SetUpClient(client) => {
            format!("cargo xtask entra setup --client {client}{app}")
        }
        Remedy::Revoke(revocation) => revoke(revocation),
        Remedy::RequestToken { scope } => {
            format!(
                "{remedy}; for the account of the Azure CLI: az account get-access-token --scope {scope}"
            )
        }
        by_hand => by_hand.to_string(),
    }
}

fn revoke(revocation: &Revocation) -> String {
    let (client_id, id) = (revocation.client_id, revocation.id);
    let known = format!("; or, for an owner whom you know, give --owner {id}");
    match revocation.kind {
        ExposureKind::Audience => {
            format!("az ad app update --id {client_id} --sign-in-audience AzureADMyOrg")
        }
        ExposureKind::Owner => {
            format!("az ad app owner remove --id {client_id} --owner-object-id {id}{known}")
        }
        ExposureKind::PrincipalOwner => format!(
            "az rest --method DELETE --url \"{}/v1.0/servicePrincipals(appId='{client_id}')/owners/{id}/\\$ref\"{known}",
            revocation.cloud.graph()
        ),
        ExposureKind::Secret => {
            format!("az ad app credential delete --id {client_id} --key-id {id}")
        }
        ExposureKind::Certificate => {
            format!("az ad app credential delete --id {client_id} --key-id {id} --cert")
        }
        ExposureKind::PrincipalSecret => {
            format!("az ad sp credential delete --id {client_id} --key-id {id}")
        }
        ExposureKind::PrincipalCertificate => {
            format!("az ad sp credential delete --id {client_id} --key-id {id} --cert")
        }
        ExposureKind::FederatedCredential => format!(
            "az ad app federated-credential delete --id {client_id} --federated-credential-id {id}"
        ),
        _ => Remedy::Revoke(*revocation).to_string(),
    }
}
