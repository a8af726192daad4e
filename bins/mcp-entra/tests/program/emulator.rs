//! `mcp-entra emulator` as its users start it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod app;
mod azure_cli;
mod directory;
mod libraries;
mod process;
mod rust_library;
mod tenant;

use reqwest::{Certificate, Client, StatusCode};
use serde_json::Value;

use self::process::{Emulator, exits};

const NOWHERE: [&str; 4] = ["--cloud-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"];

#[tokio::test]
async fn with_tls_the_printed_variables_make_a_client_trust_the_printed_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let tls_folder = folder.path().to_str().unwrap();
    let args = ["--upstream", "http://127.0.0.1:0", "--tls", "--tls-folder", tls_folder];
    let emulator = Emulator::start(&[&args[..], &NOWHERE].concat()).await;
    let file = emulator.printed("export SSL_CERT_FILE=");
    for variable in ["REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
        assert_eq!(emulator.printed(&format!("export {variable}=")), file);
    }
    let authority = Certificate::from_pem(&std::fs::read(file).unwrap()).unwrap();
    let client = Client::builder().tls_certs_only([authority]).build().unwrap();
    let issuer = emulator.printed("Issuer  ");
    let discovery = format!("{issuer}/.well-known/openid-configuration");
    let discovery: Value = client.get(discovery).send().await.unwrap().json().await.unwrap();
    assert_eq!(discovery["issuer"], issuer);
    let app = client.get(emulator.printed("App     ")).send().await.unwrap();
    assert_eq!(app.status(), StatusCode::UNAUTHORIZED);
    emulator.ends().await;
}

#[tokio::test]
async fn what_cannot_be_listened_on_is_an_error_that_names_the_option() {
    for (args, option) in [
        (&["--issuer-only", "--cloud-listen", "0.0.0.0:0"][..], "--cloud-listen"),
        (&["--upstream", "http://127.0.0.1:0", "--listen", "0.0.0.0:0"], "--listen"),
        (&["--upstream", "http://192.0.2.1:0"], "--upstream"),
        (&["--issuer-only", "--cloud-public-origin", "cloud.test"], "--cloud-public-origin"),
        (&["--issuer-only", "--tls", "--tls-folder", "/dev/null/x"], "--tls"),
    ] {
        let free = if args.contains(&"0.0.0.0:0") { &NOWHERE[..0] } else { &NOWHERE };
        let free = if args.contains(&"--listen") { &NOWHERE[..2] } else { free };
        let (code, error) = exits(&[args, free].concat()).await;
        assert_eq!(code, Some(2), "{args:?}: {error}");
        assert!(error.starts_with("error: ") && error.contains(option), "{args:?}: {error}");
    }
}
