//! The attack table for access tokens, through every door.

use easyauth_emulator::{Cloud, sample};
use jsonwebtoken::{Algorithm, EncodingKey};
use restaurant_tests::server::Server;
use serde_json::{Value, json};

use crate::{
    attack::{
        self, Attack, Forbidden, In, Lines, Malformed, Stranger, Verdict, authorization, bearer,
    },
    forge::{Forge, encoded},
    guarded::{Door, Guarded},
};

fn row(name: &'static str, lines: Lines, entra: Verdict, platform: Verdict) -> Attack {
    Attack { name, lines, entra, platform }
}

fn both(name: &'static str, lines: Lines, verdict: Verdict) -> Attack {
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
        both("no token", Vec::new(), Stranger),
        both("garbage", bearer("garbage"), Stranger),
        both("three words", bearer("a.b.c"), Stranger),
        both("an empty token", authorization("Bearer "), Stranger),
        both("no token after the scheme", authorization("Bearer"), Stranger),
        both("another scheme", authorization("Basic YWdlbnQ6c2VjcmV0"), Stranger),
        both("a token under another scheme", authorization(format!("Basic {good}")), Stranger),
        both("two tokens", twice, Stranger),
        both("a good and a bad token", second_bad, Stranger),
        both("a list of tokens", bearer(format!("{good}, {good}")), Stranger),
        both("a megabyte", bearer("a".repeat(1 << 20)), Malformed),
        both("twenty kilobytes", bearer("a".repeat(20 << 10)), Stranger),
        both(
            "look-alike header",
            vec![("x-authorization".into(), format!("Bearer {good}"))],
            Stranger,
        ),
    ]
}

fn signatures(cloud: &Cloud) -> Vec<Attack> {
    let agent = || Forge::agent(cloud);
    let public = cloud.public_key_pem();
    let hs256 = || agent().header("alg", json!("HS256"));
    let by_public = hs256().sign_by(Algorithm::HS256, &EncodingKey::from_secret(public.as_bytes()));
    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let other = EncodingKey::from_rsa_pem(other.serialize_pem().as_bytes()).unwrap();
    let good = agent().sign();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let altered = agent().claim("oid", json!(sample::USER)).unsigned();
    let parts: Vec<_> = good.split('.').collect();
    vec![
        both(
            "alg none",
            bearer(format!("{}.", agent().header("alg", json!("none")).unsigned())),
            Stranger,
        ),
        both(
            "alg none with a signature",
            bearer(format!("{}.{signature}", agent().header("alg", json!("none")).unsigned())),
            Stranger,
        ),
        both(
            "alg None",
            bearer(format!("{}.", agent().header("alg", json!("NoNe")).unsigned())),
            Stranger,
        ),
        both("HS256 with the public key", bearer(by_public), Stranger),
        both("HS256 in the header alone", bearer(hs256().sign()), Stranger),
        both(
            "PS256 in the header alone",
            bearer(agent().header("alg", json!("PS256")).sign()),
            Stranger,
        ),
        both(
            "RS384",
            bearer(agent().header("alg", json!("RS384")).sign_by(Algorithm::RS384, &other)),
            Stranger,
        ),
        both(
            "a wrong key under a right kid",
            bearer(agent().sign_by(Algorithm::RS256, &other)),
            Stranger,
        ),
        both("no signature", bearer(format!("{message}.")), Stranger),
        both("two parts", bearer(message), Stranger),
        both("four parts", bearer(format!("{good}.{signature}")), Stranger),
        both(
            "other claims under the signature",
            bearer(format!("{altered}.{signature}")),
            Stranger,
        ),
        both("a padded part", bearer(format!("{}=.{}.{}", parts[0], parts[1], parts[2])), Stranger),
        both("an unknown kid", bearer(agent().header("kid", json!("nobody's")).sign()), Stranger),
        both("no kid", bearer(agent().header("kid", Value::Null).sign()), Stranger),
        both(
            "a kid that is a path",
            bearer(agent().header("kid", json!("../../../dev/null")).sign()),
            Stranger,
        ),
        row(
            "a critical extension",
            bearer(agent().header("crit", json!(["exp"])).sign()),
            Stranger,
            In,
        ),
    ]
}

fn claims(cloud: &Cloud) -> Vec<Attack> {
    let with = |name: &str, value: Value| bearer(Forge::agent(cloud).claim(name, value).sign());
    let tenant = sample::TENANT_ID;
    let elsewhere = "11111111-2222-3333-4444-555555555555";
    let bare = format!("{}.{}", encoded(&Forge::agent(cloud).header), "bm90IEpTT04");
    vec![
        both("good", with("extra", json!("ignored")), In),
        both("expired", with("exp", seconds_from_now(cloud, -600)), Stranger),
        both("no expiry", with("exp", Value::Null), Stranger),
        both("an expiry that is a text", with("exp", json!("9999999999")), Stranger),
        both("not yet valid", with("nbf", seconds_from_now(cloud, 600)), Stranger),
        both("another tenant in tid", with("tid", json!(elsewhere)), Stranger),
        both("no tenant", with("tid", Value::Null), Stranger),
        both(
            "another tenant's issuer",
            with("iss", json!(format!("https://sts.windows.net/{elsewhere}/"))),
            Stranger,
        ),
        both(
            "an issuer of both forms",
            with("iss", json!(format!("https://sts.windows.net/{tenant}/v2.0"))),
            Stranger,
        ),
        both(
            "an issuer without its slash",
            with("iss", json!(format!("https://sts.windows.net/{tenant}"))),
            Stranger,
        ),
        both(
            "an issuer with a tail",
            with("iss", json!(format!("https://sts.windows.net/{tenant}/.evil.example"))),
            Stranger,
        ),
        both(
            "an issuer by plain http",
            with("iss", json!(format!("http://sts.windows.net/{tenant}/"))),
            Stranger,
        ),
        row("another version", with("ver", json!("2.0")), Stranger, In),
        both("no issuer", with("iss", Value::Null), Stranger),
        both("another audience", with("aud", json!("https://graph.microsoft.com")), Stranger),
        both(
            "the allowed audience of another app",
            with("aud", json!(format!("api://{}", sample::OTHER_API))),
            Stranger,
        ),
        both(
            "an audience with a tail",
            with("aud", json!(format!("api://{}/x", sample::API))),
            Stranger,
        ),
        both("no audience", with("aud", Value::Null), Stranger),
        row(
            "a list of audiences",
            with("aud", json!([format!("api://{}", sample::API), "x"])),
            Stranger,
            Stranger,
        ),
        row("a client that is not allowed", with("appid", json!(elsewhere)), Stranger, Forbidden),
        row("no client", with("appid", Value::Null), Stranger, Forbidden),
        row(
            "the client of the other version",
            bearer(
                Forge::agent(cloud)
                    .claim("appid", Value::Null)
                    .claim("azp", json!(sample::AGENT))
                    .sign(),
            ),
            Stranger,
            In,
        ),
        both("claims that are no JSON", bearer(cloud.sign_raw(&bare)), Stranger),
        row("no object id", with("oid", Value::Null), Stranger, Stranger),
    ]
}

fn rights(cloud: &Cloud) -> Vec<Attack> {
    let agent = |roles: Value| bearer(Forge::agent(cloud).claim("roles", roles).sign());
    let person = |scopes: Value| {
        bearer(Forge::person(cloud).claim("scp", scopes).claim("idtyp", json!("user")).sign())
    };
    vec![
        both("the role among others", agent(json!(["Other", "MCP.Access"])), In),
        both("no role", agent(Value::Null), Forbidden),
        both("no roles", agent(json!([])), Forbidden),
        both("the role as a substring", agent(json!(["MCP.AccessX"])), Forbidden),
        both("the role with a prefix", agent(json!(["XMCP.Access"])), Forbidden),
        both("the role in lower case", agent(json!(["mcp.access"])), Forbidden),
        both("the role in a list that is a text", agent(json!(["MCP.Read MCP.Access"])), Forbidden),
        both("the role with a space", agent(json!(["MCP.Access "])), Forbidden),
        both("the scope among others", person(json!("Other user_impersonation")), In),
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
async fn every_attack(door: Door) {
    let guarded = Guarded::behind(door).await;
    let cloud = guarded.cloud();
    let attacks = [nobody(cloud), signatures(cloud), claims(cloud), rights(cloud)];
    let attacks: Vec<_> = attacks.into_iter().flatten().collect();
    let wrong = attack::run(&guarded, door, &attacks).await;
    assert!(wrong.is_empty(), "{door:?}:\n{}", wrong.join("\n"));

    let let_in: Vec<_> = attacks
        .iter()
        .filter(|attack| match door {
            Door::Entra => attack.entra == In,
            Door::Platform => attack.platform == In,
            Door::Both => attack.entra == In && attack.platform == In,
        })
        .map(|attack| attack.name)
        .collect();
    assert_eq!(written(&guarded).await, let_in, "{door:?}");
    no_token_is_in_the_log(&guarded.server, &attacks);
}

/// The texts of Mallory's reviews, oldest first.
async fn written(guarded: &Guarded) -> Vec<String> {
    let token = Forge::agent(guarded.cloud()).sign();
    let reviews = attack::details(guarded, &bearer(token)).await;
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
    every_attack(Door::Entra).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_gets_past_the_platform_that_should_not() {
    every_attack(Door::Platform).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_gets_past_both_doors_that_should_not() {
    every_attack(Door::Both).await;
}

/// The headers whose values differ from one request to the next.
const PASSING: [&str; 2] = ["date", "x-request-id"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_refused_learns_nothing_of_why_and_the_log_does() {
    let guarded = Guarded::behind(Door::Entra).await;
    let cloud = guarded.cloud();
    let attacks = [nobody(cloud), signatures(cloud), claims(cloud)];
    let mut answers = std::collections::BTreeMap::new();
    let attacks = attacks.into_iter().flatten().filter(|attack| attack.entra == Stranger);
    for Attack { name, lines, .. } in attacks {
        let answer = attack::write(&guarded, &lines, name).await.unwrap();
        let status = answer.status();
        let mut head: Vec<_> =
            answer.headers().iter().map(|(n, v)| format!("{n}: {v:?}")).collect();
        head.retain(|line| !PASSING.iter().any(|name| line.starts_with(name)));
        head.sort_unstable();
        let body = answer.text().await.unwrap();
        assert_eq!(body, "", "{name}");
        answers.entry((status.as_u16(), head)).or_insert_with(Vec::new).push(name);
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let ((_, head), names) = answers.pop_first().unwrap();
    let challenge = head.iter().find(|line| line.starts_with("www-authenticate")).unwrap();
    for part in
        ["Bearer ", "resource_metadata=", "/.well-known/oauth-protected-resource/mcp/mcp", "scope="]
    {
        assert!(challenge.contains(part), "{challenge}");
    }
    let mut reasons: Vec<_> = guarded
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
    let guarded = Guarded::behind(Door::Entra).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let key = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    let members =
        [("jwk", json!(jwk)), ("jku", json!(url)), ("x5u", json!(url)), ("x5c", json!(["MIIB"]))];
    for (member, value) in members {
        let kids =
            [Value::Null, json!("mine"), Forge::agent(guarded.cloud()).header["kid"].clone()];
        for kid in kids {
            let forge =
                Forge::agent(guarded.cloud()).header(member, value.clone()).header("kid", kid);
            let token = forge.sign_by(Algorithm::RS256, &key);
            let answer = attack::write(&guarded, &bearer(token), member).await.unwrap();
            assert_eq!(answer.status(), 401, "{member}");
        }
    }
    let visit = std::future::poll_fn(|context| {
        std::task::Poll::Ready(listener.poll_accept(context).is_ready())
    });
    assert!(!visit.await, "somebody came for the keys");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_in_the_query_is_none() {
    for door in Door::ALL {
        let guarded = Guarded::behind(door).await;
        let token = Forge::agent(guarded.cloud()).sign();
        for path in ["/", "/mcp", "/mcp/mcp"] {
            let url = guarded.url(&format!("{path}?access_token={token}"));
            let answer = reqwest::get(url).await.unwrap();
            assert_eq!(answer.status(), 401, "{door:?} {path}");
        }
        assert!(!guarded.server.logs().join("\n").contains(&token), "the log has the token");
    }
}
