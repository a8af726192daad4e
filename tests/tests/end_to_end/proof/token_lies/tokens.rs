//! Apps that check tokens in most requests, and validate most of each token.

use super::Kind;
use easyauth_emulator::sample;
use restaurant_tests::fault_proxy::Seen;

const ANY_BEARER: &str = "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11";
const AT_PAGES: &str = "B4 B5 D3 D4 D5 D6 D7 D8 D9";

pub(super) static SOME_REQUESTS: Kind = &[
    (
        "any bearer at get_details",
        |it| it.message["params"]["name"] == "get_details_mcp" && it.token().is_some(),
        ANY_BEARER,
    ),
    (
        "any bearer at resources/read",
        |it| it.rpc() == "resources/read" && it.token().is_some(),
        ANY_BEARER,
    ),
    (
        "any bearer without initialize",
        |it| it.header("mcp-protocol-version") == "2026-07-28" && it.token().is_some(),
        ANY_BEARER,
    ),
    ("any bearer at details", |it| it.path == "/details/1" && it.token().is_some(), AT_PAGES),
    ("any bearer with a form", |it| it.path == "/add" && it.token().is_some(), AT_PAGES),
];

fn is_forged(it: &Seen<'_>) -> bool {
    !it.is_signed() && it.claims()["tid"] == sample::TENANT_ID.to_string()
}

fn alg(it: &Seen<'_>) -> String {
    it.token_header()["alg"].as_str().unwrap_or_default().to_owned()
}

pub(super) static LOOKALIKES: Kind = &[
    ("alg PS256", |it| alg(it) == "PS256" && it.claims_access(), "D20"),
    ("alg RS512", |it| alg(it) == "RS512" && it.claims_access(), "D20"),
    ("alg EdDSA", |it| alg(it) == "EdDSA" && it.claims_access(), "D20"),
    ("alg HS512", |it| alg(it) == "HS512" && it.claims_access(), "D20"),
    (
        "a secret of examples",
        |it| it.is_signed_with(b"your-256-bit-secret") && it.claims_access(),
        "D20",
    ),
    ("a default secret", |it| it.is_signed_with(b"changeme") && it.claims_access(), "D20"),
    ("no key id", |it| it.token_header()["kid"].is_null() && is_forged(it), "D20"),
    (
        "a key id that is an address",
        |it| {
            let kid = it.token_header()["kid"].as_str().map(str::to_owned).unwrap_or_default();
            kid.starts_with("https://")
        },
        "D20",
    ),
    (
        "the key of an unknown issuer",
        |it| it.claims()["iss"] == "https://attacker.example/" && is_forged(it),
        "D20",
    ),
    ("no issuer", |it| it.claims()["iss"].is_null() && is_forged(it), "D20"),
    ("version 2.0 is not verified", |it| it.claims()["ver"] == "2.0" && is_forged(it), "D20"),
    (
        "people's tokens are not verified",
        |it| it.claims()["scp"] == "user_impersonation" && is_forged(it),
        "D20",
    ),
    ("roles as a text", |it| it.claims()["roles"].is_string() && is_forged(it), "D20"),
    ("audiences as a list", |it| it.claims()["aud"].is_array() && is_forged(it), "D20"),
    ("a critical extension", |it| it.token_header()["crit"].is_array(), "D20"),
    ("an encrypted token's type", |it| it.token_header()["enc"].is_string(), "D20"),
    ("alg None at a page", |it| it.is_page() && alg(it) == "None" && it.claims_access(), "D20"),
    (
        "an ID token at tools/list",
        |it| it.rpc() == "tools/list" && it.is_signed() && it.claims()["nonce"].is_string(),
        "D20",
    ),
    (
        "an ID token at a page",
        |it| it.is_page() && it.is_signed() && it.claims()["nonce"].is_string(),
        "D20",
    ),
    (
        "an audience by its end",
        |it| {
            let audience = it.claims()["aud"].as_str().map(str::to_owned).unwrap_or_default();
            let client = sample::API.to_string();
            it.is_signed() && audience.len() > 2 * client.len() && audience.ends_with(&client)
        },
        "D20",
    ),
    (
        "a role by its beginning",
        |it| {
            let is_one = |role: &str| role.len() > 10 && role.starts_with("MCP.Access");
            has_role(it, is_one)
        },
        "D20",
    ),
    (
        "a role by its end",
        |it| has_role(it, |role| role.len() > 10 && role.ends_with("MCP.Access")),
        "D20",
    ),
    (
        "a scope by its beginning",
        |it| has_scope(it, |scope| scope.starts_with("user_impersonation.")),
        "D11 D19",
    ),
    ("a scope in other case", |it| has_scope(it, |scope| scope == "User_Impersonation"), "D11 D19"),
];

fn has_role(it: &Seen<'_>, is_one: impl Fn(&str) -> bool) -> bool {
    let claims = it.claims();
    let roles = claims["roles"].as_array().into_iter().flatten();
    it.is_signed() && roles.filter_map(|role| role.as_str()).any(is_one)
}

fn has_scope(it: &Seen<'_>, is_one: impl Fn(&str) -> bool) -> bool {
    let claims = it.claims();
    it.is_signed() && claims["scp"].as_str().unwrap_or_default().split(' ').any(is_one)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_validated_in_part_turn_a_case_red() {
    assert_eq!(super::surprises(&[SOME_REQUESTS, LOOKALIKES]).await, [""; 0]);
}
