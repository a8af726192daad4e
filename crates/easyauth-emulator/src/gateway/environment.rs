//! The environment variables that the platform gives an app.
//!
//! Source: <https://learn.microsoft.com/azure/app-service/reference-app-settings>. `WEBSITE_AUTH_DEFAULT_PROVIDER` is there
//! only where the platform sends people to sign in (AzureAD/microsoft-identity-web, issue 1806).

use std::collections::BTreeMap;

use super::auth_settings::{AuthSettings, UnauthenticatedClientAction};
use crate::{Cloud, Site, listener::host};

/// The variables of a site, whose app is reached at an origin.
pub(super) fn of_app(cloud: &Cloud, site: Site, origin: &str) -> BTreeMap<String, String> {
    let host = host(origin).unwrap_or_default();
    let mut variables = vec![
        ("WEBSITE_HOSTNAME", host),
        ("WEBSITE_SITE_NAME", site.name),
        ("IDENTITY_ENDPOINT", cloud.identity_endpoint()),
        ("IDENTITY_HEADER", cloud.identity_header().to_owned()),
    ];
    let settings = AuthSettings::read(&site.auth_settings).unwrap_or_default();
    let enabled = if settings.platform.enabled { "True" } else { "False" };
    variables.push(("WEBSITE_AUTH_ENABLED", enabled.to_owned()));
    if let Some(entra) = settings.entra().filter(|_| settings.platform.enabled) {
        let registration = &entra.registration;
        variables.push(("WEBSITE_AUTH_CLIENT_ID", registration.client_id.clone()));
        variables.push(("WEBSITE_AUTH_OPENID_ISSUER", super::authenticate::issuer(cloud, entra)));
        variables.push(("WEBSITE_AUTH_LOGOUT_PATH", "/.auth/logout".to_owned()));
        if settings.action() == UnauthenticatedClientAction::RedirectToLoginPage {
            let provider = "AzureActiveDirectory".to_owned();
            variables.push(("WEBSITE_AUTH_DEFAULT_PROVIDER", provider));
        }
    }
    let platform = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
    platform.chain(site.app_settings).collect()
}
