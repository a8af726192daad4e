//! Ctrl-C while authentication is off.

use std::process::Stdio;

use easyauth_emulator::{Options, sample};
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{Fault, FaultProxy},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};
use uuid::uuid;

use super::{against, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_in_the_middle_of_group_a_leaves_authentication_on() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let before = (app.auth_settings(), app.site().app_settings);
    // A5 never ends, so that the run is in the middle of the group for as long as it takes.
    let fault = Fault::ToolHangs("list_restaurants_mcp");
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cloud = app.cloud();
    let management = uuid!("797f4846-ba00-4fd7-ba43-dac1f8f63013");
    let claims = cloud.app_claims(sample::OPERATOR, management).unwrap();
    let operator = write(folder.path(), "operator", &cloud.sign(&cloud.token_header(), &claims));
    let id = app.site().id;
    let mut command = against(proxy.origin(), &["--group", "A", "--timeout", "600"]);
    command.args(["--allow-disabling-auth", "--resource-id", &id, "--confirm", "reviews"]);
    command.args(["--resource-manager", cloud.origin(), "--arm-token-file", &operator]);
    command.arg("--settings-folder").arg(folder.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("A4 ") {
            break;
        }
    }
    assert_ne!(app.auth_settings(), before.0, "authentication is not off");
    assert_eq!(reqwest::get(app.origin()).await.unwrap().status(), 200);
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    // What it says must be read, or it cannot end.
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        said.push_str(&line);
        said.push('\n');
    }
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert_eq!((app.auth_settings(), app.site().app_settings), before);
    assert_eq!(reqwest::get(app.origin()).await.unwrap().status(), 401);
}
