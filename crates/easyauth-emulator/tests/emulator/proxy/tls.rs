//! TLS, public origins, and listeners that other machines reach.

use easyauth_emulator::{Directory, Emulator, Gateway, Options, Tls, sample};
use reqwest::{Certificate, Client, Response, redirect::Policy};
use serde_json::Value;
use tokio::net::TcpListener;

use super::app::before;

/// Where no app listens.
const NOWHERE: &str = "http://127.0.0.1:0";

fn client(tls: &Tls) -> Client {
    let authority = Certificate::from_pem(tls.authority().as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([authority]);
    client.redirect(Policy::none()).build().unwrap()
}

async fn json(response: Response) -> Value {
    response.json().await.unwrap()
}

/// Every text in a document that is an address.
fn addresses(document: &Value) -> Vec<&str> {
    match document {
        Value::String(text) if text.contains("://") => vec![text],
        Value::Array(items) => items.iter().flat_map(addresses).collect(),
        Value::Object(members) => members.values().flat_map(addresses).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_person_signs_in_over_tls() {
    let tls = Tls::generate(&[]).unwrap();
    let mut options = Options::default();
    options.listener.tls = Some(tls.clone());
    let (_emulator, gateway) = before(NOWHERE, options).await;
    assert!(gateway.origin().starts_with("https://127.0.0.1:"));
    let client = client(&tls);
    let hint = sample::USER_NAME;
    let mut address = format!("{}/.auth/login/aad?login_hint={hint}", gateway.origin());
    let mut cookie = String::new();
    for _ in 0..3 {
        let response = client.get(&address).send().await.unwrap();
        assert_eq!(response.status(), 303, "{address}");
        response.headers()["location"].to_str().unwrap().clone_into(&mut address);
        let set = response.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap());
        set.unwrap_or_default().clone_into(&mut cookie);
    }
    assert!(cookie.contains("; Secure; "), "{cookie}");
    let me = client.get(format!("{}/.auth/me", gateway.origin())).header("cookie", &cookie);
    assert_eq!(json(me.send().await.unwrap()).await[0]["user_id"], sample::USER_NAME);

    let stranger = Client::builder().tls_certs_only([]).build().unwrap();
    assert!(stranger.get(gateway.origin()).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn every_address_has_the_public_origin() {
    let (cloud_origin, app_origin) = ("https://cloud.test:4281", "http://app.test");
    let mut options = Options::default();
    options.listener.cloud_origin = Some(format!("{cloud_origin}/"));
    options.listener.app_origin = Some(format!("{app_origin}:80"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at_cloud = format!("http://{}", listener.local_addr().unwrap());
    let emulator = Emulator::serve(listener, Directory::sample(), options).unwrap();
    let cloud = emulator.cloud().clone();
    cloud.sites().push(sample::site("reviews", sample::AUTH_SETTINGS).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at_app = format!("http://{}", listener.local_addr().unwrap());
    let gateway = Gateway::serve(listener, cloud.clone(), "reviews", NOWHERE).unwrap();
    assert_eq!((cloud.origin(), gateway.origin()), (cloud_origin, app_origin));

    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let get = async |url: String, host: &str| {
        let response = client.get(&url).header("host", host).send().await.unwrap();
        assert_ne!(response.status(), 421, "{url}");
        response
    };
    let tenant = sample::TENANT_ID;
    for path in ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"] {
        let document = json(get(format!("{at_cloud}/{tenant}/{path}"), "cloud.test").await).await;
        let addresses = addresses(&document);
        assert!(!addresses.is_empty(), "{document}");
        assert!(addresses.iter().all(|it| it.starts_with(cloud_origin)), "{document}");
    }
    let metadata = "/.well-known/oauth-protected-resource/mcp";
    let document = json(get(format!("{at_app}{metadata}"), "app.test").await).await;
    assert_eq!(document["resource"], format!("{app_origin}/mcp"));
    assert_eq!(document["authorization_servers"][0], cloud.v2_issuer());
    let refused = get(format!("{at_app}/mcp"), "app.test").await;
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains(&format!("resource_metadata=\"{app_origin}{metadata}\"")));
    assert!(challenge.contains(&format!("authorization_uri=\"{cloud_origin}/")), "{challenge}");
    let login = get(format!("{at_app}/.auth/login/aad"), "app.test").await;
    let location = login.headers()["location"].to_str().unwrap();
    assert!(location.starts_with(&format!("{cloud_origin}/")), "{location}");
    assert!(location.contains("redirect_uri=http%3A%2F%2Fapp%2Etest%2F%2Eauth"), "{location}");
}

#[tokio::test]
async fn an_origin_has_no_path_and_a_listener_on_every_address_needs_one() {
    let start = async |address: &str, allows: bool, origin: Option<&str>| {
        let mut options = Options::default();
        options.listener.allows_other_machines = allows;
        options.listener.cloud_origin = origin.map(str::to_owned);
        let listener = TcpListener::bind(address).await.unwrap();
        Emulator::serve(listener, Directory::sample(), options).map(|_| ())
    };
    for origin in ["cloud.test", "ftp://cloud.test", "http://a@b.test", "http://a.test/b", "x"] {
        assert!(start("127.0.0.1:0", false, Some(origin)).await.is_err(), "{origin}");
    }
    let origin = Some("http://cloud.test:4281");
    start("0.0.0.0:0", false, origin).await.unwrap_err();
    start("0.0.0.0:0", true, None).await.unwrap_err();
    start("0.0.0.0:0", true, origin).await.unwrap();
}

#[test]
fn certificates_are_kept_for_the_same_names_and_their_key_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("a/b");
    let authority = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let authority = Tls::in_folder(&folder, &names).unwrap().authority().to_owned();
        assert_eq!(std::fs::read_to_string(folder.join("ca.pem")).unwrap(), authority);
        authority
    };
    let first = authority(&[]);
    assert_eq!(authority(&["LOCALHOST"]), first);
    assert_ne!(authority(&["app.test"]), first);
    #[cfg(unix)]
    for (file, mode) in [("", 0o700), ("server.json", 0o600)] {
        use std::os::unix::fs::PermissionsExt as _;
        let found = std::fs::metadata(folder.join(file)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{file}");
    }
    assert!(Tls::generate(&["ä".to_owned()]).is_err());
}
