//! The clouds of Azure, told apart by where people and programs sign in. Sources of the hosts:
//! <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud> and `az cloud list`.

use reqwest::Url;

/// What is elsewhere in each cloud.
#[derive(Debug)]
pub(crate) struct Cloud {
    /// The hosts under which people and programs sign in.
    authorities: &'static [&'static str],
    /// What the issuers of version 1.0 tokens begin with.
    pub(crate) v1_issuers: &'static str,
    /// Where Azure Resource Manager is.
    pub(crate) resource_manager: &'static str,
}

const PUBLIC: Cloud = Cloud {
    authorities: &["login.microsoftonline.com", "login.windows.net"],
    v1_issuers: "https://sts.windows.net/",
    resource_manager: "https://management.azure.com",
};

const NATIONAL: [Cloud; 2] = [
    Cloud {
        authorities: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
        v1_issuers: "https://sts.chinacloudapi.cn/",
        resource_manager: "https://management.chinacloudapi.cn",
    },
    Cloud {
        authorities: &["login.microsoftonline.us"],
        v1_issuers: "https://sts.windows.net/",
        resource_manager: "https://management.usgovcloudapi.net",
    },
];

impl Cloud {
    /// The cloud of an authority; the public one where it is no cloud's, as an emulator's.
    pub(crate) fn of(authority: &Url) -> &'static Self {
        let host = authority.host_str().unwrap_or_default();
        let national = NATIONAL.iter().find(|cloud| cloud.authorities.contains(&host));
        national.unwrap_or(&PUBLIC)
    }

    /// The addresses of the cloud at which issuers of version 2.0 tokens may be, besides the authority that was given.
    pub(crate) fn other_authorities(&self, authority: &Url) -> impl Iterator<Item = String> {
        let is_own = self.authorities.contains(&authority.host_str().unwrap_or_default());
        let hosts = self.authorities.iter().filter(move |_| is_own);
        hosts.map(|host| format!("https://{host}/"))
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::Cloud;

    #[test]
    fn a_cloud_is_told_by_its_authority() {
        let of = |authority: &str| Cloud::of(&Url::parse(authority).unwrap()).resource_manager;
        assert_eq!(of("https://login.microsoftonline.com/"), "https://management.azure.com");
        assert_eq!(of("https://login.chinacloudapi.cn"), "https://management.chinacloudapi.cn");
        assert_eq!(of("https://login.microsoftonline.us"), "https://management.usgovcloudapi.net");
        assert_eq!(of("http://127.0.0.1"), "https://management.azure.com");
        // A host that only looks like one is none.
        assert_eq!(of("https://login.microsoftonline.us.example"), "https://management.azure.com");
    }
}
