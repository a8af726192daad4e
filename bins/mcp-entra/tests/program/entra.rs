//! `mcp-entra`'s commands of administration as their users start them, against the emulated Graph and Resource Manager.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{path::Path, time::Duration};

use easyauth_emulator::{Application, Options, sample};
use restaurant_tests::{app_service::AppService, mcp, tls_proxy::TlsProxy};
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};
use uuid::{Uuid, uuid};

const GRAPH: Uuid = uuid!("00000003-0000-0000-c000-000000000000");
const RESOURCE_MANAGER: Uuid = uuid!("797f4846-ba00-4fd7-ba43-dac1f8f63013");

/// How long the app may take to restart.
const RESTART: Duration = Duration::from_secs(60);

/// The sample's app, and an operator's tokens.
struct Operator {
    app: AppService,
    folder: TempDir,
}

impl Operator {
    async fn new() -> Self {
        Self::of(AppService::on_sqlite(Options::default()).await.unwrap())
    }

    fn of(app: AppService) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, api) in [("graph", GRAPH), ("arm", RESOURCE_MANAGER)] {
            let claims = app.cloud().app_claims(sample::OPERATOR, api).unwrap();
            let token = app.cloud().sign(&app.cloud().token_header(), &claims);
            std::fs::write(folder.path().join(name), token).unwrap();
        }
        Self { app, folder }
    }

    fn file(&self, name: &str) -> String {
        Path::new(self.folder.path()).join(name).to_str().unwrap().to_owned()
    }

    /// Puts a text that is no id into both lists of clients, as others may.
    fn write_into_the_lists(&self, text: &str) {
        let name = self.app.site().name;
        let mut sites = self.app.cloud().sites();
        let site = sites.iter_mut().find(|site| site.name == name).unwrap();
        let validation =
            &mut site.auth_settings["identityProviders"]["azureActiveDirectory"]["validation"];
        for (part, list) in [
            ("defaultAuthorizationPolicy", "allowedApplications"),
            ("jwtClaimChecks", "allowedClientApplications"),
        ] {
            validation[part][list].as_array_mut().unwrap().push(text.into());
        }
    }

    /// What the command says, and its exit code.
    async fn run(&self, args: &[&str]) -> (i32, String) {
        let mut command = self.command(args);
        command.args(["--graph-token-file", &self.file("graph")]);
        command.args(["--arm-token-file", &self.file("arm")]);
        ended(command).await
    }

    /// The command, which has no token yet.
    fn command(&self, args: &[&str]) -> Command {
        let cloud = self.app.cloud();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-entra"));
        command
            .args(args)
            .args([
                "--tenant",
                &sample::TENANT_ID.to_string(),
                "--resource-id",
                &self.app.site().id,
            ])
            .args(["--graph", cloud.origin(), "--resource-manager", cloud.origin()]);
        for name in ["ID", "SECRET"] {
            command.env_remove(format!("AZURE_CLIENT_{name}"));
        }
        command.env_remove("AZURE_FEDERATED_TOKEN_FILE").env_remove("AZURE_AUTHORITY_HOST");
        command
    }

    /// What an identity's call is answered, once the app is there: it restarts when its settings change.
    async fn call(&self, client: Uuid) -> u16 {
        let answered = async {
            loop {
                match self.call_once(client).await {
                    502 | 503 => tokio::task::yield_now().await,
                    status => return status,
                }
            }
        };
        timeout(RESTART, answered).await.expect("the app comes back")
    }

    async fn call_once(&self, client: Uuid) -> u16 {
        let cloud = self.app.cloud();
        let claims = cloud.app_claims(client, sample::API).unwrap();
        let token = cloud.sign(&cloud.token_header(), &claims);
        let list = mcp::request("tools/list", &serde_json::json!({}));
        let url = format!("{}/mcp", self.app.origin());
        let request = mcp::post(&reqwest::Client::new(), url, &list).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_is_let_in_listed_diagnosed_and_shut_out() {
    let operator = Operator::new().await;
    let agent = sample::UNLISTED.to_string();
    assert_eq!(operator.call(sample::UNLISTED).await, 403);
    operator.write_into_the_lists("$(reboot)");
    let before = operator.app.auth_settings();
    let (code, said) = operator.run(&["preauthorize", &agent, "--dry-run"]).await;
    assert_eq!((code, operator.app.auth_settings()), (0, before.clone()), "{said}");
    assert!(said.contains("PUT ") && said.contains("authsettingsV2"), "{said}");
    let (code, said) = operator.run(&["doctor", &agent]).await;
    assert_eq!(code, 1, "{said}");
    let mend = format!("cargo xtask entra preauthorize {}", sample::object_id(sample::UNLISTED));
    assert!(said.contains(&mend) || said.contains(&agent), "{said}");
    let app = format!("--tenant {} --resource-id {}", sample::TENANT_ID, operator.app.site().id);
    assert!(said.trim_end().ends_with(&app), "{said}");

    let (code, said) = operator.run(&["preauthorize", &agent]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("let in: ") && said.contains("Agent that is not listed"), "{said}");
    let azd = said.lines().last().unwrap().split('"').nth(1).unwrap();
    let listed: Vec<_> = azd.split(',').collect();
    assert!(listed.contains(&&*agent), "{said}");
    assert!(!listed.contains(&&*sample::API.to_string()), "{said}");
    // The line is for pasting into a shell.
    assert!(!azd.contains("reboot"), "{said}");
    assert_eq!(operator.call(sample::UNLISTED).await, 200);
    let (code, said) = operator.run(&["preauthorize", &agent]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("nothing was to be done"), "{said}");
    let (code, said) = operator.run(&["list"]).await;
    assert_eq!(code, 0, "{said}");
    let line = said.lines().find(|line| line.contains("not listed")).unwrap();
    assert!(line.ends_with(": may call"), "{line}");
    let line = said.lines().find(|line| line.contains("without the role")).unwrap();
    assert!(line.contains("lacks"), "{line}");

    let (code, said) = operator.run(&["preauthorize", "--remove", &agent]).await;
    assert_eq!(code, 0, "{said}");
    assert!(!said.lines().last().unwrap().contains(&agent), "{said}");
    assert_eq!(operator.call(sample::UNLISTED).await, 403);
    assert_eq!(operator.app.auth_settings(), before);
}

async fn ended(mut command: Command) -> (i32, String) {
    let output = command.output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_of_the_environment_may_ask() {
    let operator = Operator::new().await;
    let tls = TlsProxy::start(operator.app.cloud().origin(), operator.folder.path()).await.unwrap();
    let listing = |secret: &str| {
        let mut command = operator.command(&["list"]);
        command.env("SSL_CERT_FILE", tls.authority()).env("AZURE_AUTHORITY_HOST", tls.origin());
        command.env("AZURE_CLIENT_SECRET", secret);
        command
    };
    let mut known = listing(sample::OPERATOR_SECRET);
    known.env("AZURE_CLIENT_ID", sample::OPERATOR.to_string());
    let (code, said) = ended(known).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("may call"), "{said}");

    // A secret in a file is in no list of processes, and not in the environment.
    let file = operator.file("secret");
    std::fs::write(&file, format!("{}\n", sample::OPERATOR_SECRET)).unwrap();
    let mut by_file = listing("");
    by_file.env("AZURE_CLIENT_ID", sample::OPERATOR.to_string());
    by_file.args(["--client-secret-file", &file]);
    let (code, said) = ended(by_file).await;
    assert_eq!(code, 0, "{said}");

    let (code, said) = ended(listing(sample::OPERATOR_SECRET)).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("AZURE_CLIENT_ID is missing"), "{said}");
    let mut wrong = listing("a-wrong-secret");
    wrong.env("AZURE_CLIENT_ID", sample::OPERATOR.to_string());
    let (code, said) = ended(wrong).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("AADSTS7000215") && !said.contains("a-wrong-secret"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_named() {
    let operator = Operator::new().await;
    let unknown = "99999999-0000-4000-8000-000000000000";
    let (code, said) = operator.run(&["preauthorize", unknown]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(unknown), "{said}");
    let (code, said) = operator.run(&["setup"]).await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--identity"), "{said}");
    let token = std::fs::read_to_string(operator.file("arm")).unwrap();
    std::fs::write(operator.file("arm"), "no token").unwrap();
    let (code, said) = operator.run(&["list"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(!said.contains(&token) && said.contains("token"), "{said}");
}

/// Any member of the tenant may register an application of the name that `setup` uses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_of_the_same_name_is_not_taken() {
    let operator = Operator::of(AppService::unconfigured(Options::default()).await.unwrap());
    let mut theirs = Application {
        id: Uuid::new_v4(),
        app_id: Uuid::new_v4(),
        display_name: "Restaurant reviews".to_owned(),
        owners: vec![sample::USER],
        ..Application::default()
    };
    theirs.other.insert("signInAudience".to_owned(), "AzureADMultipleOrgs".into());
    let client_id = theirs.app_id.to_string();
    operator.app.cloud().directory().applications.push(theirs);
    let before = operator.app.auth_settings();
    let identity = sample::object_id(sample::MANAGED_IDENTITY).to_string();
    let set_up = ["setup", "--identity", &identity];
    let (code, said) = operator.run(&set_up).await;
    assert_eq!((code, operator.app.auth_settings()), (1, before), "{said}");
    for part in [&*client_id, "Ada Sample", "AzureADMultipleOrgs", "--adopt"] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let (code, said) = operator.run(&[&set_up[..], &["--client-id", &client_id]].concat()).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("look at this: ") && said.contains("Ada Sample"), "{said}");
    let (code, said) = operator.run(&["doctor"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("az ad app update") && said.contains(&client_id), "{said}");
    {
        let mut directory = operator.app.cloud().directory();
        let mut all = directory.applications.iter_mut();
        let it = all.find(|it| it.app_id.to_string() == client_id).unwrap();
        it.other.insert("signInAudience".to_owned(), "AzureADMyOrg".into());
    }
    let owner = sample::USER.to_string();
    let (code, said) = operator.run(&["doctor"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&format!("--owner {owner}")), "{said}");
    let (code, said) = operator.run(&["doctor", "--owner", &owner]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("nothing is wrong"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cloud_is_named_as_azure_names_it() {
    let operator = Operator::new().await;
    let (code, said) = operator.run(&["list", "--cloud", "AzureMoonCloud"]).await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("AzureChinaCloud"), "{said}");
    // The issuer that is deployed is the public cloud's.
    let (code, said) = operator.run(&["doctor", "--cloud", "AzureUSGovernment"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("openIdIssuer"), "{said}");
    assert!(said.contains(" --cloud AzureUSGovernment"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_explained_and_its_remedy_mends_it() {
    let operator = Operator::new().await;
    let cloud = operator.app.cloud();
    let token = |client: Uuid| {
        let claims = cloud.app_claims(client, sample::API).unwrap();
        cloud.sign(&cloud.token_header(), &claims)
    };
    let file = operator.file("token");
    let why = async |token: &str| {
        std::fs::write(&file, token).unwrap();
        operator.run(&["why", "--token-file", &file, "--authority", cloud.origin()]).await
    };
    let (code, said) = why(&token(sample::AGENT)).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.trim_end().ends_with("the app serves this caller"), "{said}");

    let unlisted = token(sample::UNLISTED);
    let (code, said) = why(&unlisted).await;
    assert_eq!((code, operator.call(sample::UNLISTED).await), (1, 403), "{said}");
    let mend = format!("cargo xtask entra preauthorize {}", sample::object_id(sample::UNLISTED));
    assert!(said.contains("because of: allowedApplications") && said.contains(&mend), "{said}");
    assert!(!said.contains(&unlisted[..40]), "{said}");
    let (code, said) = why(&format!("{unlisted}x")).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("because of: signature"), "{said}");
    assert!(said.contains(&format!("--scope api://{}/.default", sample::API)), "{said}");

    let (code, said) = operator.run(&["preauthorize", &sample::UNLISTED.to_string()]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = why(&token(sample::UNLISTED)).await;
    assert_eq!((code, operator.call(sample::UNLISTED).await), (0, 200), "{said}");

    // From standard input.
    let mut piped = operator.command(&["why", "--token-file", "-"]);
    piped.args(["--authority", cloud.origin()]);
    piped.args(["--graph-token-file", &operator.file("graph")]);
    piped.args(["--arm-token-file", &operator.file("arm")]);
    piped.stdin(std::fs::File::open(&file).unwrap());
    let (code, said) = ended(piped).await;
    assert_eq!(code, 0, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_for_people_is_set_up_and_its_sign_in_predicted() {
    let operator = Operator::new().await;
    let doctor = ["doctor", "--client", "claude", "--url", operator.app.origin()];
    let (code, said) = operator.run(&doctor).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("claude gets AADSTS700016"), "{said}");
    assert!(said.contains("cargo xtask entra setup --client claude --tenant"), "{said}");
    let (code, said) = operator.run(&["setup", "--client", "claude"]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("client id of claude: "), "{said}");
    // What is left depends on the tenant, and wants a domain of one's own.
    let (code, said) = operator.run(&doctor).await;
    assert_eq!(code, 1, "{said}");
    assert_eq!(said.matches("AADSTS").count(), 1, "{said}");
    assert!(said.contains("claude may get AADSTS9010010"), "{said}");
    let (code, said) = operator.run(&["setup", "--client", "copilot-studio"]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("az ad app credential reset"), "{said}");
    let (code, said) = operator.run(&["setup", "--client", "gemini"]).await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("copilot-studio"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_deployment_does_is_recorded() {
    let operator = Operator::new().await;
    let cloud = operator.app.cloud();
    let claims = cloud.app_claims(sample::FOUNDRY_AGENT, sample::API).unwrap();
    let token = cloud.sign(&cloud.token_header(), &claims);
    let (tokens, output) = (operator.file("token"), operator.file("recorded.toml"));
    std::fs::write(&tokens, &token).unwrap();
    let record = async |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-entra"));
        command.args(["record", operator.app.origin(), "--output", &output]).args(args);
        ended(command).await
    };
    let (code, said) = record(&["--token-file", &tokens]).await;
    assert_eq!(code, 0, "{said}");
    for line in [
        "anonymous_status: 401",
        "forged_status: 401",
        "challenge_names_metadata: true",
        "metadata_status: 200",
        "takes_v1_issuer: true",
        "takes_agent_identities: true",
        "agent_ids_are_equal: false",
    ] {
        assert!(said.lines().any(|it| it == line), "{line}: {said}");
    }
    // What is not asked again stays.
    let (code, said) = record(&[]).await;
    assert_eq!(code, 0, "{said}");
    let written = std::fs::read_to_string(&output).unwrap();
    let recorded = easyauth_emulator::Recorded::from_toml(&written).unwrap();
    assert_eq!(recorded.answers["takes_agent_identities"].answer, true);
    assert_eq!(recorded.answers["forged_status"].date.len(), "2026-11-29".len());
    assert!(!written.contains(&token[..40]), "{written}");
    std::fs::write(&output, "url = 7").unwrap();
    let (code, said) = record(&[]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("--output"), "{said}");
}
