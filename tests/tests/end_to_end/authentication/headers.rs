//! The attack table for the platform's header: from outside through the gateway, and malformed as only the platform could send it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use easyauth_emulator::sample;
use restaurant_tests::mcp;
use serde_json::{Value, json};

use super::{
    attack::{Lines, bearer},
    forge::Forge,
    protected_server::{Deployment, ProtectedServer},
};

const NAME: &str = "X-MS-CLIENT-PRINCIPAL";

/// A principal as the platform sends it, with these claims.
fn principal(claims: &[(&str, &str)]) -> Value {
    let claims: Vec<_> = claims.iter().map(|(typ, val)| json!({"typ": typ, "val": val})).collect();
    json!({"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"})
}

fn agent(roles: &[(&str, &str)]) -> Value {
    let tenant = sample::TENANT_ID.to_string();
    let id = sample::AGENT.to_string();
    let mut claims = vec![
        ("oid", id.as_str()),
        ("idtyp", "app"),
        ("appid", id.as_str()),
        ("tid", tenant.as_str()),
    ];
    claims.extend(roles);
    principal(&claims)
}

fn encode(principal: &Value) -> String {
    STANDARD.encode(principal.to_string())
}

fn header(value: impl Into<String>) -> Lines {
    vec![(NAME.to_owned(), value.into())]
}

/// Asks the server itself, past the platform, for its tools.
async fn status(protected: &ProtectedServer, lines: &Lines) -> u16 {
    let list = mcp::request("tools/list", &json!({}));
    let mut request = mcp::post(&reqwest::Client::new(), protected.server.url("/mcp"), &list);
    for (name, value) in lines {
        request = request.header(name, value);
    }
    request.send().await.unwrap().status().as_u16()
}

/// A header, and the status that it gets.
type Row = (&'static str, Lines, u16);

fn forms() -> Vec<Row> {
    let long = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
    let good = encode(&agent(&[("roles", "MCP.Access")]));
    let mut of_role_typ = agent(&[("r", "MCP.Access")]);
    of_role_typ["role_typ"] = json!("r");
    vec![
        ("roles", header(&good), 200),
        ("roles by role_typ", header(encode(&of_role_typ)), 200),
        ("roles by the long name", header(encode(&agent(&[(long, "MCP.Access")]))), 200),
        ("no padding", header(good.trim_end_matches('=')), 200),
        ("lower case name", vec![(NAME.to_lowercase(), good.clone())], 200),
        ("no header", Vec::new(), 401),
        ("two", [header(&good), header(&good)].concat(), 401),
        ("two with a comma", header(format!("{good},{good}")), 401),
        ("look-alike", vec![("X_MS_CLIENT_PRINCIPAL".to_owned(), good.clone())], 401),
        ("only the id", vec![(format!("{NAME}-ID"), sample::AGENT.to_string())], 401),
        ("no role", header(encode(&agent(&[]))), 403),
        ("the role as a substring", header(encode(&agent(&[("roles", "MCP.AccessX")]))), 403),
        ("the role in another claim", header(encode(&agent(&[("groups", "MCP.Access")]))), 403),
        ("the roles in one text", header(encode(&agent(&[("roles", "MCP.Read,MCP.Access")]))), 403),
        ("the scope of a program", header(encode(&agent(&[("scp", "user_impersonation")]))), 403),
    ]
}

fn malformed() -> Vec<Row> {
    let principal_of = |claims: &[(&str, &str)]| encode(&principal(claims));
    let changed = |member: &str, value: Value| {
        let mut agent = agent(&[("roles", "MCP.Access")]);
        agent[member] = value;
        encode(&agent)
    };
    let text = agent(&[("roles", "MCP.Access")]).to_string();
    let good = STANDARD.encode(&text);
    let number = json!([{"typ": "oid", "val": 7}]);
    let values = [
        ("empty", String::new()),
        ("no base64", "!!!!".to_owned()),
        ("cut base64", good[..good.len() - 5].to_owned()),
        ("no UTF-8", STANDARD.encode([b'"', 0xff, 0xfe, b'"'])),
        ("no JSON", STANDARD.encode("oid=1")),
        ("JSON and more", STANDARD.encode(format!("{text}{text}"))),
        ("an array", STANDARD.encode("[]")),
        ("null", STANDARD.encode("null")),
        ("deep", STANDARD.encode("[".repeat(4000))),
        ("no claims", changed("claims", Value::Null)),
        ("a number", changed("claims", number)),
        ("another provider", changed("auth_typ", json!("github"))),
        ("no object id", principal_of(&[("roles", "MCP.Access")])),
        ("an empty object id", principal_of(&[("oid", ""), ("roles", "MCP.Access")])),
        ("thirty kilobytes", STANDARD.encode(format!("{text}{}", " ".repeat(30_000)))),
    ];
    values.map(|(name, value)| (name, header(value), 401)).into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_is_not_right_names_nobody() {
    let protected = ProtectedServer::start(Deployment::Platform).await;
    let token = ("only a good token", bearer(Forge::agent(protected.cloud()).sign()), 401);
    let mut wrong = Vec::new();
    for (name, lines, expected) in forms().into_iter().chain(malformed()).chain([token]) {
        let status = status(&protected, &lines).await;
        if status != expected {
            wrong.push(format!("{name}: {status}, and not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ids of groups.
fn groups(count: usize) -> Vec<String> {
    (0..count).map(|id| format!("{id:08}-0d52-4c8e-9d53-0a6d2a3f7b11")).collect()
}

/// Entra names up to 200 groups in a token, and none of more (it says where to ask for them instead).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_with_as_many_groups_as_entra_names_comes_in() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        let token = Forge::person(protected.cloud()).claim("groups", json!(groups(200))).sign();
        let answer = super::attack::write(&protected, &bearer(token), "groups").await.unwrap();
        assert_eq!(answer.status(), 200, "{deployment:?}");
    }
    let protected = ProtectedServer::start(Deployment::Platform).await;
    let with = |count: usize| {
        let groups = groups(count);
        let claims: Vec<_> = groups.iter().map(|group| ("groups", group.as_str())).collect();
        header(encode(&agent(&[&[("roles", "MCP.Access")], &*claims].concat())))
    };
    // What the token store adds, and what comes from the browser.
    let token = "a".repeat(14 << 10);
    let names =
        ["X-MS-TOKEN-AAD-ID-TOKEN", "X-MS-TOKEN-AAD-ACCESS-TOKEN", "Authorization", "Cookie"];
    let more: Lines = names.map(|name| (name.to_owned(), token.clone())).into();
    for (count, expected) in [(200, 200), (499, 401), (700, 401)] {
        assert_eq!(status(&protected, &with(count)).await, expected, "{count}");
        let lines = [with(count), more.clone()].concat();
        assert_eq!(status(&protected, &lines).await, expected, "{count} with tokens");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_id_longer_than_the_column_is_nobody() {
    let long = |tail: &str| format!("{}{tail}", "x".repeat(100));
    let protected = ProtectedServer::start(Deployment::Platform).await;
    let tenant = sample::TENANT_ID.to_string();
    let of = |id: &str| {
        let claims = [("oid", id), ("idtyp", "app"), ("roles", "MCP.Access"), ("tid", &*tenant)];
        header(encode(&principal(&claims)))
    };
    assert_eq!(status(&protected, &of(&long(""))).await, 200, "it fits");
    for id in [long("1"), long("2"), "a\u{1}b".to_owned(), "a b".to_owned()] {
        assert_eq!(status(&protected, &of(&id)).await, 401, "{id:?}");
    }
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        for id in [long("1"), long("2"), "a\u{1}b".to_owned()] {
            let token = Forge::agent(protected.cloud()).claim("oid", json!(id)).sign();
            let answer = super::attack::write(&protected, &bearer(token), "long").await.unwrap();
            assert_eq!(answer.status(), 401, "{deployment:?} {id:?}");
        }
    }
}

/// All spellings under which an identity might be taken over from outside.
const SPELLINGS: [&str; 6] = [
    "X-MS-CLIENT-PRINCIPAL",
    "x-ms-client-principal",
    "X-Ms-Client-Principal",
    "X_MS_CLIENT_PRINCIPAL",
    "X-MS-CLIENT_PRINCIPAL",
    "X-MS-CLIENT-PRINCIPAL-NAME",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_from_outside_reaches_nobody() {
    let forged = encode(&agent(&[("roles", "MCP.Access"), ("name", "Mallory")]));
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        let good = bearer(Forge::agent(protected.cloud()).sign());
        for spelling in SPELLINGS {
            let lines = vec![(spelling.to_owned(), forged.clone())];
            let answer = super::attack::write(&protected, &lines, "forged").await.unwrap();
            assert_eq!(answer.status(), 401, "{deployment:?} {spelling}");
            let lines = [good.clone(), lines].concat();
            let answer =
                super::attack::write(&protected, &lines, "with a good token").await.unwrap();
            assert_eq!(answer.status(), 200, "{deployment:?} {spelling} and a good token");
        }
        let log = protected.server.logs().join("\n");
        assert!(!log.contains("Mallory"), "{deployment:?}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_and_token_of_two_callers_are_nobody() {
    let protected = ProtectedServer::start(Deployment::Both).await;
    let token = bearer(Forge::agent(protected.cloud()).sign());
    let claims = Forge::agent(protected.cloud()).claims;
    let tenant = sample::TENANT_ID.to_string();
    let same = [
        ("tid", tenant.as_str()),
        ("oid", claims["oid"].as_str().unwrap()),
        ("idtyp", "app"),
        ("roles", "MCP.Access"),
    ];
    let same = header(encode(&principal(&same)));
    let other = header(encode(&agent(&[("roles", "MCP.Access")])));
    assert_ne!(claims["oid"], json!(sample::AGENT), "an object id is no client id");
    assert_eq!(status(&protected, &[token.clone(), same.clone()].concat()).await, 200);
    assert_eq!(status(&protected, &[token.clone(), other].concat()).await, 401);
    assert_eq!(status(&protected, &token).await, 401);
    assert_eq!(status(&protected, &same).await, 401);
}
