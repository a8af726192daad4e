//! `azure_identity`, the library of this program. It has no other ways without OpenSSL, a browser or an Azure machine; its
//! managed identity reads the environment, which `test_auth` tests with the program.

use std::{fs, sync::Arc};

use async_trait::async_trait;
use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    credentials::TokenCredential,
    http::{ClientMethodOptions, ClientOptions, Transport},
};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use easyauth_emulator::sample;
use reqwest::{Certificate, Client};

use super::{libraries::Flow, tenant::Tenant};

#[derive(Debug)]
struct Assertion(String);

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.clone())
    }
}

pub async fn sign_in(flow: Flow) {
    let tenant = Tenant::start().await;
    let scope = format!("api://{}/.default", sample::API);
    let token = credential(flow, &tenant).get_token(&[&scope], None).await.unwrap();
    flow.judge(token.token.secret(), false);
}

fn credential(flow: Flow, tenant: &Tenant) -> Arc<dyn TokenCredential> {
    let client_options = client_options(tenant);
    let (tenant_id, client_id) = (sample::TENANT_ID.to_string(), sample::AGENT.to_string());
    match flow {
        Flow::Secret => {
            let options = ClientSecretCredentialOptions { client_options };
            let secret = sample::AGENT_SECRET.into();
            ClientSecretCredential::new(&tenant_id, client_id, secret, Some(options)).unwrap()
        }
        Flow::FederatedAssertion => {
            let options = ClientAssertionCredentialOptions { client_options };
            let assertion = Assertion(tenant.assertion());
            ClientAssertionCredential::new(tenant_id, client_id, assertion, Some(options)).unwrap()
        }
        Flow::WorkloadIdentity => {
            let mut options = WorkloadIdentityCredentialOptions::default();
            options.credential_options.client_options = client_options;
            options.client_id = Some(client_id);
            options.tenant_id = Some(tenant_id);
            options.token_file_path = Some(tenant.file("assertion"));
            WorkloadIdentityCredential::new(Some(options)).unwrap()
        }
        _ => panic!("{flow:?}"),
    }
}

fn client_options(tenant: &Tenant) -> ClientOptions {
    let authority = Certificate::from_pem(&fs::read(tenant.file("ca.pem")).unwrap()).unwrap();
    let client = Client::builder().tls_certs_only([authority]).build().unwrap();
    let mut cloud = CustomConfiguration::default();
    tenant.cloud().origin().clone_into(&mut cloud.authority_host);
    ClientOptions {
        cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
        transport: Some(Transport::new(Arc::new(client))),
        ..ClientOptions::default()
    }
}
