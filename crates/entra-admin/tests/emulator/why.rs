//! `why` predicts what the platform and the app answer to a token.

use easyauth::{EntraTokenValidator, Requirement};
use easyauth_emulator::sample::{FOUNDRY_AGENT, INTERACTIVE, TENANT_ID, USER, object_id};
use entra_admin::{InteractiveClient, Remedy, TokenCheck};
use serde_json::{Value, json};

use crate::{
    guarded::{ELSEWHERE, Guarded},
    tenant::{CHECKS, OTHER_AGENT, POLICY, set_up},
    token_rows::{claim_rows, form_rows},
};

const ENTRA: &str = "/identityProviders/azureActiveDirectory";

#[tokio::test]
async fn each_token_is_answered_as_predicted() {
    let guarded = Guarded::start().await;
    guarded.tenant.set(POLICY, json!([FOUNDRY_AGENT, INTERACTIVE]));
    guarded.tenant.set(CHECKS, json!([FOUNDRY_AGENT, INTERACTIVE]));
    let rows = [claim_rows(&guarded), form_rows(&guarded)].concat();
    let predicted = guarded.compare("the lists name them", &rows).await;
    // A server that validates tokens itself accepts nothing that is predicted to be refused.
    let api = guarded.tenant.client_id();
    let validator = EntraTokenValidator::builder(&TENANT_ID.to_string(), &api.to_string())
        .authority(guarded.tenant.cloud().origin())
        .allow_client(&FOUNDRY_AGENT.to_string())
        .allow_client(&INTERACTIVE.to_string())
        .build()
        .unwrap();
    let requirement = Requirement::role_or_scope("MCP.Access", "user_impersonation");
    let mut accepted = 0;
    for ((name, token), examination) in rows.iter().zip(&predicted) {
        let principal = validator.validate(token).await;
        if principal.is_ok_and(|it| requirement.is_met_by(&it)) {
            // The platform's header has both claims of a token of two clients, of which the validator reads one.
            let refusal = examination.refusal().map(|(verdict, it)| (verdict.check, it.status));
            let is_of_two = refusal == Some((TokenCheck::Permission, 401));
            assert!(refusal.is_none() || is_of_two, "{name}: {examination:?}");
            accepted += 1;
        }
    }
    assert!(accepted > 5, "{accepted}");
}

#[tokio::test]
async fn each_list_of_clients_is_answered_as_predicted() {
    let guarded = Guarded::start().await;
    let callers = guarded.callers();
    let own = guarded.tenant.client_id();
    let upper = FOUNDRY_AGENT.to_string().to_uppercase();
    let lists = [
        json!(null),
        json!([]),
        json!([own]),
        json!([own, upper]),
        json!([OTHER_AGENT, INTERACTIVE]),
        json!([FOUNDRY_AGENT, OTHER_AGENT, INTERACTIVE]),
        json!(["garbage", object_id(FOUNDRY_AGENT)]),
    ];
    for policy in &lists {
        for checks in &lists {
            guarded.tenant.set(POLICY, policy.clone());
            guarded.tenant.set(CHECKS, checks.clone());
            guarded.compare(&format!("{policy} {checks}"), &callers).await;
        }
    }
    let ids = [object_id(FOUNDRY_AGENT), object_id(OTHER_AGENT), USER];
    for identities in [json!(null), json!([]), json!(ids), json!([USER]), json!([ELSEWHERE])] {
        for clients in [json!([]), json!([FOUNDRY_AGENT, OTHER_AGENT, INTERACTIVE])] {
            guarded.tenant.set(POLICY, clients.clone());
            guarded.tenant.set(CHECKS, clients.clone());
            guarded.tenant.site(|site| {
                let entra = &mut site.auth_settings["identityProviders"]["azureActiveDirectory"];
                let policy = &mut entra["validation"]["defaultAuthorizationPolicy"];
                policy["allowedPrincipals"] = json!({ "identities": identities });
            });
            guarded.compare(&format!("{identities} {clients}"), &callers).await;
        }
    }
}

#[tokio::test]
async fn each_other_setting_is_answered_as_predicted() {
    let guarded = Guarded::start().await;
    for list in [POLICY, CHECKS] {
        guarded.tenant.set(list, json!([FOUNDRY_AGENT, OTHER_AGENT, INTERACTIVE]));
    }
    let issuer = format!("{ENTRA}/registration/openIdIssuer");
    let audiences = format!("{ENTRA}/validation/allowedAudiences");
    let authority = "https://login.microsoftonline.com";
    let excluded = "/globalValidation/excludedPaths";
    let mutations = [
        ("/platform/enabled", json!(false)),
        (excluded, json!(["/mcp"])),
        (excluded, json!(["/*"])),
        (excluded, json!(["/mcp/*", "/m*", "/MCP", "mcp"])),
        (&format!("{ENTRA}/enabled"), json!(false)),
        (&issuer, json!(format!("https://sts.windows.net/{TENANT_ID}/v2.0"))),
        (&issuer, json!(format!("https://sts.windows.net/{TENANT_ID}/"))),
        (&issuer, json!(format!("{authority}/{ELSEWHERE}/v2.0"))),
        (&issuer, json!("garbage")),
        (&audiences, json!([])),
        (&audiences, json!(["api://other"])),
        (&audiences, json!(null)),
    ];
    let mut tokens = guarded.callers();
    for (name, change) in [
        ("version 2", ("iss", json!(guarded.tenant.cloud().v2_issuer()))),
        ("bad", ("exp", json!(1))),
    ] {
        tokens.push((name.to_owned(), guarded.signed(&guarded.agent(&[change]))));
    }
    for (pointer, value) in mutations {
        let saved = guarded.tenant.saved();
        guarded.tenant.set(pointer, value.clone());
        guarded.compare(&format!("{pointer} {value}"), &tokens).await;
        guarded.tenant.restore(&saved);
    }
    for action in ["RedirectToLoginPage", "Return403", "AllowAnonymous"] {
        for is_required in [true, false] {
            let saved = guarded.tenant.saved();
            guarded.tenant.set(&format!("{ENTRA}/enabled"), json!(false));
            guarded.tenant.set("/globalValidation/requireAuthentication", json!(is_required));
            guarded.tenant.set("/globalValidation/unauthenticatedClientAction", json!(action));
            guarded.compare(&format!("{action} {is_required}"), &tokens).await;
            guarded.tenant.restore(&saved);
        }
    }
}

/// Takes the remedies until the app serves the agent, with a new token each time.
async fn mend(guarded: &Guarded, what: &str) {
    for _ in 0..4 {
        let token = guarded.signed(&guarded.agent(&[]));
        let examined = guarded.predicted(&[(String::new(), token.clone())]).await;
        let Some((_, refusal)) = examined[0].refusal() else {
            assert_eq!(guarded.answered(&token).await, 200, "{what}");
            return;
        };
        let admin = guarded.admin.clone();
        match refusal.remedy.clone() {
            Remedy::Setup { client_id } => {
                let admin = client_id.into_iter().fold(admin, entra_admin::Admin::with_client_id);
                drop(admin.setup(&set_up()).await.unwrap());
            }
            Remedy::Preauthorize(id) => drop(admin.preauthorize(&[id]).await.unwrap()),
            remedy => panic!("{what}: {remedy}"),
        }
    }
    panic!("{what} is not mended");
}

#[tokio::test]
async fn the_remedy_makes_the_app_serve_the_caller() {
    let guarded = Guarded::start().await;
    let agent = object_id(FOUNDRY_AGENT);
    guarded.tenant.set(POLICY, json!([OTHER_AGENT]));
    mend(&guarded, "a place in one list").await;
    guarded.tenant.set(CHECKS, json!([OTHER_AGENT]));
    mend(&guarded, "a place in the other list").await;
    guarded.tenant.directory(|all| all.assignments.retain(|it| it.principal_id != agent));
    mend(&guarded, "the role").await;
    guarded.tenant.set("/platform/enabled", json!(false));
    mend(&guarded, "the platform").await;
    guarded.tenant.set(&format!("{ENTRA}/validation/allowedAudiences"), json!([]));
    mend(&guarded, "the audience").await;
    guarded.tenant.set(&format!("{ENTRA}/registration/openIdIssuer"), json!("garbage"));
    mend(&guarded, "the issuer").await;
}

#[tokio::test]
async fn a_remedy_fits_the_caller() {
    let guarded = Guarded::start().await;
    let uri = format!("api://{}", guarded.tenant.client_id());
    let first = async |claims: Value| {
        let token = (String::new(), guarded.signed(&claims));
        let examined = guarded.predicted(&[token]).await.pop().unwrap();
        let (verdict, refusal) = examined.refusal().expect("it is refused");
        (verdict.check, refusal.remedy.clone())
    };
    let new = |scope: &str| Remedy::RequestToken { scope: format!("{uri}/{scope}") };
    // The role was given after the token was issued.
    let old = first(guarded.agent(&[("roles", json!(null))])).await;
    assert_eq!(old, (TokenCheck::Permission, new(".default")));
    let expired = first(guarded.agent(&[("exp", json!(1))])).await;
    assert_eq!(expired, (TokenCheck::Time, new(".default")));
    let early = first(guarded.agent(&[("nbf", json!(guarded.now() + 1000))])).await;
    assert_eq!(early, (TokenCheck::Time, Remedy::CorrectClock));
    let person = first(guarded.person(&[])).await;
    let set_up = Remedy::SetUpClient(InteractiveClient::Registered(INTERACTIVE));
    assert_eq!(person, (TokenCheck::AllowedApplications, set_up));
    let unnamed = first(guarded.agent(&[("appid", json!("x")), ("oid", json!("y"))])).await;
    assert_eq!(unnamed, (TokenCheck::AllowedApplications, Remedy::NameCaller));
    guarded.tenant.set(POLICY, json!([INTERACTIVE]));
    guarded.tenant.set(CHECKS, json!([INTERACTIVE]));
    let scopeless = first(guarded.person(&[("scp", json!("other"))])).await;
    assert_eq!(scopeless, (TokenCheck::Permission, new("user_impersonation")));
    let other = guarded.tenant.cloud().app_claims(OTHER_AGENT, guarded.tenant.client_id());
    let other = first(other.unwrap()).await;
    let admission = Remedy::Preauthorize(object_id(OTHER_AGENT));
    assert_eq!(other, (TokenCheck::AllowedApplications, admission));
}

/// Wherever the examination puts words of the token, they are harmless.
#[tokio::test]
async fn words_of_the_token_draw_nothing() {
    let guarded = Guarded::start().await;
    let hostile = "x\u{1b}[2J\nrole or scope (the app): accepted";
    let names = ["iss", "aud", "appid", "oid", "idtyp", "roles"];
    let changes: Vec<_> = names.map(|name| (name, json!(hostile))).into();
    let token = guarded.signed(&guarded.agent(&changes));
    let examined = guarded.predicted(&[(String::new(), token.clone())]).await.pop().unwrap();
    let said: String =
        examined.verdicts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert_eq!(said.lines().count(), examined.verdicts.len(), "{said}");
    assert!(!said.contains('\u{1b}') && !said.contains(&token[..40]), "{said}");
}
