//! Every way to a token.

use std::os::unix::fs::PermissionsExt as _;

use easyauth_emulator::{FederatedCredential, Options, sample};
use restaurant_tests::{app_service::AppService, tls_proxy::TlsProxy};
use tokio::{net::TcpListener, process::Command};

use super::{against, report, run, stderr, token_file, verdict, write};

async fn app() -> AppService {
    AppService::on_sqlite(Options::default()).await.unwrap()
}

/// The command gets a token, and one for another audience, and both are judged.
async fn gets_tokens(command: Command) {
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = report(&output);
    assert_eq!((verdict(&report, "B5"), verdict(&report, "B6")), ("passed", "passed"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_managed_identity_is_found_by_its_endpoint() {
    let app = app().await;
    let mut command = against(app.origin(), &["--case", "B5,B6"]);
    command.env("IDENTITY_ENDPOINT", app.cloud().identity_endpoint());
    command.env("IDENTITY_HEADER", app.cloud().identity_header());
    gets_tokens(command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_is_used_for_whichever_case_it_is_good() {
    let app = app().await;
    for id in ["B5", "B6", "B4"] {
        let mut command = against(app.origin(), &["--case", id]);
        command.env("IDENTITY_ENDPOINT", app.cloud().identity_endpoint());
        command.env("IDENTITY_HEADER", app.cloud().identity_header());
        let output = run(command).await;
        assert_eq!(output.status.code(), Some(0), "{id}: {}", stderr(&output));
    }
}

/// An identity endpoint that never answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_never_comes_is_not_waited_for() {
    let app = app().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut command = against(app.origin(), &["--case", "B6", "--timeout", "0.5"]);
    command.env("IDENTITY_ENDPOINT", format!("http://{}/", silent.local_addr().unwrap()));
    command.env("IDENTITY_HEADER", "x");
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(report(&output).to_string().contains("in time"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_azure_cli_is_asked_where_it_is_installed() {
    let app = app().await;
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = token_file(app.cloud(), &folder);
    let other = app.cloud().app_claims(sample::AGENT, sample::OTHER_API).unwrap();
    let other = app.cloud().sign(&app.cloud().token_header(), &other);
    let other = write(folder.path(), "other", &other);
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *management*) file={other} ;; *{}*) file={file} ;; *) exit 1 ;; esac\n\
         printf '{{\"accessToken\":\"%s\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}}' \"$(cat $file)\"\n",
        sample::API
    );
    let az = write(folder.path(), "az", &script);
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = against(app.origin(), &["--case", "B5,B6"]);
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    gets_tokens_of(&mut command, &path).await;
}

async fn gets_tokens_of(command: &mut Command, path: &str) {
    command.env("PATH", path);
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_secret_comes_from_the_environment_or_a_file() {
    let app = app().await;
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsProxy::start(app.cloud().origin(), folder.path()).await.unwrap();
    let agent = sample::AGENT.to_string();
    let args = ["--case", "B5,B6", "--authority", tls.origin(), "--agent-id", &agent];
    let with_authority = |args: &[&str]| {
        let mut command = against(app.origin(), args);
        command.env("SSL_CERT_FILE", tls.authority());
        command
    };
    let mut by_environment = with_authority(&args);
    by_environment.env("AZURE_CLIENT_SECRET", sample::AGENT_SECRET);
    gets_tokens(by_environment).await;
    let file = write(folder.path(), "secret", &format!("{}\n", sample::AGENT_SECRET));
    gets_tokens(with_authority(&[&args[..], &["--client-secret-file", &file]].concat())).await;

    let wrong = write(folder.path(), "wrong", "a-wrong-secret");
    let output =
        run(with_authority(&[&args[..], &["--client-secret-file", &wrong]].concat())).await;
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let report = report(&output).to_string();
    assert!(report.contains("AADSTS7000215") && report.contains("secret is wrong"), "{report}");
    assert!(!report.contains("a-wrong-secret") && !stderr(&output).contains("a-wrong-secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_issuers_token_is_exchanged() {
    let app = app().await;
    let cloud = app.cloud();
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsProxy::start(cloud.origin(), folder.path()).await.unwrap();
    let exchange = "api://AzureADTokenExchange";
    {
        let mut directory = cloud.directory();
        let agent =
            directory.applications.iter_mut().find(|it| it.app_id == sample::AGENT).unwrap();
        agent.federated_credentials = vec![FederatedCredential {
            name: "pipeline".to_owned(),
            issuer: cloud.v2_issuer(),
            subject: sample::object_id(sample::MANAGED_IDENTITY).to_string(),
            audiences: vec![exchange.to_owned()],
            ..FederatedCredential::default()
        }];
    }
    let endpoint =
        format!("{}?resource={exchange}&api-version=2019-08-01", cloud.identity_endpoint());
    let assertion = reqwest::Client::new().get(endpoint);
    let assertion = assertion.header("X-IDENTITY-HEADER", cloud.identity_header()).send().await;
    let assertion: serde_json::Value = assertion.unwrap().json().await.unwrap();
    let file = write(folder.path(), "assertion", assertion["access_token"].as_str().unwrap());
    let agent = sample::AGENT.to_string();
    let args = ["--case", "B5,B6", "--authority", tls.origin(), "--agent-id", &agent];
    let mut command = against(app.origin(), &args);
    command.args(["--federated-token-file", &file]).env("SSL_CERT_FILE", tls.authority());
    gets_tokens(command).await;
}

/// The paths that must arrive as they are written go over a connection of their own, with the same trust.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_spellings_of_a_path_are_sent_over_tls() {
    let app = app().await;
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsProxy::start(app.origin(), folder.path()).await.unwrap();
    let mut command = against(tls.origin(), &["--case", "D22"]);
    command.env("SSL_CERT_FILE", tls.authority());
    let output = run(command).await;
    let report = report(&output);
    assert_eq!(verdict(&report, "D22"), "passed", "{report}");
    assert!(report.to_string().contains("POST /x/../mcp/mcp"), "{report}");
}
