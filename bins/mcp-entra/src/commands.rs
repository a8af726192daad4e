//! The remedies of `test-auth` as commands of the Azure CLI and options of this program.

use auth_probe::{Remedy, Target, TokenKind, Wording};

/// Renders a remedy as a command or an option of `mcp-entra test-auth`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Commands;

impl Wording for Commands {
    fn remedy(&self, remedy: &Remedy, target: &Target) -> String {
        let of_app = of_app(remedy, target);
        let of_registration = || of_registration(remedy, target);
        let text = of_app.or_else(of_registration).or_else(|| of_option(remedy));
        text.unwrap_or_else(|| remedy.to_string())
    }
}

/// The web app's resource id, as a shell finds it.
fn app(target: &Target) -> String {
    let host = target.host();
    format!("$(az webapp list --query \"[?contains(hostNames, '{host}')].id\" --output tsv)")
}

/// The commands about the web app. Those of `az webapp auth` need `az extension add --name authV2`.
fn of_app(remedy: &Remedy, target: &Target) -> Option<String> {
    let app = app(target);
    let update_auth = |change: &str| format!("az webapp auth update --ids {app} {change}");
    Some(match remedy {
        Remedy::RequireAuthentication => update_auth("--enabled true --action Return401"),
        Remedy::Return401 => update_auth("--action Return401"),
        Remedy::SetIssuer(issuer) => update_auth(&format!(
            "--set identityProviders.azureActiveDirectory.registration.openIdIssuer={issuer}"
        )),
        Remedy::ShowAuthSettings(section) => {
            let section = section.map(|section| format!(".{section}")).unwrap_or_default();
            format!("az webapp auth show --ids {app} --query properties{section}")
        }
        Remedy::SetAppSetting { name, value } => {
            format!("az webapp config appsettings set --ids {app} --settings {name}={value}")
        }
        Remedy::Preauthorize(id) => format!(
            "cargo xtask entra preauthorize {id} --tenant {} --resource-id \"{app}\"",
            target.tenant_id()
        ),
        Remedy::ReadLog => format!("az webapp log tail --ids {app}"),
        Remedy::ShowState => format!("az webapp show --ids {app} --query state"),
        _ => return None,
    })
}

/// The commands about the registrations of the app and of the caller.
fn of_registration(remedy: &Remedy, target: &Target) -> Option<String> {
    let client = target.client_id();
    Some(match remedy {
        Remedy::AddIdentifierUri { existing, added } => {
            format!("az ad app update --id {client} --identifier-uris {existing} {added}")
        }
        Remedy::ShowIdentifierUris => {
            format!("az ad app show --id {client} --query identifierUris")
        }
        Remedy::CreateServicePrincipal => format!("az ad sp create --id {client}"),
        Remedy::AssignAppRole => format!(
            "az ad sp show --id {client} --query \"appRoles[].value\"; then assign one of them to the caller"
        ),
        Remedy::ShowPreauthorizedClients => {
            format!("az ad app show --id {client} --query api.preAuthorizedApplications")
        }
        Remedy::ResetClientSecret => "az ad app credential reset --id <agent-id>".to_owned(),
        Remedy::ShowFederatedCredentials => {
            "az ad app federated-credential list --id <agent-id>".to_owned()
        }
        Remedy::ShowTenant => "az account show --query tenantId".to_owned(),
        Remedy::CheckIdentity => {
            "az account get-access-token shows whether the identity works at all".to_owned()
        }
        _ => return None,
    })
}

/// The options of this program.
fn of_option(remedy: &Remedy) -> Option<String> {
    let text = match remedy {
        Remedy::AllowDisablingAuth => "give --allow-disabling-auth for the cases that need it off",
        Remedy::NameWebApp => "give --allow-disabling-auth, and the web app by --resource-id",
        Remedy::RequestScope { scope, audience } => {
            return Some(format!(
                "--scope {scope}; or, if {audience} is an identifier URI of the app, --scope with that"
            ));
        }
        Remedy::GiveTenant => "give the tenant that owns the app by --tenant",
        Remedy::GiveMcpPath => "give the endpoint's path by --mcp-path",
        Remedy::CheckCredential => "check --agent-id and --tenant",
        Remedy::AllowWrites => "add one, or leave out --no-writes",
        Remedy::GiveToken(TokenKind::Good) => "give a credential, or --token-file FILE",
        Remedy::GiveToken(TokenKind::WrongAudience) => "give --wrong-audience-token-file FILE",
        Remedy::GiveToken(kind) => return Some(format!("give --token {}=FILE", kind.name())),
        Remedy::ReplaceToken(kind) => {
            return Some(format!("give another one by --token {}=FILE", kind.name()));
        }
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use auth_probe::{Remedy, Target, TokenKind, Wording as _};
    use uuid::Uuid;

    use super::Commands;

    #[test]
    fn a_remedy_is_a_command_or_an_option() {
        let target = Target::new("https://a.example", Uuid::nil(), Uuid::max()).unwrap();
        let said = |remedy| Commands.remedy(&remedy, &target);
        let app =
            "$(az webapp list --query \"[?contains(hostNames, 'a.example')].id\" --output tsv)";
        assert_eq!(
            said(Remedy::Return401),
            format!("az webapp auth update --ids {app} --action Return401")
        );
        assert_eq!(
            said(Remedy::ShowAuthSettings(Some("globalValidation"))),
            format!("az webapp auth show --ids {app} --query properties.globalValidation")
        );
        let (tenant, client) = (Uuid::nil(), Uuid::max());
        assert_eq!(
            said(Remedy::Preauthorize("x".to_owned())),
            format!("cargo xtask entra preauthorize x --tenant {tenant} --resource-id \"{app}\"")
        );
        assert_eq!(said(Remedy::CreateServicePrincipal), format!("az ad sp create --id {client}"));
        assert_eq!(said(Remedy::GiveToken(TokenKind::Expired)), "give --token expired=FILE");
        // What no command does is said in plain words.
        assert_eq!(said(Remedy::FixCaseFirst("B6")), "mend what B6 says first");
    }
}
