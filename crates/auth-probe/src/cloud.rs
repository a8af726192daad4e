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
}

const PUBLIC: Cloud = Cloud {
    authorities: &["login.microsoftonline.com", "login.windows.net"],
    v1_issuers: "https://sts.windows.net/",
};

const NATIONAL: [Cloud; 2] = [
    Cloud {
        authorities: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
        v1_issuers: "https://sts.chinacloudapi.cn/",
    },
    Cloud { authorities: &["login.microsoftonline.us"], v1_issuers: "https://sts.windows.net/" },
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
        let others = |authority: &str| {
            let authority = Url::parse(authority).unwrap();
            let cloud = Cloud::of(&authority);
            (cloud.v1_issuers, cloud.other_authorities(&authority).collect::<Vec<_>>())
        };
        let public = ["https://login.microsoftonline.com/", "https://login.windows.net/"];
        let public = public.map(str::to_owned).to_vec();
        assert_eq!(
            others("https://login.microsoftonline.com/"),
            ("https://sts.windows.net/", public)
        );
        let (issuers, china) = others("https://login.chinacloudapi.cn");
        assert_eq!((issuers, china.len()), ("https://sts.chinacloudapi.cn/", 2));
        let (issuers, government) = others("https://login.microsoftonline.us");
        assert_eq!(issuers, "https://sts.windows.net/");
        assert_eq!(government, ["https://login.microsoftonline.us/"]);
        // An emulator's, and a host that only looks like one of a cloud.
        for other in ["http://127.0.0.1", "https://login.chinacloudapi.cn.example"] {
            assert_eq!(others(other), ("https://sts.windows.net/", Vec::new()), "{other}");
        }
    }
}
