//! The issuers of version 1.0 tokens in each of Microsoft's clouds.

use reqwest::Url;

/// Hosts of authorities, and the hosts of their issuers of version 1.0 tokens. The issuer of version 2.0 tokens is in the
/// authority's discovery document.
///
/// Sources: <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>, and for the issuers
/// <https://learn.microsoft.com/answers/questions/1190472/what-are-the-token-issuers-for-the-sovereign-cloud>, which
/// reports two for US Government.
const NATIONAL: [(&str, &[&str]); 4] = [
    ("login.partner.microsoftonline.cn", &["sts.chinacloudapi.cn"]),
    ("login.chinacloudapi.cn", &["sts.chinacloudapi.cn"]),
    ("login.microsoftonline.us", &["sts.windows.net", "sts.microsoftonline.us"]),
    ("login.microsoftonline.de", &["sts.microsoftonline.de"]),
];

const PUBLIC: &[&str] = &["sts.windows.net"];

/// The name of the tenant in an issuer for all tenants (OpenID Connect discovery of `/organizations`).
pub(super) const TENANT: &str = "{tenantid}";

/// The hosts of the issuers of version 1.0 tokens at an authority.
pub(super) fn v1_hosts(authority: &Url) -> Vec<String> {
    let host = authority.host_str().unwrap_or_default();
    let national = NATIONAL.iter().find(|(login, _)| *login == host);
    let hosts = national.map_or(PUBLIC, |(_, hosts)| *hosts);
    hosts.iter().map(|host| (*host).to_owned()).collect()
}

/// The issuer of version 1.0 tokens of a tenant (in lower case).
pub(super) fn v1_issuer(host: &str, tenant_id: &str) -> String {
    format!("https://{host}/{tenant_id}/")
}

/// The host of a configured issuer. Invariant: the issuer is the tenant's.
pub(super) fn v1_host(issuer: &str, tenant_id: &str) -> Option<String> {
    let (host, _) = issuer.strip_prefix("https://")?.split_once('/')?;
    let is_url = || Url::parse(issuer).is_ok_and(|url| url.as_str() == issuer);
    (!host.is_empty() && issuer == v1_issuer(host, tenant_id) && is_url()).then(|| host.to_owned())
}
