//! Every kind of caller at every way to write: the tools and the forms give the same rights, a browser session aside.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use easyauth_emulator::{Cloud, sample};
use reqwest::{Client, redirect::Policy};
use restaurant_tests::{
    mcp,
    server::{Server, ServerBuilder},
};
use serde_json::{Value, json};

use super::{
    attack::{self, Lines, bearer},
    forge::Forge,
    people,
    protected_server::{Deployment, ProtectedServer},
};

/// A caller, and the statuses that the two tools and the two forms answer.
struct Row {
    name: &'static str,
    lines: Lines,
    tools: u16,
    forms: u16,
}

/// A caller with the same rights everywhere.
fn row(name: &'static str, lines: Lines, writes: bool) -> Row {
    if writes { Row { name, lines, tools: 200, forms: 303 } } else { refused(name, lines, 403) }
}

fn refused(name: &'static str, lines: Lines, status: u16) -> Row {
    Row { name, lines, tools: status, forms: status }
}

/// Programs, by token.
fn programs(cloud: &Cloud) -> Vec<Row> {
    let token = |changes: &[(&str, Value)]| changed(Forge::agent(cloud), changes);
    let no_kind = || ("idtyp", Value::Null);
    let scope = || ("scp", json!("user_impersonation"));
    let no_roles = || ("roles", Value::Null);
    vec![
        row("a program with the role", token(&[]), true),
        row("a program without it", token(&[no_roles()]), false),
        row("a program with another role", token(&[("roles", json!(["MCP.Read"]))]), false),
        row("a program with the scope", token(&[no_roles(), scope()]), false),
        row("a program by its subject alone", token(&[no_kind()]), true),
        row("the same without the role", token(&[no_kind(), no_roles()]), false),
        row("an unclear kind without a subject", token(&[no_kind(), ("sub", Value::Null)]), false),
        row("an unclear kind", token(&[no_kind(), ("sub", json!("pairwise"))]), false),
        row(
            "an unclear kind that is named like a person",
            token(&[no_kind(), ("sub", json!("pairwise")), ("name", json!("Ann"))]),
            false,
        ),
    ]
}

/// People through a program, by token.
fn people_through_programs(cloud: &Cloud) -> Vec<Row> {
    let token = |changes: &[(&str, Value)]| changed(Forge::person(cloud), changes);
    let no_kind = || ("idtyp", Value::Null);
    let scope = |scope: &str| ("scp", json!(scope));
    let no_scope = || ("scp", Value::Null);
    let role = || ("roles", json!(["MCP.Access"]));
    let app = || ("appid", json!(sample::API));
    vec![
        row("a person through a program", token(&[]), true),
        row("the same without idtyp", token(&[no_kind()]), true),
        row("with one scope more", token(&[scope("Other user_impersonation")]), true),
        row("with another scope", token(&[scope("Other")]), false),
        row("with another scope, without idtyp", token(&[scope("Other"), no_kind()]), false),
        row("with no scope's name", token(&[scope("")]), false),
        row("without scopes", token(&[no_scope()]), false),
        row("without scopes and idtyp", token(&[no_scope(), no_kind()]), false),
        row("with the role and no scope", token(&[no_scope(), role()]), false),
        row("with the role, without idtyp", token(&[no_scope(), no_kind(), role()]), false),
        row("with the role and another scope", token(&[scope("Other"), role()]), false),
        row("through the app, with another scope", token(&[scope("Other"), app()]), false),
    ]
}

fn changed(forge: Forge<'_>, changes: &[(&str, Value)]) -> Lines {
    let forge = changes.iter().fold(forge, |forge, (name, value)| forge.claim(name, value.clone()));
    bearer(forge.sign())
}

/// Requests that say nothing of their caller, or too much.
fn nobody(cloud: &Cloud) -> Vec<Row> {
    let good = changed(Forge::agent(cloud), &[]);
    let twice = [good.clone(), changed(Forge::agent(cloud), &[])].concat();
    let and_basic = [good, attack::authorization("Basic YTpi")].concat();
    vec![
        refused("nobody", Vec::new(), 401),
        refused("two tokens", twice, 401),
        refused("a token and another scheme", and_basic, 401),
        refused("a look-alike", vec![("X_MS_CLIENT_PRINCIPAL".into(), session(&[]))], 401),
        refused("a client's own header", vec![(NAME.into(), session(&[]))], 401),
    ]
}

/// What is wrong with the answers; and how many restaurants and reviews should have been added by each way.
async fn run(origin: &str, rows: &[Row]) -> (Vec<String>, i64) {
    let (mut wrong, mut written) = (Vec::new(), 0);
    for Row { name, lines, tools, forms } in rows {
        for (way, expected) in [("create_review_mcp", tools), ("create_restaurant_mcp", tools)]
            .into_iter()
            .chain([("/review/1", forms), ("/add", forms)])
        {
            let (status, body) = write(origin, lines, way).await;
            if status != *expected {
                wrong.push(format!("{name}, {way}: {status}, and not {expected}"));
            } else if status == 403 && way.starts_with('/') && !body.contains("You may not do this")
            {
                wrong.push(format!("{name}, {way}: not the page of a 403: {body}"));
            }
        }
        written += i64::from(*tools == 200) + i64::from(*forms == 303);
    }
    (wrong, written)
}

/// Writes by one way: the status and the body of the answer.
async fn write(origin: &str, lines: &Lines, way: &str) -> (u16, String) {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let review =
        json!({"restaurant_id": 1, "user_name": "Mallory", "rating": 1, "review_text": "x"});
    let restaurant = json!({"restaurant_name": "x", "street_address": "x", "description": "x"});
    let call = |arguments: &Value| {
        mcp::post(&client, format!("{origin}/mcp"), &mcp::tool_call(way, arguments))
    };
    let form = |fields: &[(&str, &str)]| client.post(format!("{origin}{way}")).form(fields);
    let mut request = match way {
        "create_review_mcp" => call(&review),
        "create_restaurant_mcp" => call(&restaurant),
        "/add" => form(&[("restaurant_name", "x"), ("street_address", "x"), ("description", "x")]),
        _ => form(&[("user_name", "Mallory"), ("rating", "1"), ("review_text", "x")]),
    };
    for (name, value) in lines {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// How many restaurants there are, and how many reviews of the first, for a caller who may read them.
async fn counts(origin: &str, reader: &Lines) -> [i64; 2] {
    let call = async |tool: &str, arguments: Value| {
        let call = mcp::tool_call(tool, &arguments);
        let mut request = mcp::post(&Client::new(), format!("{origin}/mcp"), &call);
        for (name, value) in reader {
            request = request.header(name, value);
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["result"]["structuredContent"].clone()
    };
    let list = call("list_restaurants_mcp", json!({})).await;
    let details = call("get_details_mcp", json!({"restaurant_id": 1})).await;
    let reviews = &details["restaurant"]["review_count"];
    [list["total"].as_i64().unwrap(), reviews.as_i64().unwrap()]
}

/// Tries every row, and counts what was written.
async fn all(origin: &str, reader: &Lines, rows: Vec<Row>) {
    let before = counts(origin, reader).await;
    let (wrong, written) = run(origin, &rows).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(counts(origin, reader).await, before.map(|count| count + written));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_use_the_tools_may_not_send_forms() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        let cloud = protected.cloud();
        let mut rows = programs(cloud);
        rows.extend(people_through_programs(cloud));
        rows.extend(nobody(cloud));
        if deployment == Deployment::Entra {
            // The platform's own header does not know this kind.
            let device = changed(Forge::agent(cloud), &[("idtyp", json!("device"))]);
            rows.push(row("a device", device, false));
        } else {
            let cookie = people::cookie(&protected).await;
            let lines = vec![("cookie".to_owned(), cookie)];
            // In the mode of both, the server wants a token as well.
            let (tools, forms) =
                if deployment == Deployment::Platform { (403, 303) } else { (401, 401) };
            rows.push(Row { name: "a person at a browser", lines, tools, forms });
        }
        let reader = changed(Forge::agent(cloud), &[]);
        all(&protected.url(""), &reader, rows).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_is_asked_everybody_writes_and_nobody_is_believed() {
    let server = Server::builder().start().await.unwrap();
    let cases = [("nobody", Vec::new()), ("a forged header", vec![(NAME.into(), session(&[]))])];
    let rows = cases.map(|(name, lines)| row(name, lines, true)).into();
    all(&server.url(""), &Vec::new(), rows).await;
}

const NAME: &str = "X-MS-CLIENT-PRINCIPAL";

/// The platform's header for somebody who signed in at a browser, but for these claims: an empty value takes one away.
pub fn session(changes: &[(&str, &str)]) -> String {
    let (tenant, app) = (sample::TENANT_ID.to_string(), sample::API.to_string());
    let mut claims = vec![
        ("aud", app.as_str()),
        ("iss", "https://login.microsoftonline.com/7e4a0000-0000-4000-8000-000000000000/v2.0"),
        ("aio", "AXQAi"),
        ("name", "Ann"),
        ("nonce", "n"),
        ("http://schemas.microsoft.com/identity/claims/objectidentifier", "0e15"),
        ("preferred_username", "ann@sample.example"),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier", "pairwise"),
        ("http://schemas.microsoft.com/identity/claims/tenantid", tenant.as_str()),
        ("ver", "2.0"),
    ];
    claims.retain(|(typ, _)| !changes.iter().any(|(changed, _)| changed == typ));
    claims.extend(changes.iter().filter(|(_, val)| !val.is_empty()));
    let claims: Vec<_> = claims.iter().map(|(typ, val)| json!({"typ": typ, "val": val})).collect();
    let principal =
        json!({"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"});
    STANDARD.encode(principal.to_string())
}

/// What the platform itself might send.
fn platforms() -> Vec<Row> {
    const SUBJECT: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
    const SCOPE: &str = "http://schemas.microsoft.com/identity/claims/scope";
    let app = sample::API.to_string();
    let client = sample::INTERACTIVE.to_string();
    let of = |changes: &[(&str, &str)]| vec![(NAME.to_owned(), session(changes))];
    let person =
        |name, changes: &[(&str, &str)]| Row { name, lines: of(changes), tools: 403, forms: 303 };
    vec![
        person("a session", &[]),
        person("a session that names the app as its client", &[("azp", &app)]),
        person("a session with a role", &[("roles", "MCP.Access")]),
        person("a session of an app in capitals", &[("aud", &app.to_uppercase())]),
        row("no audience", of(&[("aud", "")]), false),
        row("another audience", of(&[("aud", &client)]), false),
        row("the audience of an access token", of(&[("aud", &format!("api://{app}"))]), false),
        row("another client", of(&[("azp", &client)]), false),
        row("another client in version 1.0", of(&[("appid", &client)]), false),
        row(
            "another client's with the role",
            of(&[("azp", &client), ("roles", "MCP.Access")]),
            false,
        ),
        row("another scope", of(&[(SCOPE, "Other")]), false),
        row("another scope for the app", of(&[("scp", "Other"), ("azp", &app)]), false),
        row("the scope", of(&[("scp", "user_impersonation"), ("azp", &client)]), true),
        row("a program's subject", of(&[(SUBJECT, "0e15")]), false),
        row("a program", of(&[("idtyp", "app")]), false),
        row("a program with the role", of(&[("idtyp", "app"), ("roles", "MCP.Access")]), true),
        refused("two headers", [of(&[]), of(&[])].concat(), 401),
        refused(
            "two headers, one empty",
            [of(&[]), vec![(NAME.into(), String::new())]].concat(),
            401,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_sign_in_to_the_app_itself_is_a_person() {
    let program = [("idtyp", "app"), ("roles", "MCP.Access")];
    let reader = vec![(NAME.to_owned(), session(&program))];
    let app = sample::API.to_string();
    for (entra, platforms_own) in [(app.as_str(), ""), ("", app.as_str())] {
        let protected = ProtectedServer::with(Deployment::Platform, |server| {
            server.env("ENTRA_CLIENT_ID", entra).env("WEBSITE_AUTH_CLIENT_ID", platforms_own)
        })
        .await;
        all(&protected.server.url(""), &reader, platforms()).await;
    }
    // Where no app is named, the platform's word for the audience is taken.
    let protected =
        ProtectedServer::with(Deployment::Platform, |server| server.env("ENTRA_CLIENT_ID", ""))
            .await;
    let rows = platforms().into_iter().filter(|row| row.name != "another audience");
    all(&protected.server.url(""), &reader, rows.collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_and_people_have_budgets_of_their_own() {
    let protected = ProtectedServer::with(Deployment::Platform, |server| {
        server.env("WRITE_BUDGET_AGENT", "1/hour").env("WRITE_BUDGET_PERSON", "2/hour")
    })
    .await;
    let origin = protected.server.url("");
    let client = sample::INTERACTIVE.to_string();
    let program = [("idtyp", "app"), ("roles", "MCP.Access")];
    let for_a_person = [("scp", "user_impersonation"), ("azp", &client)];
    let callers: [(&[(&str, &str)], _, _); 3] = [
        (&program, "create_review_mcp", 1),
        (&for_a_person, "create_review_mcp", 1),
        (&[], "/review/1", 2),
    ];
    for (claims, way, budget) in callers {
        let lines = vec![(NAME.to_owned(), session(claims))];
        let mut exhausted = Vec::new();
        for _ in 0..=budget {
            let (status, body) = write(&origin, &lines, way).await;
            exhausted.push(status == 429 || body.contains("budget_exhausted"));
        }
        let expected: Vec<_> = (0..=budget).map(|number| number == budget).collect();
        assert_eq!(exhausted, expected, "{way}: {claims:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_are_confirmed_where_the_settings_say_so() {
    let is_asked = async |server: &Server, lines: Lines| {
        write(&server.url(""), &lines, "create_review_mcp")
            .await
            .1
            .contains("confirmation_required")
    };
    let settings = [("never", "true"), ("agents", "true"), ("always", "true"), ("always", "false")];
    let program = vec![(NAME.to_owned(), session(&[("idtyp", "app"), ("roles", "MCP.Access")]))];
    let mut asked = Vec::new();
    for (whose, required) in settings {
        let env = |server: ServerBuilder| {
            server.env("CONFIRM_WRITES", whose).env("REQUIRE_CONFIRMATION", required)
        };
        let open = env(Server::builder()).start().await.unwrap();
        let protected = ProtectedServer::with(Deployment::Platform, env).await;
        let anonymous = is_asked(&open, Vec::new()).await;
        asked.push((anonymous, is_asked(&protected.server, program.clone()).await));
    }
    assert_eq!(asked, [(false, false), (false, true), (true, true), (false, false)]);
}

/// What the page of a restaurant offers at posts to somebody who signed in and wrote one.
async fn offered(protected: &ProtectedServer, roles: &str) -> [bool; 2] {
    let (origin, claims) = (protected.server.url(""), [("roles", roles)]);
    let lines = vec![(NAME.to_owned(), session(&claims))];
    assert_eq!(write(&origin, &lines, "/review/1").await.0, 303);
    let page = Client::new().get(format!("{origin}/details/1")).header(NAME, session(&claims));
    let page = page.send().await.unwrap().text().await.unwrap();
    ["Undo", "Hide"].map(|action| page.contains(action))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_are_taken_back_as_the_settings_say() {
    let protected = ProtectedServer::start(Deployment::Platform).await;
    assert_eq!(offered(&protected, "Other").await, [true, false]);
    assert!(offered(&protected, "Reviews.Moderate").await[1]);
    let protected = ProtectedServer::with(Deployment::Platform, |server| {
        server.env("UNDO_MINUTES", "0").env("MODERATE_ROLE", "Other")
    })
    .await;
    assert_eq!(offered(&protected, "Reviews.Moderate").await, [false, false]);
    assert_eq!(offered(&protected, "Other").await, [false, true]);
}
