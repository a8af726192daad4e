//! The guide's own commands, run in its order against an emulated Azure: by hand, and by command.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod page;

use std::{
    collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Stdio,
};

use auth_probe::Case;
use easyauth_emulator::{Options, Tls, sample};
use restaurant_tests::{
    app_service::AppService,
    azure_cli::{AzureCli, AzureCliServer},
    mcp, workspace,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use uuid::Uuid;

use self::page::{Block, Guide};

/// A reader, who has an app on which nothing is set up, and the programs that the guide asks for: the real Azure CLI among
/// them.
struct Reader {
    app: AppService,
    desk: TempDir,
    tls: Tls,
    az: AzureCli,
    _server: AzureCliServer,
}

impl Reader {
    async fn new() -> Self {
        let tls = Tls::generate(&[]).unwrap();
        let mut options = Options::default();
        options.listener.tls = Some(tls.clone());
        let app = AppService::unconfigured(options).await.unwrap();
        let desk = tempfile::tempdir().unwrap();
        let authority = desk.path().join("ca.pem");
        fs::write(&authority, tls.authority()).unwrap();
        let az = AzureCli::find(app.cloud(), desk.path(), &authority).unwrap();
        let serving = (az.clone(), desk.path().to_owned());
        let serve = move || serving.0.serve(&serving.1);
        let server = tokio::task::spawn_blocking(serve).await.unwrap().unwrap();
        let mcp_entra = env!("CARGO_BIN_EXE_mcp-entra");
        let cargo = format!(
            "shift\ncase $1 in entra) shift; set -- \"$@\" --graph $EMULATOR ;; esac\n\
             exec {mcp_entra} \"$@\" --resource-manager $EMULATOR"
        );
        program(desk.path(), "cargo", &cargo);
        std::os::unix::fs::symlink(workspace::root().join("infra"), desk.path().join("infra"))
            .unwrap();
        Self { app, desk, tls, az, _server: server }
    }

    /// Types these blocks into one shell, and answers what each of them printed.
    async fn types(&self, blocks: &[&Block]) -> Vec<String> {
        const END: &str = "=== the block ends here ===";
        let text = |block: &Block| at_emulator(&block.text);
        let typed = blocks.iter().map(|block| format!("{}echo '{END}'\n", text(block)));
        let script = format!("set -euo pipefail\n{}", typed.collect::<String>());
        let path = format!("{}:{}", self.desk.path().display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(self.desk.path())
            .env("PATH", path)
            .env("APP_URL", self.app.origin())
            .env("TENANT_ID", sample::TENANT_ID.to_string())
            .env("WEB_APP_RESOURCE_ID", self.app.site().id)
            .env("IDENTITY_ID", sample::object_id(sample::MANAGED_IDENTITY).to_string())
            .env("AGENT_ID", sample::object_id(sample::FOUNDRY_AGENT).to_string())
            .env("AUTHORITY", self.app.cloud().origin())
            .env("AZURE_AUTHORITY_HOST", self.app.cloud().origin())
            .env("EMULATOR", self.app.cloud().origin())
            .env("EMULATED_GRAPH", self.app.cloud().origin().replace("127.0.0.1", "localhost"))
            .env("SSL_CERT_FILE", self.desk.path().join("ca.pem"))
            .env("CURL_CA_BUNDLE", self.desk.path().join("ca.pem"))
            .envs(self.az.environment())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let complained = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}\n{complained}");
        said.split(END).map(|part| part.trim().to_owned()).take(blocks.len()).collect()
    }

    /// Types them, and compares what they print with what the guide says.
    async fn follows(&self, blocks: &[&Block]) -> Vec<String> {
        let printed = self.types(blocks).await;
        for (block, printed) in blocks.iter().zip(&printed) {
            if let Some(pattern) = &block.prints {
                assert!(page::fits(pattern, printed), "{}\nprinted\n{printed}", block.text);
            }
        }
        printed
    }

    /// The tools that the Foundry agent lists, in its own name. What somebody else has set stands as it stood.
    async fn tools_of_the_agent(&self) -> BTreeSet<String> {
        let settings = self.app.auth_settings();
        assert_eq!(settings["login"]["preserveUrlFragmentsForLogins"], true, "{settings}");
        assert!(self.app.site().app_settings.contains_key("DATABASE_URL"));
        let registration = &settings["identityProviders"]["azureActiveDirectory"]["registration"];
        let client_id: Uuid = registration["clientId"].as_str().unwrap().parse().unwrap();
        let cloud = self.app.cloud();
        let claims = cloud.app_claims(sample::FOUNDRY_AGENT, client_id).unwrap();
        assert_eq!(claims["idtyp"], "app");
        let token = cloud.sign(&cloud.token_header(), &claims);
        let list = mcp::request("tools/list", &json!({}));
        let url = format!("{}/mcp/mcp", self.app.origin());
        let authority = reqwest::Certificate::from_pem(self.tls.authority().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
        let request = mcp::post(&client, url, &list).bearer_auth(token);
        let answer: Value = request.send().await.unwrap().json().await.unwrap_or_default();
        let tools = answer["result"]["tools"].as_array();
        let tools = tools.unwrap_or_else(|| panic!("{answer}")).iter();
        tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// The guide's addresses of Azure as those of the emulator.
fn at_emulator(text: &str) -> String {
    text.replace("https://graph.microsoft.com/v1.0", "$EMULATED_GRAPH/v1.0")
        .replace("https://management.azure.com$", "$EMULATOR$")
}

fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn the_four() -> BTreeSet<String> {
    ["create_restaurant_mcp", "create_review_mcp", "get_details_mcp", "list_restaurants_mcp"]
        .map(str::to_owned)
        .into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_hand_an_agent_is_let_in_and_our_commands_find_nothing_to_do() {
    let (guide, reader) = (Guide::read(), Reader::new().await);
    let blocks: Vec<_> = guide.blocks.iter().collect();
    let printed = reader.follows(&blocks).await;
    let by_command = blocks.iter().zip(&printed).filter(|(block, _)| block.how == "by command");
    let mut count = 0;
    for (block, printed) in by_command {
        assert!(
            printed.lines().any(|line| line == "nothing was to be done"),
            "{}\n{printed}",
            block.text
        );
        count += 1;
    }
    assert_eq!(count, 2);
    assert_eq!(reader.tools_of_the_agent().await, the_four());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_command_an_agent_is_let_in_twice_in_a_row() {
    let (guide, reader) = (Guide::read(), Reader::new().await);
    let blocks: Vec<_> = guide.blocks.iter().filter(|block| block.how != "by hand").collect();
    for _ in 0..2 {
        reader.follows(&blocks).await;
        assert_eq!(reader.tools_of_the_agent().await, the_four());
    }
}

/// Every one of the table's commands, each in its own right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_the_22_cases_has_a_command_that_judges_it() {
    let (guide, reader) = (Guide::read(), Reader::new().await);
    let groups = ["A", "B", "C"];
    let of_guide = |case: &&Case| groups.contains(&&*case.group().to_string());
    let cases: Vec<_> = Case::all().filter(of_guide).map(|case| case.id).collect();
    let rows: Vec<_> = guide.cases.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((rows.len(), rows), (22, cases));

    let is_proof = |block: &&Block| block.text.contains("--group");
    let end = guide.blocks.iter().position(|block| block.text.contains("--remove")).unwrap();
    let blocks = guide.blocks[..end].iter().filter(|block| block.how != "by hand");
    let mut blocks: Vec<_> = blocks.cloned().collect();
    // The functions are wanted, and the cases one by one in place of a whole group.
    for block in blocks.iter_mut().filter(|block| is_proof(&&**block)) {
        block.text = block
            .text
            .lines()
            .filter(|line| !line.contains("--group"))
            .fold(String::new(), |text, line| text + line + "\n");
    }
    let setting_up = blocks.len();
    blocks.extend(guide.cases.iter().map(|(_, command)| Block::plain(command)));
    let printed = reader.follows(&blocks.iter().collect::<Vec<_>>()).await;
    for ((id, _), printed) in guide.cases.iter().zip(&printed[setting_up..]) {
        let is_row = |line: &&str| line.contains(&format!("│ {id} ")) && line.contains("passed");
        assert!(printed.lines().any(|line| is_row(&line)), "{id}\n{printed}");
    }
}
