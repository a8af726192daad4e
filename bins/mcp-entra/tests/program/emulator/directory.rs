//! A tenant of one's own, from a file.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::{
    NOWHERE,
    process::{Emulator, exits},
};

const TENANT: &str = r#"
tenantId = "7e4a0000-0000-4000-8000-000000000001"

[[users]]
displayName = "Cleo"
userPrincipalName = "cleo@own.example"

[[applications]]
displayName = "Own API"
identifierUris = ["api://own"]
appRoles = [{ value = "Own.Role" }]

[[applications]]
displayName = "Robot"
secrets = ["the-robots-secret"]

[[appRoleAssignments]]
principal = "Robot"
resource = "Own API"
role = "Own.Role"

[[appRoleAssignments]]
principal = "Robot"
resource = "Microsoft Graph"
role = "Application.ReadWrite.All"

[[sites]]
name = "own"
authSettings = { platform = { enabled = true } }
"#;

#[tokio::test]
async fn changes_are_kept_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("tenant.toml", TENANT.to_owned()), ("tenant.json", toml_to_json(TENANT))]
    {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let args = ["--issuer-only", "--directory", file, "--save"];
        let args = [&args[..], &NOWHERE[..2]].concat();
        let emulator = Emulator::start(&args).await;
        let ids = names(&emulator).await;
        assert_eq!(ids.keys().collect::<Vec<_>>(), ["Own API", "Robot"]);
        let made = graph(&emulator, Some(&json!({ "displayName": "New" }))).await;
        emulator.ends().await;

        let emulator = Emulator::start(&args).await;
        let mut expected = ids;
        expected.insert("New".to_owned(), made["appId"].clone());
        assert_eq!(names(&emulator).await, expected);
        emulator.ends().await;
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_kept_is_an_error_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.toml");
    std::fs::write(&file, TENANT).unwrap();
    let args = ["--issuer-only", "--directory", file.to_str().unwrap(), "--save"];
    let emulator = Emulator::start(&[&args[..], &NOWHERE[..2]].concat()).await;
    drop(folder);
    // It serves on: a change that cannot be written is in memory.
    graph(&emulator, Some(&json!({ "displayName": "New" }))).await;
    assert!(names(&emulator).await.contains_key("New"));
    assert_eq!(emulator.ends_by("INT").await, Some(2));
}

fn toml_to_json(text: &str) -> String {
    easyauth_emulator::TenantFile::from_toml(text).unwrap().to_json()
}

/// The names of the applications, with their ids.
async fn names(emulator: &Emulator) -> serde_json::Map<String, Value> {
    let listed = graph(emulator, None).await;
    let applications = listed["value"].as_array().unwrap().iter();
    let name = |it: &Value| it["displayName"].as_str().unwrap().to_owned();
    applications.map(|it| (name(it), it["appId"].clone())).collect()
}

/// Creates an application, or lists them, as the robot.
async fn graph(emulator: &Emulator, body: Option<&Value>) -> Value {
    let (cloud, issuer) = (emulator.printed("Cloud   "), emulator.printed("Issuer  "));
    let client = Client::new();
    let request = emulator.printed("-d client_id=");
    let client_id = request.split_once(' ').unwrap().0;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", "the-robots-secret"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let address = format!("{}/oauth2/v2.0/token", issuer.trim_end_matches("/v2.0"));
    let token: Value = client.post(address).form(&form).send().await.unwrap().json().await.unwrap();
    let address = format!("{cloud}/v1.0/applications");
    let request = match body {
        Some(body) => client.post(address).json(body),
        None => client.get(address),
    };
    let answer = request.bearer_auth(token["access_token"].as_str().unwrap()).send().await.unwrap();
    assert!(matches!(answer.status(), StatusCode::OK | StatusCode::CREATED), "{answer:?}");
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_file_with_what_is_not_implemented_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.toml");
    for (old, new, word) in [
        ("tenantId", "tenant", "tenant"),
        ("displayName = \"Robot\"", "displayName = \"Robot\"\nnonsense = 1", "nonsense"),
        ("role = \"Own.Role\"", "role = \"Other.Role\"", "Other.Role"),
        ("principal = \"Robot\"", "principal = \"Ghost\"", "Ghost"),
        ("enabled = true", "enabled = 7", "platform.enabled"),
        ("[[users]]", "[[people]]", "people"),
        ("= [", "= ", "line"),
    ] {
        std::fs::write(&file, TENANT.replacen(old, new, 1)).unwrap();
        let args = ["--issuer-only", "--directory", file.to_str().unwrap()];
        let (code, error) = exits(&[&args[..], &NOWHERE[..2]].concat()).await;
        assert_eq!(code, Some(2), "{new}");
        assert!(error.contains("--directory") && error.contains(word), "{new}: {error}");
    }
}
