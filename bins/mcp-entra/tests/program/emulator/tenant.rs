//! An emulated cloud over TLS, and what its clients prove themselves with.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth_emulator::{Cloud, Directory, Emulator, FederatedCredential, Options, Tls, sample};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use restaurant_tests::python;
use serde_json::{Value, json};
use tempfile::TempDir;

const API_SECRET: &str = "the-apis-secret";
const EXCHANGE: &str = "api://AzureADTokenExchange";
pub const NEXT_SCOPE: &str = "https://graph.microsoft.com/User.Read";

/// The sample tenant, in which the agent and the API have every kind of credential.
pub struct Tenant {
    pub emulator: Emulator,
    pub folder: TempDir,
}

impl Tenant {
    pub async fn start() -> Self {
        Self::start_with(Directory::sample()).await
    }

    pub async fn start_with(directory: Directory) -> Self {
        let tls = Tls::generate(&[]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), tls.authority()).unwrap();
        let mut options = Options::default();
        options.listener.tls = Some(tls);
        let emulator = Emulator::start(directory, options).await.unwrap();
        let tenant = Self { emulator, folder };
        tenant.give_credentials();
        tenant
    }

    pub fn cloud(&self) -> &Cloud {
        self.emulator.cloud()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn give_credentials(&self) {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        let pem = format!("{}\n{}", key.serialize_pem(), certificate.pem());
        fs::write(self.file("certificate.pem"), pem).unwrap();
        fs::write(self.file("assertion"), self.assertion()).unwrap();
        let public = key.public_key_pem();
        let federated = FederatedCredential {
            name: "pipeline".to_owned(),
            issuer: self.cloud().v2_issuer(),
            subject: sample::object_id(sample::MANAGED_IDENTITY).to_string(),
            audiences: vec![EXCHANGE.to_owned()],
            ..FederatedCredential::default()
        };
        for application in &mut self.cloud().directory().applications {
            match application.app_id {
                sample::AGENT => {
                    application.certificates = vec![public.clone()];
                    application.federated_credentials = vec![federated.clone()];
                }
                sample::API | sample::BLUEPRINT => {
                    application.secrets = vec![API_SECRET.to_owned()];
                }
                _ => {}
            }
        }
    }

    /// The token of the managed identity that the agent's federated credential names.
    pub fn assertion(&self) -> String {
        let cloud = self.cloud();
        let mut claims = cloud.app_claims(sample::MANAGED_IDENTITY, sample::API).unwrap();
        claims["aud"] = json!(EXCHANGE);
        claims["iss"] = json!(cloud.v2_issuer());
        cloud.sign(&cloud.token_header(), &claims)
    }

    /// What a program needs to sign in in every way.
    pub fn configuration(&self) -> Value {
        let cloud = self.cloud();
        let scopes = ["user_impersonation"];
        let called =
            cloud.user_claims(sample::USER, sample::INTERACTIVE, sample::API, &scopes).unwrap();
        json!({
            "origin": cloud.origin(), "tenant": sample::TENANT_ID,
            "client": sample::AGENT, "secret": sample::AGENT_SECRET,
            "certificate": self.file("certificate.pem"),
            "assertion": self.assertion(), "assertion_file": self.file("assertion"),
            "public_client": sample::INTERACTIVE, "user": sample::USER_NAME,
            "api": sample::API, "api_secret": API_SECRET,
            "user_assertion": cloud.sign(&cloud.token_header(), &called),
            "scope": format!("api://{}/.default", sample::API),
            "user_scope": format!("api://{}/user_impersonation", sample::API),
            "next_scope": NEXT_SCOPE,
            "blueprint": sample::BLUEPRINT, "agent_identity": sample::AGENT_IDENTITY,
            "agent_user": sample::AGENT_USER,
        })
    }

    /// The variables that the emulator prints, and the browser of a person.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let authority = self.file("ca.pem").to_str().unwrap().to_owned();
        vec![
            ("REQUESTS_CA_BUNDLE", authority.clone()),
            ("SSL_CERT_FILE", authority.clone()),
            ("NODE_EXTRA_CA_CERTS", authority),
            ("IDENTITY_ENDPOINT", self.cloud().identity_endpoint()),
            ("IDENTITY_HEADER", self.cloud().identity_header().to_owned()),
            ("BROWSER", self.browser()),
        ]
    }

    fn browser(&self) -> String {
        let path = self.file("browser");
        let (python, program) = (python::python().unwrap(), python::program("browser.py"));
        let (python, program) = (python.display(), program.display());
        let user = sample::USER_NAME;
        let script = format!("#!/bin/sh\n{python} {program} {user} \"$1\" >/dev/null 2>&1 &\n");
        write_program(&path, &script);
        path.to_str().unwrap().to_owned()
    }
}

pub fn write_program(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The claims of a token, unchecked.
pub fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}
