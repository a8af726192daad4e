//! The attack table for access tokens, through every door.

use easyauth_emulator::{Cloud, sample};
use jsonwebtoken::{Algorithm, EncodingKey};
use restaurant_tests::server::Server;
use serde_json::{Value, json};

use super::{
    attack::{
        self, Accepted, Attack, Expected, Forbidden, Lines, Unauthorized, authorization, bearer,
    },
    forge::{Forge, encoded},
    protected_server::{Deployment, ProtectedServer},
};

fn row(name: &'static str, lines: Lines, entra: Expected, platform: Expected) -> Attack {
    Attack { name, lines, entra, platform }
}

fn both(name: &'static str, lines: Lines, verdict: Expected) -> Attack {
    row(name, lines, verdict, verdict)
}

fn seconds_from_now(cloud: &Cloud, seconds: i64) -> Value {
    json!(Forge::agent(cloud).claims["iat"].as_i64().unwrap() + seconds)
}

fn nobody(cloud: &Cloud) -> Vec<Attack> {
    let good = Forge::agent(cloud).sign();
    let twice: Lines = [bearer(&good), bearer(&good)].concat();
    let second_bad: Lines = [bearer(&good), bearer("x")].concat();
    vec![
        both("no token", Vec::new(), Unauthorized),
        both("garbage", bearer("garbage"), Unauthorized),
        both("three words", bearer("a.b.c"), Unauthorized),
        both("an empty token", authorization("Bearer "), Unauthorized),
        both("no token after the scheme", authorization("Bearer"), Unauthorized),
        both("another scheme", authorization("Basic YWdlbnQ6c2VjcmV0"), Unauthorized),
        both("a token under another scheme", authorization(format!("Basic {good}")), Unauthorized),
        both("two tokens", twice, Unauthorized),
        both("a good and a bad token", second_bad, Unauthorized),
        both("a list of tokens", bearer(format!("{good}, {good}")), Unauthorized),
        both("twenty kilobytes", bearer("a".repeat(20 << 10)), Unauthorized),
        both(
            "look-alike header",
            vec![("x-authorization".into(), format!("Bearer {good}"))],
            Unauthorized,
        ),
    ]
}

fn algorithms(cloud: &Cloud) -> Vec<Attack> {
    let with = |alg: &str| Forge::agent(cloud).header("alg", json!(alg));
    let public = EncodingKey::from_secret(cloud.public_key_pem().as_bytes());
    let by_public = with("HS256").sign_by(Algorithm::HS256, &public);
    let rs384 = with("RS384").sign_by(Algorithm::RS384, &other_key());
    let none = with("none").unsigned();
    let stranger = |name, token: String| both(name, bearer(token), Unauthorized);
    vec![
        stranger("alg none", format!("{none}.")),
        stranger("alg none with a signature", format!("{none}.AAAA")),
        stranger("alg NoNe", format!("{}.", with("NoNe").unsigned())),
        stranger("HS256 with the public key", by_public),
        stranger("HS256 in the header alone", with("HS256").sign()),
        stranger("PS256 in the header alone", with("PS256").sign()),
        stranger("RS384", rs384),
    ]
}

/// A key of somebody else's.
fn other_key() -> EncodingKey {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap()
}

fn signatures(cloud: &Cloud) -> Vec<Attack> {
    let agent = || Forge::agent(cloud);
    let kid = |kid: Value| agent().header("kid", kid).sign();
    let good = agent().sign();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let altered = agent().claim("oid", json!(sample::USER)).unsigned();
    let stranger = |name, token: String| both(name, bearer(token), Unauthorized);
    let critical = bearer(agent().header("crit", json!(["exp"])).sign());
    vec![
        stranger("a wrong key under a right kid", agent().sign_by(Algorithm::RS256, &other_key())),
        stranger("no signature", format!("{message}.")),
        stranger("two parts", message.to_owned()),
        stranger("four parts", format!("{good}.{signature}")),
        stranger("other claims under the signature", format!("{altered}.{signature}")),
        stranger("a padded part", format!("{header}=.{claims}.{signature}")),
        stranger("an unknown kid", kid(json!("nobody's"))),
        stranger("no kid", kid(Value::Null)),
        stranger("a kid that is a path", kid(json!("../../../dev/null"))),
        row("a critical extension", critical, Unauthorized, Accepted),
    ]
}

const ELSEWHERE: &str = "11111111-2222-3333-4444-555555555555";

fn issuers(cloud: &Cloud) -> Vec<Attack> {
    let tenant = sample::TENANT_ID;
    let stranger = |name, claim: &str, value: Value| {
        both(name, bearer(Forge::agent(cloud).claim(claim, value).sign()), Unauthorized)
    };
    let of = |name, issuer: String| stranger(name, "iss", json!(issuer));
    let version = bearer(Forge::agent(cloud).claim("ver", json!("2.0")).sign());
    vec![
        stranger("another tenant in tid", "tid", json!(ELSEWHERE)),
        stranger("no tenant", "tid", Value::Null),
        of("another tenant's issuer", format!("https://sts.windows.net/{ELSEWHERE}/")),
        of("an issuer of both forms", format!("https://sts.windows.net/{tenant}/v2.0")),
        of("an issuer without its slash", format!("https://sts.windows.net/{tenant}")),
        of("an issuer with a tail", format!("https://sts.windows.net/{tenant}/.evil.example")),
        of("an issuer by plain http", format!("http://sts.windows.net/{tenant}/")),
        stranger("no issuer", "iss", Value::Null),
        row("another version", version, Unauthorized, Accepted),
    ]
}

fn claims(cloud: &Cloud) -> Vec<Attack> {
    let with = |name: &str, value: Value| bearer(Forge::agent(cloud).claim(name, value).sign());
    let from_now = |seconds| seconds_from_now(cloud, seconds);
    let api = format!("api://{}", sample::API);
    let other_version = Forge::agent(cloud).claim("appid", Value::Null);
    let other_version = bearer(other_version.claim("azp", json!(sample::AGENT)).sign());
    let bare = format!("{}.{}", encoded(&Forge::agent(cloud).header), "bm90IEpTT04");
    let other_api = json!(format!("api://{}", sample::OTHER_API));
    vec![
        both("good", with("extra", json!("ignored")), Accepted),
        both("expired", with("exp", from_now(-600)), Unauthorized),
        both("no expiry", with("exp", Value::Null), Unauthorized),
        both("an expiry that is a text", with("exp", json!("9999999999")), Unauthorized),
        both("not yet valid", with("nbf", from_now(600)), Unauthorized),
        both("another audience", with("aud", json!("https://graph.microsoft.com")), Unauthorized),
        both("the allowed audience of another app", with("aud", other_api), Unauthorized),
        both("an audience with a tail", with("aud", json!(format!("{api}/x"))), Unauthorized),
        both("no audience", with("aud", Value::Null), Unauthorized),
        both("a list of audiences", with("aud", json!([api, "x"])), Unauthorized),
        row(
            "a client that is not allowed",
            with("appid", json!(ELSEWHERE)),
            Unauthorized,
            Forbidden,
        ),
        row("no client", with("appid", Value::Null), Unauthorized, Forbidden),
        row("the client of the other version", other_version, Unauthorized, Accepted),
        both("claims that are no JSON", bearer(cloud.sign_raw(&bare)), Unauthorized),
        both("no object id", with("oid", Value::Null), Unauthorized),
    ]
}

/// Everything that makes a token one of nobody whom we know.
fn strangers(cloud: &Cloud) -> Vec<Attack> {
    let tables =
        [nobody(cloud), algorithms(cloud), signatures(cloud), issuers(cloud), claims(cloud)];
    tables.into_iter().flatten().collect()
}

fn rights(cloud: &Cloud) -> Vec<Attack> {
    let agent = |roles: Value| bearer(Forge::agent(cloud).claim("roles", roles).sign());
    let person = |scopes: Value| {
        bearer(Forge::person(cloud).claim("scp", scopes).claim("idtyp", json!("user")).sign())
    };
    vec![
        both("the role among others", agent(json!(["Other", "MCP.Access"])), Accepted),
        both("no role", agent(Value::Null), Forbidden),
        both("no roles", agent(json!([])), Forbidden),
        both("the role as a substring", agent(json!(["MCP.AccessX"])), Forbidden),
        both("the role with a prefix", agent(json!(["XMCP.Access"])), Forbidden),
        both("the role in lower case", agent(json!(["mcp.access"])), Forbidden),
        both("the role in a list that is a text", agent(json!(["MCP.Read MCP.Access"])), Forbidden),
        both("the role with a space", agent(json!(["MCP.Access "])), Forbidden),
        both("the scope among others", person(json!("Other user_impersonation")), Accepted),
        both("no scope", person(Value::Null), Forbidden),
        both("the scope as a substring", person(json!("user_impersonationX")), Forbidden),
        both("the scope in other letters", person(json!("User_Impersonation")), Forbidden),
        both("the scopes parted by commas", person(json!("Other,user_impersonation")), Forbidden),
        both(
            "a person with the role and not the scope",
            bearer(
                Forge::person(cloud)
                    .claim("scp", Value::Null)
                    .claim("idtyp", json!("user"))
                    .claim("roles", json!(["MCP.Access"]))
                    .sign(),
            ),
            Forbidden,
        ),
        both(
            "a program with the scope and not the role",
            bearer(
                Forge::agent(cloud)
                    .claim("roles", Value::Null)
                    .claim("scp", json!("user_impersonation"))
                    .sign(),
            ),
            Forbidden,
        ),
    ]
}

/// Every attack on the token, through a door; then only what was let in stands in the database.
async fn every_attack(deployment: Deployment) {
    let protected = ProtectedServer::start(deployment).await;
    let cloud = protected.cloud();
    let attacks: Vec<_> = strangers(cloud).into_iter().chain(rights(cloud)).collect();
    let wrong = attack::run(&protected, deployment, &attacks).await;
    assert!(wrong.is_empty(), "{deployment:?}:\n{}", wrong.join("\n"));

    let accepted: Vec<_> = attacks
        .iter()
        .filter(|attack| match deployment {
            Deployment::Entra => attack.entra == Accepted,
            Deployment::Platform => attack.platform == Accepted,
            Deployment::Both => attack.entra == Accepted && attack.platform == Accepted,
        })
        .map(|attack| attack.name)
        .collect();
    assert_eq!(written(&protected).await, accepted, "{deployment:?}");
    no_token_is_in_the_log(&protected.server, &attacks);
}

/// The texts of Mallory's reviews, oldest first.
async fn written(protected: &ProtectedServer) -> Vec<String> {
    let token = Forge::agent(protected.cloud()).sign();
    let reviews = attack::details(protected, &bearer(token)).await;
    let mallorys = reviews.iter().filter(|review| review["user_name"] == "Mallory");
    let mut texts: Vec<_> =
        mallorys.map(|review| review["review_text"].as_str().unwrap().to_owned()).collect();
    texts.reverse();
    texts
}

fn no_token_is_in_the_log(server: &Server, attacks: &[Attack]) {
    let log = server.logs().join("\n");
    for Attack { name, lines, .. } in attacks {
        for part in lines.iter().flat_map(|(_, value)| value.split(['.', ' '])) {
            assert!(part.len() < 20 || !log.contains(part), "{name}: the log has {part}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_gets_past_the_server_that_should_not() {
    every_attack(Deployment::Entra).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_gets_past_the_platform_that_should_not() {
    every_attack(Deployment::Platform).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_gets_past_both_doors_that_should_not() {
    every_attack(Deployment::Both).await;
}

/// The headers whose values differ from one request to the next.
const PASSING: [&str; 2] = ["date", "x-request-id"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_refused_learns_nothing_of_why_and_the_log_does() {
    let mut protected = ProtectedServer::start(Deployment::Entra).await;
    let cloud = protected.cloud();
    let mut answers = std::collections::BTreeMap::new();
    let attacks = strangers(cloud).into_iter().filter(|attack| attack.entra == Unauthorized);
    for Attack { name, lines, .. } in attacks {
        let answer = attack::write(&protected, &lines, name).await.unwrap();
        let status = answer.status();
        let mut head: Vec<_> =
            answer.headers().iter().map(|(n, v)| format!("{n}: {v:?}")).collect();
        head.retain(|line| !PASSING.iter().any(|name| line.starts_with(name)));
        head.sort_unstable();
        let body = answer.text().await.unwrap();
        answers.entry((status.as_u16(), head, body)).or_insert_with(Vec::new).push(name);
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let ((_, head, body), names) = answers.pop_first().unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["error"], "unauthorized");
    let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["error", "error_description", "resource_metadata", "scope"]);
    let metadata = reqwest::get(body["resource_metadata"].as_str().unwrap()).await.unwrap();
    assert_eq!(metadata.status(), 200);
    let challenge = head.iter().find(|line| line.starts_with("www-authenticate")).unwrap();
    for part in
        ["Bearer ", "resource_metadata=", "/.well-known/oauth-protected-resource/mcp/mcp", "scope="]
    {
        assert!(challenge.contains(part), "{challenge}");
    }
    protected.server.terminate().unwrap();
    protected.server.wait().await.unwrap();
    let mut reasons: Vec<_> = protected
        .server
        .logs()
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| {
            line["fields"]["reason"].as_str().or(line["reason"].as_str()).map(str::to_owned)
        })
        .collect();
    assert_eq!(reasons.len(), names.len(), "{reasons:#?}");
    reasons.sort_unstable();
    reasons.dedup();
    assert!(reasons.len() >= 20, "{reasons:#?}");
}

/// What a token's header may not send us to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_the_token_brings_is_not_looked_at() {
    let protected = ProtectedServer::start(Deployment::Entra).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let key = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    let members =
        [("jwk", json!(jwk)), ("jku", json!(url)), ("x5u", json!(url)), ("x5c", json!(["MIIB"]))];
    for (member, value) in members {
        let kids =
            [Value::Null, json!("mine"), Forge::agent(protected.cloud()).header["kid"].clone()];
        for kid in kids {
            let forge =
                Forge::agent(protected.cloud()).header(member, value.clone()).header("kid", kid);
            let token = forge.sign_by(Algorithm::RS256, &key);
            let answer = attack::write(&protected, &bearer(token), member).await.unwrap();
            assert_eq!(answer.status(), 401, "{member}");
        }
    }
    let visit = std::future::poll_fn(|context| {
        std::task::Poll::Ready(listener.poll_accept(context).is_ready())
    });
    assert!(!visit.await, "somebody came for the keys");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_is_in_the_most_talkative_log() {
    for deployment in Deployment::ALL {
        let protected =
            ProtectedServer::with(deployment, |server| server.env("LOG", "trace")).await;
        let attacks = claims(protected.cloud()).into_iter().chain(rights(protected.cloud()));
        let attacks: Vec<_> = attacks.collect();
        for Attack { name, lines, .. } in &attacks {
            attack::write(&protected, lines, name).await.unwrap();
        }
        protected.server.until_logged("DEBUG").await.unwrap();
        no_token_is_in_the_log(&protected.server, &attacks);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_in_the_query_is_none() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        let token = Forge::agent(protected.cloud()).sign();
        for path in ["/", "/mcp", "/mcp/mcp"] {
            let url = protected.url(&format!("{path}?access_token={token}"));
            let answer = reqwest::get(url).await.unwrap();
            assert_eq!(answer.status(), 401, "{deployment:?} {path}");
        }
        assert!(!protected.server.logs().join("\n").contains(&token), "the log has the token");
    }
}
