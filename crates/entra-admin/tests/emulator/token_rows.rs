//! Tokens with one fault, and some without.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth_emulator::sample::{FOUNDRY_AGENT, TENANT_ID};
use serde_json::{Value, json};

use crate::{
    guarded::{ELSEWHERE, Guarded, changed},
    tenant::OTHER_AGENT,
};

/// Tokens that differ in one claim.
pub fn claim_rows(guarded: &Guarded) -> Vec<(String, String)> {
    let of_person = [
        vec![],
        vec![("scp", json!(null))],
        vec![("scp", json!(""))],
        vec![("scp", json!("user_impersonationX"))],
        vec![("scp", json!("a user_impersonation b"))],
        vec![("scp", json!(["user_impersonation"]))],
        vec![("scp", json!(null)), ("roles", json!(["MCP.Access"]))],
        vec![("idtyp", json!(null)), ("scp", json!(null))],
        vec![("idtyp", json!("app"))],
    ];
    let row = |claims: Value, changes: &[(&str, Value)]| {
        (format!("{changes:?}"), guarded.signed(&claims))
    };
    let of_app = app_changes(guarded);
    let of_app = of_app.iter().map(|changes| row(guarded.agent(changes), changes));
    let of_person = of_person.iter().map(|changes| row(guarded.person(changes), changes));
    of_app.chain(of_person).collect()
}

pub fn form_rows(guarded: &Guarded) -> Vec<(String, String)> {
    let cloud = guarded.tenant.cloud();
    let claims = guarded.agent(&[]);
    let headers = [
        json!({ "alg": null }),
        json!({ "alg": "none" }),
        json!({ "alg": "rs256" }),
        json!({ "alg": "HS256" }),
        json!({ "kid": null }),
        json!({ "kid": 1 }),
        json!({ "kid": "third" }),
    ];
    let headed = headers.into_iter().map(|header| {
        let changes: Vec<_> =
            header.as_object().unwrap().iter().map(|(name, it)| (&**name, it.clone())).collect();
        let token = cloud.sign(&changed(cloud.token_header(), &changes), &claims);
        (format!("header {header}"), token)
    });
    let good = guarded.signed(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let other = URL_SAFE_NO_PAD.encode(guarded.agent(&[("roles", json!(["A"]))]).to_string());
    let forms = [
        ("claims of another", format!("{head}.{other}.{signature}")),
        ("no signature", format!("{message}.")),
        ("short signature", format!("{message}.{}", &signature[..100])),
        ("two parts", message.to_owned()),
        ("one part", "garbage".to_owned()),
        ("four parts", format!("{good}.e30")),
        ("dots", "..".to_owned()),
        ("a list of claims", cloud.sign_raw(&format!("{head}.W10"))),
        ("too long", format!("{good}{}", "A".repeat(1 << 14))),
    ];
    headed.chain(forms.map(|(name, token)| (name.to_owned(), token))).collect()
}

/// Changes of an application's claims.
fn app_changes(guarded: &Guarded) -> Vec<Vec<(&'static str, Value)>> {
    let now = guarded.now();
    let v2 = guarded.tenant.cloud().v2_issuer();
    let audience_and_time = vec![
        vec![],
        vec![("iss", json!(v2))],
        vec![("iss", json!(v2)), ("appid", json!(null)), ("azp", json!(FOUNDRY_AGENT))],
        vec![("iss", json!(null))],
        vec![("iss", json!(format!("https://sts.windows.net/{ELSEWHERE}/")))],
        vec![("iss", json!(format!("https://sts.windows.net/{TENANT_ID}/v2.0")))],
        vec![("iss", json!(format!("{v2}/")))],
        vec![("aud", json!(null))],
        vec![("aud", json!(""))],
        vec![("aud", json!([guarded.tenant.client_id()]))],
        vec![("aud", json!(guarded.tenant.client_id()))],
        vec![("aud", json!(ELSEWHERE))],
        vec![("aud", json!(format!("api://{}/", guarded.tenant.client_id())))],
        vec![("exp", json!(null))],
        vec![("exp", json!((now + 3600).to_string()))],
        vec![("exp", json!(now - 200))],
        vec![("exp", json!(now - 400))],
        vec![("exp", json!(i64::MIN))],
        vec![("exp", json!(u64::MAX))],
        vec![("nbf", json!(now + 200))],
        vec![("nbf", json!(now + 400))],
        vec![("nbf", json!(i64::MAX))],
        vec![("nbf", json!("now"))],
    ];
    [audience_and_time, caller_changes()].concat()
}

fn caller_changes() -> Vec<Vec<(&'static str, Value)>> {
    vec![
        vec![("appid", json!(null))],
        vec![("appid", json!(ELSEWHERE))],
        vec![("appid", json!(ELSEWHERE)), ("azp", json!(FOUNDRY_AGENT))],
        vec![("azp", json!(ELSEWHERE))],
        vec![("appid", json!("*"))],
        vec![("appid", json!(format!("{FOUNDRY_AGENT} ")))],
        vec![("appid", json!(FOUNDRY_AGENT.to_string().to_uppercase()))],
        vec![("appid", json!(OTHER_AGENT)), ("exp", json!(1))],
        vec![("oid", json!(null))],
        vec![("oid", json!(""))],
        vec![("oid", json!("a b"))],
        vec![("oid", json!("x".repeat(101)))],
        vec![("tid", json!(null))],
        vec![("tid", json!("a b"))],
        vec![("idtyp", json!(null))],
        vec![("idtyp", json!(null)), ("sub", json!(ELSEWHERE))],
        vec![("idtyp", json!(null)), ("sub", json!(null))],
        vec![("idtyp", json!("user"))],
        vec![("idtyp", json!("device"))],
        vec![("scp", json!("user_impersonation"))],
        vec![("idtyp", json!(null)), ("scp", json!("user_impersonation"))],
        vec![("roles", json!(null))],
        vec![("roles", json!([]))],
        vec![("roles", json!("MCP.Access"))],
        vec![("roles", json!([1]))],
        vec![("roles", json!({ "0": "MCP.Access" }))],
        vec![("roles", json!(["MCP.AccessX", "mcp.access"]))],
        vec![("roles", json!(["Other", "MCP.Access"]))],
    ]
}
