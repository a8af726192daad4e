//! Issuers of other clouds: China's of version 1.0 tokens, and External ID's, whose host is not the authority's.

use axum::{Json, Router, http::Uri};
use easyauth_emulator::{Cloud, sample};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    attack::{self, bearer},
    forge::Forge,
    protected_server::{Deployment, ProtectedServer},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_1_tokens_are_of_the_issuer_that_is_set() {
    let issuer = |host: &str| format!("https://{host}/{}/", sample::TENANT_ID);
    let china = issuer("sts.chinacloudapi.cn");
    let protected =
        ProtectedServer::with(Deployment::Entra, |server| server.env("ENTRA_V1_ISSUER", &china))
            .await;
    for (host, status) in [("sts.chinacloudapi.cn", 200), ("sts.windows.net", 401)] {
        let token = Forge::agent(protected.cloud()).claim("iss", json!(issuer(host))).sign();
        let answer = attack::write(&protected, &bearer(token), host).await.unwrap();
        assert_eq!(answer.status(), status, "{host}");
    }
}

/// An authority in front of the emulated issuer that names another issuer; its origin.
async fn authority(cloud: &Cloud, issuer: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (behind, issuer, own) = (cloud.origin().to_owned(), issuer.to_owned(), origin.clone());
    let app = Router::new().fallback(move |uri: Uri| {
        let (behind, issuer, own) = (behind.clone(), issuer.clone(), own.clone());
        async move {
            let answer = reqwest::get(format!("{behind}{}", uri.path())).await.unwrap();
            let mut document: Value = answer.json().await.unwrap();
            if let Some(keys) = document["jwks_uri"].as_str() {
                document["jwks_uri"] = json!(keys.replace(&behind, &own));
                document["issuer"] = json!(issuer);
            }
            Json(document)
        }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    origin
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_told_of_the_issuer_and_not_of_the_authority() {
    let tenant = sample::TENANT_ID;
    let issuer = format!("https://{tenant}.ciamlogin.com/{tenant}/v2.0");
    let emulated = ProtectedServer::start(Deployment::Entra).await;
    let origin = authority(emulated.cloud(), &issuer).await;
    let protected =
        ProtectedServer::with(Deployment::Entra, |server| server.env("ENTRA_AUTHORITY", &origin))
            .await;
    for path in ["", "/mcp", "/mcp/mcp"] {
        let url = protected.url(&format!("/.well-known/oauth-protected-resource{path}"));
        let metadata: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        assert_eq!(metadata["authorization_servers"], json!([issuer]), "{path}");
    }
    let of_authority = format!("{origin}/{tenant}/v2.0");
    for (iss, status) in [(&issuer, 200), (&of_authority, 401)] {
        let token = Forge::agent(emulated.cloud())
            .claim("iss", json!(iss))
            .claim("ver", json!("2.0"))
            .claim("azp", json!(sample::AGENT))
            .sign();
        let answer = attack::write(&protected, &bearer(token), "external").await.unwrap();
        assert_eq!(answer.status(), status, "{iss}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_issuer_is_away_metadata_is_503() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let protected =
        ProtectedServer::with(Deployment::Entra, |server| server.env("ENTRA_AUTHORITY", away))
            .await;
    let url = protected.url("/.well-known/oauth-protected-resource/mcp");
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
}
