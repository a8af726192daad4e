//! National clouds: the issuers that are written and looked for are theirs.

use easyauth_emulator::sample::{FOUNDRY_AGENT, TENANT_ID};
use entra_admin::{AzureCloud, Problem};
use serde_json::json;

use crate::tenant::{Tenant, set_up};

const ISSUER: &str = "/identityProviders/azureActiveDirectory/registration/openIdIssuer";

#[tokio::test]
async fn each_cloud_has_issuers_of_its_own() {
    for (cloud, issuer, v1_issuer, exchange) in [
        (
            AzureCloud::China,
            "https://login.partner.microsoftonline.cn",
            "https://sts.chinacloudapi.cn",
            "api://AzureADTokenExchangeChina",
        ),
        (
            AzureCloud::UsGovernment,
            "https://login.microsoftonline.us",
            "https://sts.windows.net",
            "api://AzureADTokenExchangeUSGov",
        ),
    ] {
        let tenant = Tenant::start().await;
        let admin = || tenant.admin().in_cloud(cloud);
        admin().setup(&set_up()).await.unwrap();
        admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
        assert_eq!(tenant.setting(ISSUER), format!("{issuer}/{TENANT_ID}/v2.0"));
        let trusted = tenant.application(|it| it.federated_credentials[0].clone());
        assert_eq!(trusted.issuer, format!("{issuer}/{TENANT_ID}/v2.0"));
        assert_eq!(trusted.audiences, [exchange]);
        assert_eq!(admin().doctor(&[FOUNDRY_AGENT]).await.unwrap(), None);
        tenant.set(ISSUER, json!(format!("{v1_issuer}/{TENANT_ID}/")));
        assert_eq!(admin().doctor(&[]).await.unwrap(), None);
        tenant.set(ISSUER, json!(format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0")));
        let finding = admin().doctor(&[]).await.unwrap().expect("another cloud's issuer");
        assert!(matches!(finding.problem, Problem::Issuer { .. }), "{finding}");
    }
}
