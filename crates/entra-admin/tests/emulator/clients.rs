//! Interactive clients: what `doctor` predicts of a sign-in is what the issuer and the gateway answer.

use easyauth_emulator::{
    Options,
    sample::{INTERACTIVE, TENANT_ID},
};
use entra_admin::{
    Admin, AdminError, Finding, InteractiveClient, Problem, Remedy, ResourceMetadata,
};
use reqwest::{Client, Url, redirect::Policy};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    guarded::app,
    tenant::{CHECKS, METADATA_SETTING, POLICY, Tenant, set_up},
};

/// A code verifier and its challenge (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SECRET: &str = "the-clients-secret";
const OWN_ADDRESS: &str = "https://own.example/callback";

/// The client ids and redirect addresses of the clients under test, as each sends them.
struct SetUp {
    tenant: Tenant,
    admin: Admin,
    clients: Vec<(InteractiveClient, Uuid, Vec<String>)>,
    http: Client,
}

fn clients() -> Vec<(InteractiveClient, Vec<&'static str>)> {
    vec![
        (InteractiveClient::VsCode, vec!["http://127.0.0.1:0/", "https://vscode.dev/redirect"]),
        (
            InteractiveClient::Claude,
            vec!["https://claude.ai/api/mcp/auth_callback", "http://localhost:0/callback"],
        ),
        (
            InteractiveClient::ChatGpt,
            vec!["https://chatgpt.com/connector_platform_oauth_redirect", OWN_ADDRESS],
        ),
        (
            InteractiveClient::CopilotStudio,
            vec!["https://global.consent.azure-apim.net/redirect", OWN_ADDRESS],
        ),
        (InteractiveClient::Registered(INTERACTIVE), vec![OWN_ADDRESS]),
    ]
}

/// The addresses that are given besides the known ones.
fn given(client: &InteractiveClient) -> Vec<String> {
    let is_known = matches!(client, InteractiveClient::VsCode | InteractiveClient::Claude);
    if is_known { vec![] } else { vec![OWN_ADDRESS.to_owned()] }
}

impl SetUp {
    /// All clients are set up, in a tenant that refuses whatever it may refuse.
    async fn new() -> Self {
        let mut options = Options::default();
        options.issuer.checks_resource = true;
        options.issuer.refuses_own_scope = true;
        options.issuer.asks_consent = true;
        let tenant = Tenant::in_front_of(app(), options).await;
        let admin = tenant.admin();
        admin.setup(&set_up()).await.unwrap();
        let with_editor = tenant.cloud().directory().clone().with_visual_studio_code();
        *tenant.cloud().directory() = with_editor;
        let resource = format!("{}/mcp", tenant.origin());
        tenant.application(|api| api.identifier_uris.push(resource));
        tenant.directory(|directory| {
            let mut all = directory.applications.iter_mut();
            let registered = all.find(|it| it.app_id == INTERACTIVE).unwrap();
            let addresses = json!({ "redirectUris": [OWN_ADDRESS] });
            registered.other.insert("publicClient".to_owned(), addresses);
        });
        let mut all = Vec::new();
        for (client, addresses) in clients() {
            let done = admin.setup_client(&client, &given(&client)).await.unwrap();
            let addresses = addresses.into_iter().map(str::to_owned).collect();
            all.push((client, done.client_id.unwrap(), addresses));
        }
        tenant.directory(|directory| {
            for application in &mut directory.applications {
                application.secrets = vec![SECRET.to_owned()];
            }
        });
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { tenant, admin, clients: all, http }
    }

    async fn metadata(&self) -> ResourceMetadata {
        ResourceMetadata::fetch(self.tenant.origin()).await.unwrap().unwrap()
    }

    async fn findings(&self, client: &InteractiveClient) -> Vec<Finding> {
        self.predict(client, &self.metadata().await).await
    }

    async fn predict(&self, client: &InteractiveClient, read: &ResourceMetadata) -> Vec<Finding> {
        self.admin.doctor_client(client, &given(client), Some(read)).await.unwrap()
    }

    /// The first answer that is not good: an AADSTS code, or the app's status. 0 is a served call.
    async fn answer(
        &self,
        client: &InteractiveClient,
        id: Uuid,
        addresses: &[String],
        metadata: &ResourceMetadata,
    ) -> u32 {
        for address in addresses {
            let code = self.sign_in(client, id, address, metadata).await;
            if code != 0 {
                return code;
            }
        }
        0
    }

    /// Signs a user in as a client does, and calls the app.
    async fn sign_in(
        &self,
        client: &InteractiveClient,
        id: Uuid,
        address: &str,
        metadata: &ResourceMetadata,
    ) -> u32 {
        let scope = format!("{} offline_access", metadata.scopes.join(" "));
        let id = id.to_string();
        let asked = [
            ("client_id", &*id),
            ("redirect_uri", address),
            ("response_type", "code"),
            ("scope", &scope),
            ("resource", &metadata.resource),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("login_hint", "ada@sample.example"),
        ];
        let base = format!("{}/{TENANT_ID}/oauth2/v2.0", self.tenant.cloud().origin());
        let url = Url::parse_with_params(&format!("{base}/authorize"), asked).unwrap();
        let answer = self.http.get(url).send().await.unwrap();
        let Some(location) = answer.headers().get("location") else {
            return code(&answer.text().await.unwrap());
        };
        let location = Url::parse(location.to_str().unwrap()).unwrap();
        let told = |name| location.query_pairs().find(|(it, _)| it == name).map(|it| it.1);
        let Some(authorization) = told("code") else {
            return code(&told("error_description").unwrap());
        };
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", &id),
            ("redirect_uri", address),
            ("code", &authorization),
            ("code_verifier", VERIFIER),
            ("resource", &metadata.resource),
        ];
        form.extend(client.needs_secret().then_some(("client_secret", SECRET)));
        let answer = self.http.post(format!("{base}/token")).form(&form).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        let Some(token) = answer["access_token"].as_str() else {
            return code(&answer.to_string());
        };
        let request = self.http.get(format!("{}/mcp", self.tenant.origin()));
        let status = request.bearer_auth(token).send().await.unwrap().status().as_u16();
        if status == 200 { 0 } else { u32::from(status) }
    }
}

/// The number after `AADSTS`.
fn code(text: &str) -> u32 {
    let (_, rest) = text.split_once("AADSTS").unwrap_or_else(|| panic!("{text}"));
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    number.parse().unwrap()
}

fn predicted(findings: &[Finding]) -> u32 {
    match findings.first().map(|it| &it.problem) {
        None => 0,
        Some(Problem::SignInRefused { code, .. }) => *code,
        Some(Problem::ClientNotListed { .. }) => 403,
        Some(problem) => panic!("{problem}"),
    }
}

/// Something that somebody does by hand to a client that was set up.
type Undo = fn(&Tenant, Uuid);

const UNDONE: [(&str, Undo); 8] = [
    ("the registration", |it, client| {
        it.directory(|all| {
            all.applications.retain(|it| {
                it.app_id != client || it.other.contains_key("appOwnerOrganizationId")
            });
        });
    }),
    ("the redirect addresses", |it, client| {
        it.directory(|all| {
            let mut all = all.applications.iter_mut();
            let Some(found) = all.find(|it| it.app_id == client) else { return };
            if !found.other.contains_key("appOwnerOrganizationId") {
                found.other.remove("publicClient");
                found.other.remove("web");
            }
        });
    }),
    ("the app's service principal", |it, _| {
        let own = it.client_id();
        it.directory(|all| all.service_principals.retain(|it| it.app_id != own));
    }),
    ("the scope in the metadata", |it, _| {
        let scope = "api://ghost/user_impersonation".to_owned();
        it.site(|site| site.app_settings.insert(METADATA_SETTING.to_owned(), scope));
    }),
    ("the name of the resource", |it, _| {
        it.application(|api| api.identifier_uris.retain(|uri| uri.starts_with("api://")));
    }),
    ("the scope", |it, _| {
        it.application(|api| api.api.oauth2_permission_scopes[0].is_enabled = false);
    }),
    ("the preauthorization", |it, _| {
        it.application(|api| api.api.pre_authorized_applications.clear());
    }),
    ("the places in the lists", |it, _| {
        for list in [POLICY, CHECKS] {
            it.set(list, json!([it.client_id()]));
        }
    }),
];

#[tokio::test]
async fn what_a_client_meets_is_predicted() {
    let set_up = SetUp::new().await;
    let saved = set_up.tenant.saved();
    for (client, id, addresses) in &set_up.clients {
        assert_eq!(set_up.findings(client).await, [], "{client}");
        for (at, (first, undo)) in UNDONE.into_iter().enumerate() {
            // A second one shows in which order they are looked for, which is the same for all clients.
            let more = if *client == InteractiveClient::Claude { UNDONE.len() } else { 1 };
            for (second, undo_too) in UNDONE.into_iter().skip(at).take(more) {
                set_up.tenant.restore(&saved);
                undo(&set_up.tenant, *id);
                undo_too(&set_up.tenant, *id);
                let metadata = set_up.metadata().await;
                let findings = set_up.predict(client, &metadata).await;
                let answer = set_up.answer(client, *id, addresses, &metadata).await;
                let what = format!("{client}: {first} and {second}: {findings:?}");
                assert_eq!(predicted(&findings), answer, "{what}");
            }
        }
        set_up.tenant.restore(&saved);
        let metadata = set_up.metadata().await;
        assert_eq!(set_up.answer(client, *id, addresses, &metadata).await, 0, "{client}");
    }
}

/// The client is the API's own registration.
#[tokio::test]
async fn a_client_that_is_the_app_is_refused() {
    let set_up = SetUp::new().await;
    let own = set_up.tenant.client_id();
    set_up.tenant.application(|api| {
        api.other.insert("publicClient".to_owned(), json!({ "redirectUris": [OWN_ADDRESS] }));
    });
    let client = InteractiveClient::Registered(own);
    let findings = set_up.findings(&client).await;
    assert_eq!(predicted(&findings), 90009);
    let metadata = set_up.metadata().await;
    let answer = set_up.answer(&client, own, &[OWN_ADDRESS.to_owned()], &metadata).await;
    assert_eq!(answer, 90009);
    let error = set_up.admin.clone().setup_client(&client, &[]).await.unwrap_err();
    assert!(matches!(error, AdminError::ClientIsApp), "{error}");
}

#[tokio::test]
async fn the_remedies_make_a_client_work_again() {
    let set_up = SetUp::new().await;
    let saved = set_up.tenant.saved();
    // The clients that are registered by their names are alike.
    let of_each_kind = set_up.clients.iter().filter(|(client, ..)| {
        !matches!(client, InteractiveClient::ChatGpt | InteractiveClient::CopilotStudio)
    });
    for (client, id, _) in of_each_kind {
        let again = set_up.admin.clone().setup_client(client, &given(client)).await.unwrap();
        assert_eq!((again.steps.len(), again.client_id), (0, Some(*id)), "{client}");
        for (what, undo) in UNDONE {
            undo(&set_up.tenant, *id);
            for finding in set_up.findings(client).await {
                match finding.remedy {
                    Remedy::Setup { client_id } => {
                        let admin = set_up.admin.clone();
                        let admin =
                            client_id.into_iter().fold(admin, entra_admin::Admin::with_client_id);
                        admin.setup(&crate::tenant::set_up()).await.unwrap();
                    }
                    Remedy::SetUpClient(client)
                        if client.known_client_id() != Some(INTERACTIVE) =>
                    {
                        let admin = set_up.admin.clone();
                        admin.setup_client(&client, &given(&client)).await.unwrap();
                    }
                    _ => {}
                }
            }
            let left: Vec<_> = set_up.findings(client).await;
            let is_by_hand = |it: &Finding| {
                matches!(it.remedy, Remedy::NameResource(_))
                    || client.known_client_id() == Some(INTERACTIVE)
            };
            // Others put the wrong scope into the metadata, and it stands before ours.
            let is_foreign = what == "the scope in the metadata";
            assert!(is_foreign || left.iter().all(is_by_hand), "{client}, {what}: {left:?}");
            set_up.tenant.restore(&saved);
        }
    }
}

#[tokio::test]
async fn a_registration_of_the_clients_name_is_not_taken() {
    let tenant = Tenant::start().await;
    tenant.admin().setup(&set_up()).await.unwrap();
    let name = format!("{}: Claude", crate::tenant::NAME);
    let theirs = Uuid::new_v4();
    tenant.directory(|directory| {
        directory.applications.push(easyauth_emulator::Application {
            id: Uuid::new_v4(),
            app_id: theirs,
            display_name: name.clone(),
            owners: vec![easyauth_emulator::sample::USER],
            ..easyauth_emulator::Application::default()
        });
    });
    let before = tenant.everything();
    let error = tenant.admin().setup_client(&InteractiveClient::Claude, &[]).await.unwrap_err();
    assert!(matches!(&error, AdminError::NotAdopted { .. }), "{error}");
    assert_eq!(tenant.everything(), before);
    let admin = tenant.admin().adopting(true);
    let done = admin.setup_client(&InteractiveClient::Claude, &[]).await.unwrap();
    assert_eq!(done.client_id, Some(theirs));
}

#[tokio::test]
async fn a_dry_run_tells_the_steps_and_takes_none() {
    let tenant = Tenant::start().await;
    tenant.admin().setup(&set_up()).await.unwrap();
    for client in InteractiveClient::NAMED {
        let before = tenant.everything();
        let admin = tenant.admin().dry_run(true);
        let planned = admin.setup_client(&client, &[]).await.unwrap().steps.len();
        assert_eq!(tenant.everything(), before, "{client}");
        let taken = tenant.admin().setup_client(&client, &[]).await.unwrap().steps.len();
        assert_eq!(planned, taken, "{client}");
    }
}
