//! The modes: what starts and what does not, what is open, what callers are told, and what the finer roles allow.

use easyauth_emulator::{Cloud, sample};
use reqwest::{Client, Method, Response, StatusCode};
use restaurant_tests::server::{Server, ServerBuilder};
use serde_json::{Value, json};

use super::{
    attack::{self, bearer},
    forge::Forge,
    protected_server::{Deployment, ProtectedServer},
};

const GUID: &str = "11111111-2222-3333-4444-555555555555";

/// What a server that refuses to start says, on one line.
async fn refusal(server: ServerBuilder) -> String {
    let output = server.run().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    said
}

fn entra() -> ServerBuilder {
    Server::builder()
        .env("BIND", "127.0.0.1:0")
        .env("AUTH_MODE", "entra")
        .env("ENTRA_TENANT_ID", GUID)
        .env("ENTRA_CLIENT_ID", GUID)
        .env("ENTRA_ALLOWED_CLIENTS", GUID)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mode_that_lacks_something_does_not_start() {
    let plain = || Server::builder().env("BIND", "127.0.0.1:0");
    for (name, server, says) in [
        ("easyauth", plain().env("AUTH_MODE", "easyauth"), "WEBSITE_AUTH_ENABLED"),
        (
            "off",
            plain().env("AUTH_MODE", "easyauth").env("WEBSITE_AUTH_ENABLED", "False"),
            "WEBSITE_AUTH_ENABLED",
        ),
        ("both", entra().env("AUTH_MODE", "easyauth+entra"), "WEBSITE_AUTH_ENABLED"),
        (
            "none elsewhere",
            plain()
                .env("AUTH_MODE", "none")
                .env("WEBSITE_AUTH_ENABLED", "True")
                .env("BIND", "0.0.0.0:0"),
            "ALLOW_INSECURE",
        ),
        ("no tenant", entra().env("ENTRA_TENANT_ID", ""), "ENTRA_TENANT_ID"),
        ("a name for a tenant", entra().env("ENTRA_TENANT_ID", "common"), "ENTRA_TENANT_ID"),
        ("no client", entra().env("ENTRA_CLIENT_ID", ""), "ENTRA_CLIENT_ID"),
        ("a broken client", entra().env("ENTRA_CLIENT_ID", &GUID[1..]), "ENTRA_CLIENT_ID"),
        (
            "a broken allowed client",
            entra().env("ENTRA_ALLOWED_CLIENTS", "*"),
            "ENTRA_ALLOWED_CLIENTS",
        ),
        ("plain http", entra().env("ENTRA_AUTHORITY", "http://login.example"), "ENTRA_AUTHORITY"),
        (
            "an authority with a path",
            entra().env("ENTRA_AUTHORITY", "https://login.example/tenant"),
            "ENTRA_AUTHORITY",
        ),
        ("a wrong issuer", entra().env("ENTRA_V1_ISSUER", "https://x/common/"), "ENTRA_V1_ISSUER"),
        ("a public path", entra().env("PUBLIC_URL", "https://reviews.example/mcp"), "PUBLIC_URL"),
        (
            "a public name by plain http",
            entra().env("PUBLIC_URL", "http://reviews.example"),
            "https",
        ),
        ("no public name", entra().env("BIND", "0.0.0.0:0"), "PUBLIC_URL"),
        ("a role with a space", entra().env("MCP_ROLE", "a b"), "MCP_ROLE"),
    ] {
        let said = refusal(server).await;
        assert!(said.contains(says), "{name}: {said}");
    }
    let server = Server::builder().env("BIND", "127.0.0.1:0").env("AUTH_MODE", "entra");
    let server = server.env("ENTRA_TENANT_ID", GUID).env("ENTRA_CLIENT_ID", GUID);
    assert!(refusal(server).await.contains("ENTRA_ALLOWED_CLIENTS"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_serve_refuses_config_refuses_too() {
    for (server, code) in [
        (entra(), 0),
        (entra().env("ENTRA_CLIENT_ID", ""), 2),
        (entra().env("PUBLIC_URL", "http://reviews.example"), 2),
    ] {
        let output = server.arg("config").run().await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_is_believed_where_it_says_that_it_is_there() {
    for (enabled, status, mode) in [("True", 401, "easyauth"), ("False", 200, "none")] {
        let server = Server::builder().env("WEBSITE_AUTH_ENABLED", enabled);
        let mut server = server.start().await.unwrap();
        assert_eq!(reqwest::get(server.url("/")).await.unwrap().status(), status, "{mode}");
        server.terminate().unwrap();
        server.wait().await.unwrap();
        assert!(server.stdout().contains(&format!("Auth   {mode}")), "{:?}", server.stdout());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_list_of_clients_lets_nobody_in() {
    let protected =
        ProtectedServer::with(Deployment::Entra, |server| server.env("ENTRA_ALLOWED_CLIENTS", ""))
            .await;
    let token = bearer(Forge::agent(protected.cloud()).sign());
    assert_eq!(attack::write(&protected, &token, "x").await.unwrap().status(), 401);
    protected.server.until_logged("ENTRA_ALLOWED_CLIENTS is empty").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_while_the_issuer_is_away_and_lets_nobody_in() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let protected =
        ProtectedServer::with(Deployment::Entra, |server| server.env("ENTRA_AUTHORITY", away))
            .await;
    let token = bearer(Forge::agent(protected.cloud()).sign());
    let answer = attack::write(&protected, &token, "x").await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"5".parse().unwrap())
    );
    assert!(answer.headers().get("www-authenticate").is_none());
    assert_eq!(reqwest::get(protected.url("/healthz")).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_open_and_nothing_else() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        for (method, path) in [
            (Method::GET, "/"),
            (Method::HEAD, "/"),
            (Method::OPTIONS, "/mcp"),
            (Method::GET, "/nowhere"),
            (Method::POST, "/add"),
            (Method::GET, "/favicon.ico"),
            (Method::GET, "/robots.txt"),
            (Method::GET, "/healthz/"),
            (Method::GET, "//healthz"),
            (Method::GET, "/healthz/x"),
            (Method::GET, "/healthz%2f..%2fmcp"),
            (Method::GET, "/HEALTHZ"),
            (Method::DELETE, "/mcp/mcp"),
            (Method::GET, "/.well-known/oauth-protected-resource/other"),
            (Method::GET, "/.well-known/oauth-authorization-server"),
        ] {
            if deployment != Deployment::Entra && path.contains("oauth-protected-resource") {
                continue;
            }
            let own = protected.server.url(path);
            for url in [protected.url(path), own.clone()] {
                let is_own = url == own;
                let answer = Client::new().request(method.clone(), url).send().await.unwrap();
                assert_eq!(answer.status(), 401, "{deployment:?} {method} {path}");
                assert!(answer.headers().get("allow").is_none(), "{deployment:?} {method} {path}");
                let body = answer.text().await.unwrap();
                if is_own && method != Method::HEAD {
                    let body: Value = serde_json::from_str(&body).unwrap();
                    assert_eq!(body["error"], "unauthorized", "{deployment:?} {method} {path}");
                } else {
                    assert_eq!(body, "");
                }
            }
        }
        let health = reqwest::get(protected.url("/healthz")).await.unwrap();
        assert_eq!(
            (health.status(), health.text().await.unwrap().as_str()),
            (StatusCode::OK, "ok\n")
        );
        // The front door: the same for every caller, whatever a caller claims to be.
        let welcome = Client::new().get(protected.server.url("/welcome"));
        let welcome = welcome.header("x-ms-client-principal-name", "Mallory").send().await.unwrap();
        assert_eq!(welcome.status(), StatusCode::OK, "{deployment:?}");
        let welcome = welcome.text().await.unwrap();
        assert!(welcome.contains("Connect an agent") && !welcome.contains("Mallory"), "{welcome}");
    }
}

/// The address of the metadata in a challenge.
fn metadata_address(answer: &Response) -> String {
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    let (_, rest) = challenge.split_once("resource_metadata=\"").expect(challenge);
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_told_where_to_get_a_token() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        for path in ["/mcp", "/mcp/mcp"] {
            let url = protected.url(path);
            let refused = Client::new().post(&url).send().await.unwrap();
            assert_eq!(refused.status(), 401);
            let metadata = reqwest::get(metadata_address(&refused)).await.unwrap();
            assert_eq!(metadata.headers()["content-type"], "application/json");
            let metadata: Value = metadata.json().await.unwrap();
            assert_eq!(metadata["resource"], url.as_str(), "{deployment:?}");
            let issuer = protected.cloud().v2_issuer();
            assert_eq!(metadata["authorization_servers"], json!([issuer]));
            let scope = format!("api://{}/user_impersonation", sample::API);
            assert_eq!(metadata["scopes_supported"], json!([scope]));
        }
        let root = protected.url("/.well-known/oauth-protected-resource");
        let root: Value = reqwest::get(root).await.unwrap().json().await.unwrap();
        assert_eq!(root["resource"], protected.url(""));
        // What the platform serves, the server behind it does not.
        let own = protected.server.url("/.well-known/oauth-protected-resource");
        let status = reqwest::get(own).await.unwrap().status();
        assert_eq!(status, if deployment == Deployment::Entra { 200 } else { 401 });
    }
    let open = Server::builder().start().await.unwrap();
    for path in ["", "/mcp", "/mcp/mcp"] {
        let address = open.url(&format!("/.well-known/oauth-protected-resource{path}"));
        assert_eq!(reqwest::get(address).await.unwrap().status(), 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_is_asked_nobody_is_believed() {
    let server = Server::builder().start().await.unwrap();
    let principal = json!({
        "auth_typ": "aad", "name_typ": "name", "role_typ": "roles",
        "claims": [{"typ": "oid", "val": GUID}, {"typ": "name", "val": "Mallory"}],
    });
    let principal =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, principal.to_string());
    let form = [("user_name", "X"), ("rating", "4"), ("review_text", "Good")];
    let request = Client::new().post(server.url("/review/1")).form(&form);
    let answer = request.header("X-MS-CLIENT-PRINCIPAL", principal).send().await.unwrap();
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("Good") && !page.contains("Mallory") && !page.contains("posted by person")
    );
}

/// What comes of a tool call: `ok`, or the code of the error.
async fn outcome(protected: &ProtectedServer, token: &str, tool: &str, arguments: Value) -> String {
    let params = json!({"name": tool, "arguments": arguments});
    let answer: Value = attack::send(protected, &bearer(token), "tools/call", params)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let result = &answer["result"];
    match result["isError"].as_bool() {
        Some(true) => {
            let text = result["content"][0]["text"].as_str().unwrap();
            serde_json::from_str::<Value>(text).unwrap()["code"].as_str().unwrap().to_owned()
        }
        _ => "ok".to_owned(),
    }
}

fn review(text: &str) -> Value {
    json!({"restaurant_id": 1, "user_name": "Bot", "rating": 4, "review_text": text})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finer_roles_part_readers_from_writers_at_every_door() {
    let finer = |server: ServerBuilder| {
        server.env("MCP_READ_ROLE", "MCP.Read").env("MCP_WRITE_ROLE", "MCP.Write")
    };
    let protected = ProtectedServer::with(Deployment::Platform, finer).await;
    for (roles, reads, writes, page, form) in [
        (json!(["MCP.Access"]), "forbidden", "forbidden", 403, 403),
        (json!(["MCP.Access", "MCP.Read"]), "ok", "forbidden", 200, 403),
        (json!(["MCP.Access", "MCP.Write"]), "forbidden", "ok", 403, 403),
        (json!(["MCP.Access", "MCP.Read", "MCP.Write"]), "ok", "ok", 200, 303),
        (json!(["MCP.Access", "MCP.ReadX", "MCP.WriteX"]), "forbidden", "forbidden", 403, 403),
    ] {
        let token = Forge::agent(protected.cloud()).claim("roles", roles.clone()).sign();
        assert_eq!(
            outcome(&protected, &token, "list_restaurants_mcp", json!({})).await,
            reads,
            "{roles}"
        );
        assert_eq!(
            outcome(&protected, &token, "create_review_mcp", review("x")).await,
            writes,
            "{roles}"
        );
        assert_eq!(pages(&protected, &token).await, [page, form], "{roles}");
    }
}

/// The statuses of a page, and of a form.
async fn pages(protected: &ProtectedServer, token: &str) -> [u16; 2] {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = [("user_name", "X"), ("rating", "4"), ("review_text", "Good")];
    let get = client.get(protected.url("/")).bearer_auth(token).send().await.unwrap();
    let post = client.post(protected.url("/review/1")).bearer_auth(token).form(&form);
    [get.status().as_u16(), post.send().await.unwrap().status().as_u16()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_without_the_role_reads_pages_and_writes_nowhere() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        let token = Forge::agent(protected.cloud()).claim("roles", Value::Null).sign();
        assert_eq!(pages(&protected, &token).await, [200, 403], "{deployment:?}");
        let refused = attack::write(&protected, &bearer(&token), "x").await.unwrap();
        assert_eq!(refused.status(), 403);
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        let scope = format!("scope=\"api://{}/user_impersonation\"", sample::API);
        assert!(
            challenge.starts_with("Bearer error=\"insufficient_scope\"")
                && challenge.contains(&scope),
            "{challenge}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_holds_for_everybody() {
    let protected =
        ProtectedServer::with(Deployment::Entra, |server| server.env("READ_ONLY", "true")).await;
    let token = Forge::agent(protected.cloud()).sign();
    assert_eq!(pages(&protected, &token).await, [200, 403]);
    assert_eq!(outcome(&protected, &token, "create_review_mcp", review("x")).await, "forbidden");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_names_of_role_and_scope_take_their_place() {
    let named =
        |server: ServerBuilder| server.env("MCP_ROLE", "MCP.Read").env("MCP_SCOPE", "reviews");
    let protected = ProtectedServer::with(Deployment::Entra, named).await;
    let status = async |forge: Forge<'_>| {
        attack::write(&protected, &bearer(forge.sign()), "x").await.unwrap().status().as_u16()
    };
    assert_eq!(status(Forge::agent(protected.cloud())).await, 403);
    assert_eq!(
        status(Forge::agent(protected.cloud()).claim("roles", json!(["MCP.Read"]))).await,
        200
    );
    assert_eq!(status(Forge::person(protected.cloud())).await, 403);
    assert_eq!(status(Forge::person(protected.cloud()).claim("scp", json!("reviews"))).await, 200);
}

/// Sets the version of the tokens that the app asks for.
fn set_version(cloud: &Cloud, version: u8) {
    let mut directory = cloud.directory();
    let applications = directory.applications.iter_mut();
    for api in applications.filter(|application| application.app_id == sample::API) {
        api.api.requested_access_token_version = Some(version);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_both_versions_and_further_audiences_are_good() {
    let protected = ProtectedServer::with(Deployment::Entra, |server| {
        server.env("ENTRA_AUDIENCES", "https://reviews.example/mcp, x")
    })
    .await;
    let cloud = protected.cloud();
    for version in [1, 2] {
        set_version(cloud, version);
        for forge in [Forge::agent(cloud), Forge::person(cloud)] {
            assert_eq!(forge.claims["ver"], format!("{version}.0"));
            let token = bearer(forge.claim("idtyp", Value::Null).sign());
            assert_eq!(
                attack::write(&protected, &token, "x").await.unwrap().status(),
                200,
                "{version}"
            );
        }
        for (audience, status) in
            [("https://reviews.example/mcp", 200), ("x", 200), ("https://reviews.example", 401)]
        {
            let token = bearer(Forge::agent(cloud).claim("aud", json!(audience)).sign());
            assert_eq!(
                attack::write(&protected, &token, "x").await.unwrap().status(),
                status,
                "{audience}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_agent_writes_is_shown_and_logged_as_its_own() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        let token = Forge::agent(protected.cloud()).sign();
        assert_eq!(
            outcome(&protected, &token, "create_review_mcp", review("Prompt service.")).await,
            "ok"
        );
        let page = Client::new().get(protected.url("/details/1")).bearer_auth(&token);
        let page = page.send().await.unwrap().text().await.unwrap();
        assert!(page.contains("posted by agent <bdi>Agent</bdi>"), "{deployment:?}: {page}");
        assert!(page.contains("Signed in as <bdi>Agent</bdi>"), "{deployment:?}: {page}");
        let id = sample::object_id(sample::AGENT).to_string();
        for field in ["caller_id", "actor_id"] {
            protected.server.until_logged(&format!("\"{field}\":\"{id}\"")).await.unwrap();
        }
    }
}
