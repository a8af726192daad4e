//! Apps that take some headers and some forms of them for a credential.

use super::{Kind, is_bare};
use restaurant_tests::fault_proxy::Seen;

fn authorization(it: &Seen<'_>) -> String {
    let value = it.headers.get("authorization").map(|it| it.as_bytes().to_vec());
    String::from_utf8_lossy(&value.unwrap_or_default()).into_owned()
}

pub(super) static NO_PROPER_TOKEN: Kind = &[
    ("a tab after the scheme", |it| authorization(it).starts_with("Bearer\t"), "D17"),
    ("two spaces after the scheme", |it| authorization(it).starts_with("Bearer  "), "D17"),
    ("a colon after the scheme", |it| authorization(it).starts_with("Bearer:"), "D17"),
    ("an empty Authorization", |it| it.has("authorization") && authorization(it).is_empty(), "D17"),
    ("a long token", |it| authorization(it).len() > 6000, "D17"),
    ("a token that is not ASCII", |it| !authorization(it).is_ascii(), "D17"),
    ("five parts", |it| authorization(it).split('.').count() == 5, "D17"),
    ("two tokens in a header", |it| authorization(it).contains(", Bearer"), "D17"),
    ("DPoP", |it| authorization(it).starts_with("DPoP "), "D17"),
    ("HMAC", |it| authorization(it).starts_with("HMAC-SHA256 "), "D17"),
    ("a forwarded Authorization", |it| it.has("x-forwarded-authorization"), "D17"),
    ("a forwarded token", |it| it.has("x-forwarded-access-token"), "D17"),
    ("the platform's access token", |it| it.has("x-ms-token-aad-access-token"), "D17"),
    ("the platform's ID token", |it| it.has("x-ms-token-aad-id-token"), "D17"),
    ("a certificate of a client", |it| it.has("x-arr-clientcert"), "D17"),
    (
        "a certificate that a proxy checked",
        |it| it.header("x-ssl-client-verify") == "SUCCESS",
        "D17",
    ),
    ("the assertion of another platform", |it| it.has("x-goog-iap-jwt-assertion"), "D17"),
    ("the assertion of a load balancer", |it| it.has("x-amzn-oidc-data"), "D17"),
    ("a cookie of Node.js", |it| it.header("cookie").contains("connect.sid="), "D17"),
    ("a cookie of Java", |it| it.header("cookie").contains("JSESSIONID="), "D17"),
    ("a cookie of ASP.NET", |it| it.header("cookie").contains(".AspNetCore.Cookies="), "D17"),
    (
        "the list of tools on the connection of a good caller",
        |it| is_bare(it) && it.memory.is_after_a_good_request() && it.rpc() == "tools/list",
        "D17",
    ),
    (
        "a cached page",
        |it| it.is_anonymous() && it.is_page() && it.memory.has_just_answered(it),
        "D17",
    ),
    (
        "a cached answer",
        |it| it.is_anonymous() && it.rpc() == "tools/call" && it.memory.has_just_answered(it),
        "D17",
    ),
    ("the query's oauth_token", |it| super::in_query(it, "oauth_token"), "D15"),
    ("the query's authorization", |it| super::in_query(it, "authorization"), "D15"),
];

pub(super) static SAID: Kind = &[
    ("the address of another proxy", |it| it.has("cf-connecting-ip"), "D18"),
    ("the true address", |it| it.has("true-client-ip"), "D18"),
    ("the address of a client", |it| it.has("x-client-ip"), "D18"),
    ("the originating address", |it| it.has("x-originating-ip"), "D18"),
    ("the address of a socket", |it| it.has("x-azure-socketip"), "D18"),
    ("the id of a front end", |it| it.has("x-azure-fdid"), "D18"),
    ("the name of a proxy", |it| it.has("via"), "D18"),
    ("a call of the mesh", |it| it.header("x-envoy-internal") == "true", "D18"),
    ("the host before a proxy", |it| it.has("disguised-host"), "D18"),
    ("a private address", |it| it.header("x-forwarded-for").starts_with("10."), "D18"),
    ("the platform's own address", |it| it.header("x-forwarded-for") == "168.63.129.16", "D18"),
    ("an address of version 6", |it| it.header("x-forwarded-for") == "::1", "D18"),
    ("a forwarded e-mail address", |it| it.has("x-forwarded-email"), "D18"),
    ("a user of another proxy", |it| it.has("x-auth-request-user"), "D18"),
    ("a user of a web server", |it| it.has("x-webauth-user"), "D18"),
    ("groups", |it| it.has("x-forwarded-groups"), "D18"),
    ("scopes", |it| it.has("x-scopes"), "D18"),
    ("an administrator", |it| it.header("x-admin") == "true", "D18"),
    ("a debugger", |it| it.header("x-debug") == "true", "D18"),
    ("a crawler", |it| it.header("user-agent").contains("Googlebot"), "D18"),
    ("a browser", |it| it.header("user-agent").starts_with("Mozilla/"), "D18"),
    ("a front end's probe", |it| it.header("user-agent").contains("Edge Health Probe"), "D18"),
    ("monitoring", |it| it.header("user-agent").contains("Prometheus"), "D18"),
    ("a dot after the host", |it| it.header("host").contains(".:"), "D18"),
    ("a page's origin", |it| it.is_page() && it.has("origin"), "D18"),
    ("a page's referrer", |it| it.is_page() && it.has("referer"), "D18"),
    ("a page's script", |it| it.is_page() && it.has("x-requested-with"), "D18"),
    (
        "the platform's headers at other pages",
        |it| it.path == "/details/1" && it.has("x-ms-client-principal"),
        "D1",
    ),
    ("an underscore in the platform's header", |it| it.has("x_ms_client_principal"), "D1"),
    (
        "two of the platform's headers",
        |it| it.headers.get_all("x-ms-client-principal").iter().count() == 2,
        "D1",
    ),
    (
        "the platform's header as JSON",
        |it| it.header("x-ms-client-principal").starts_with('{'),
        "D1",
    ),
];

pub(super) static HALVES: Kind = &[
    (
        "a role in a header",
        |it| it.is_signed() && super::has_only(it, "roles") && it.has("x-user-roles"),
        "D19",
    ),
    (
        "a role in the query",
        |it| it.is_signed() && super::has_only(it, "roles") && it.query.contains("MCP.Access"),
        "D19",
    ),
    (
        "a role in the message",
        |it| {
            let role = &it.message["params"]["_meta"]["roles"][0];
            it.is_signed() && super::has_only(it, "roles") && role == "MCP.Access"
        },
        "D19",
    ),
    (
        "the signature of one and the claims of another",
        |it| {
            let last = it.headers.get_all("authorization").iter().nth(1);
            let last = last.and_then(|it| it.to_str().ok()?.strip_prefix("Bearer "));
            it.is_signed() && super::has_only(it, "roles") && last.is_some_and(|it| it.len() > 60)
        },
        "D19",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn something_else_in_the_place_of_a_token_turns_a_case_red() {
    assert_eq!(super::surprises(&[NO_PROPER_TOKEN, SAID, HALVES]).await, [""; 0]);
}
