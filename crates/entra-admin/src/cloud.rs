//! The clouds of Azure: the public one and the national ones, each with hosts of its own.

/// A cloud of Azure, named as the Azure CLI names it (`az cloud list`). Sources of the hosts:
/// <https://learn.microsoft.com/graph/deployments> and
/// <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AzureCloud {
    /// `AzureCloud`: the public one.
    #[default]
    Public,
    /// `AzureChinaCloud`: operated by 21Vianet.
    China,
    /// `AzureUSGovernment`.
    UsGovernment,
}

impl AzureCloud {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Public, Self::China, Self::UsGovernment];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "AzureCloud",
            Self::China => "AzureChinaCloud",
            Self::UsGovernment => "AzureUSGovernment",
        }
    }

    /// The cloud with a name; case does not matter.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| cloud.name().eq_ignore_ascii_case(name))
    }

    /// The cloud in which people and programs sign in at an address; nothing for an address that is no cloud's.
    #[must_use]
    pub fn of_authority(address: &str) -> Option<Self> {
        let address = address.trim_end_matches('/');
        Self::ALL.into_iter().find(|cloud| {
            let mut own = [cloud.authority(), cloud.issuers()].into_iter();
            own.any(|own| own.eq_ignore_ascii_case(address))
        })
    }

    /// Where tokens are asked for.
    #[must_use]
    pub const fn authority(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::China => "https://login.chinacloudapi.cn",
            Self::UsGovernment => "https://login.microsoftonline.us",
        }
    }

    /// What the issuers of version 2.0 tokens begin with.
    const fn issuers(self) -> &'static str {
        match self {
            Self::China => "https://login.partner.microsoftonline.cn",
            Self::Public | Self::UsGovernment => self.authority(),
        }
    }

    /// The issuer of a tenant's version 2.0 tokens.
    #[must_use]
    pub fn issuer(self, tenant_id: uuid::Uuid) -> String {
        format!("{}/{tenant_id}/v2.0", self.issuers())
    }

    /// The issuer of a tenant's version 1.0 tokens.
    #[must_use]
    pub fn v1_issuer(self, tenant_id: uuid::Uuid) -> String {
        let host = match self {
            Self::China => "sts.chinacloudapi.cn",
            Self::Public | Self::UsGovernment => "sts.windows.net",
        };
        format!("https://{host}/{tenant_id}/")
    }

    /// Where Microsoft Graph is.
    #[must_use]
    pub const fn graph(self) -> &'static str {
        match self {
            Self::Public => "https://graph.microsoft.com",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
            Self::UsGovernment => "https://graph.microsoft.us",
        }
    }

    /// Where Azure Resource Manager is.
    #[must_use]
    pub const fn resource_manager(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::China => "https://management.chinacloudapi.cn",
            Self::UsGovernment => "https://management.usgovcloudapi.net",
        }
    }

    /// The audience of tokens that stand in for a secret.
    pub(crate) const fn token_exchange(self) -> &'static str {
        match self {
            Self::Public => "api://AzureADTokenExchange",
            Self::China => "api://AzureADTokenExchangeChina",
            Self::UsGovernment => "api://AzureADTokenExchangeUSGov",
        }
    }

    /// Whether an issuer is that of a tenant's version 2.0 tokens, by either of the addresses that a cloud has.
    pub(crate) fn is_issuer(self, tenant_id: uuid::Uuid, issuer: &str) -> bool {
        let older = format!("{}/{tenant_id}/v2.0", self.authority());
        [self.issuer(tenant_id), older].iter().any(|own| own.eq_ignore_ascii_case(issuer))
    }
}

#[cfg(test)]
mod tests {
    use super::AzureCloud;

    #[test]
    fn a_cloud_is_found_by_its_name_and_by_its_authority() {
        for cloud in AzureCloud::ALL {
            assert_eq!(AzureCloud::by_name(&cloud.name().to_lowercase()), Some(cloud));
            let authority = format!("{}/", cloud.authority());
            assert_eq!(AzureCloud::of_authority(&authority), Some(cloud));
        }
        let partner = "https://login.partner.microsoftonline.cn";
        assert_eq!(AzureCloud::of_authority(partner), Some(AzureCloud::China));
        assert_eq!(AzureCloud::of_authority("https://127.0.0.1"), None);
    }

    #[test]
    fn the_hosts_of_a_cloud_are_its_own() {
        let tenant = uuid::Uuid::nil();
        let hosts = |cloud: AzureCloud| {
            [
                cloud.authority().to_owned(),
                cloud.issuer(tenant),
                cloud.graph().to_owned(),
                cloud.resource_manager().to_owned(),
            ]
        };
        for cloud in AzureCloud::ALL {
            for other in AzureCloud::ALL.into_iter().filter(|other| *other != cloud) {
                for (own, others) in hosts(cloud).iter().zip(hosts(other)) {
                    assert_ne!(*own, others, "{} {}", cloud.name(), other.name());
                }
            }
        }
        assert_eq!(
            AzureCloud::China.v1_issuer(tenant),
            format!("https://sts.chinacloudapi.cn/{tenant}/")
        );
    }
}
