//! Microsoft's libraries, unmodified, sign in at the emulator over TLS: one test for each library and way.

use std::process::Output;

use easyauth_emulator::{Directory, sample};
use restaurant_tests::{node, python::Environment};
use serde_json::{Value, json};

use super::tenant::{Tenant, claims};

/// A way to sign in.
#[derive(Debug, Clone, Copy)]
pub enum Flow {
    Secret,
    Certificate,
    FederatedAssertion,
    WorkloadIdentity,
    ManagedIdentity,
    AuthorizationCode,
    Refresh,
    DeviceCode,
    OnBehalfOf,
    AgentIdentity,
    AgentUser,
}

impl Flow {
    fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Certificate => "certificate",
            Self::FederatedAssertion => "federated_assertion",
            Self::WorkloadIdentity => "workload_identity",
            Self::ManagedIdentity => "managed_identity",
            Self::AuthorizationCode => "authorization_code",
            Self::Refresh => "refresh",
            Self::DeviceCode => "device_code",
            Self::OnBehalfOf => "on_behalf_of",
            Self::AgentIdentity => "agent_identity",
            Self::AgentUser => "agent_user",
        }
    }

    /// Checks whose token it is, and what for. `next` says whether a library asks for the next API in a refresh.
    pub fn judge(self, token: &str, next: bool) {
        let claims = claims(token);
        let api = format!("api://{}", sample::API);
        let graph = "https://graph.microsoft.com";
        let of_app = |client| (json!(client), json!(sample::object_id(client)), api.as_str());
        let of_person = |client, audience| (json!(client), json!(sample::USER), audience);
        let (client, object, audience) = match self {
            Self::ManagedIdentity => of_app(sample::MANAGED_IDENTITY),
            Self::Secret
            | Self::Certificate
            | Self::FederatedAssertion
            | Self::WorkloadIdentity => of_app(sample::AGENT),
            Self::OnBehalfOf => of_person(sample::API, graph),
            Self::AgentIdentity => of_app(sample::AGENT_IDENTITY),
            Self::AgentUser => {
                (json!(sample::AGENT_IDENTITY), json!(sample::AGENT_USER), api.as_str())
            }
            Self::Refresh if next => of_person(sample::INTERACTIVE, graph),
            Self::Refresh | Self::AuthorizationCode | Self::DeviceCode => {
                of_person(sample::INTERACTIVE, api.as_str())
            }
        };
        let found = [&claims["appid"], &claims["oid"], &claims["aud"]];
        assert_eq!(found, [&client, &object, &json!(audience)], "{self:?}: {claims}");
    }
}

fn token(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    report["access_token"].as_str().unwrap_or_else(|| panic!("{report} {said}")).to_owned()
}

async fn python(library: &'static str, flow: Flow) {
    let tenant = Tenant::start_with(Directory::sample_with_agents()).await;
    let mut command = Environment::Agent.command("sign_in.py").unwrap();
    command.args([library, flow.name(), &tenant.configuration().to_string()]);
    command.envs(tenant.environment());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    flow.judge(&token(&output), library == "azure_identity");
}

async fn node(flow: Flow) {
    let tenant = Tenant::start().await;
    let mut command = node::command("sign_in.mjs").unwrap();
    command.args([flow.name(), &tenant.configuration().to_string()]);
    command.envs(tenant.environment());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    flow.judge(&token(&output), true);
}

/// A test for each way, in which the module's `sign_in` signs in.
macro_rules! ways {
    ($($name:ident $flow:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                sign_in(super::Flow::$flow).await;
            }
        )*
    };
}

mod msal_for_python {
    async fn sign_in(flow: super::Flow) {
        super::python("msal", flow).await;
    }

    ways! {
        secret Secret
        certificate Certificate
        federated_assertion FederatedAssertion
        managed_identity ManagedIdentity
        authorization_code_with_pkce AuthorizationCode
        refresh Refresh
        device_code DeviceCode
        on_behalf_of OnBehalfOf
        agent_identity AgentIdentity
        user_account_of_an_agent AgentUser
    }
}

mod azure_identity_for_python {
    async fn sign_in(flow: super::Flow) {
        super::python("azure_identity", flow).await;
    }

    ways! {
        secret Secret
        certificate Certificate
        federated_assertion FederatedAssertion
        workload_identity WorkloadIdentity
        managed_identity ManagedIdentity
        authorization_code_with_pkce AuthorizationCode
        refresh Refresh
        device_code DeviceCode
        on_behalf_of OnBehalfOf
    }
}

mod azure_identity_for_node {
    use super::node as sign_in;

    ways! {
        secret Secret
        certificate Certificate
        federated_assertion FederatedAssertion
        workload_identity WorkloadIdentity
        managed_identity ManagedIdentity
        authorization_code_with_pkce AuthorizationCode
        refresh Refresh
        device_code DeviceCode
        on_behalf_of OnBehalfOf
    }
}

mod azure_identity_for_rust {
    use super::super::rust_library::sign_in;

    ways! {
        secret Secret
        federated_assertion FederatedAssertion
        workload_identity WorkloadIdentity
    }
}
