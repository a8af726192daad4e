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

/// The issuers of version 1.0 tokens of a tenant (in lower case) at an authority.
pub(super) fn v1_issuers(authority: &Url, tenant_id: &str) -> Vec<String> {
    let host = authority.host_str().unwrap_or_default();
    let national = NATIONAL.iter().find(|(login, _)| *login == host);
    let issuers = national.map_or(PUBLIC, |(_, issuers)| *issuers);
    issuers.iter().map(|host| format!("https://{host}/{tenant_id}/")).collect()
}

/// Invariant: a configured issuer is the tenant's.
pub(super) fn is_v1_issuer(issuer: &str, tenant_id: &str) -> bool {
    let host = issuer.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    host.is_some_and(|(host, path)| !host.is_empty() && path == format!("{tenant_id}/"))
        && Url::parse(issuer).is_ok_and(|url| url.as_str() == issuer)
}
