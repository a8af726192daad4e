//! Agent identities, their blueprints and their user accounts: in tokens, in the app's header, and in a tenant's file.

use easyauth_emulator::{
    Directory, InheritanceKind, Options, Recorded, TenantFile,
    sample::{self, AGENT_IDENTITY, AGENT_USER, API, BLUEPRINT, INTERACTIVE, USER, object_id},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Site,
    headers::{principal, values},
};

const SCOPES: [&str; 1] = ["user_impersonation"];
const CLIENTS: &str = "/identityProviders/azureActiveDirectory/validation/defaultAuthorizationPolicy/allowedApplications";
const CHECKS: &str =
    "/identityProviders/azureActiveDirectory/validation/jwtClaimChecks/allowedClientApplications";

async fn site() -> Site {
    let site = Site::new().await;
    *site.cloud().directory() = Directory::sample_with_agents();
    for list in [CLIENTS, CHECKS] {
        site.change(list, json!([AGENT_IDENTITY, INTERACTIVE]));
    }
    site
}

/// The claims with these names, in the token and in the header that the app gets for it.
async fn both(site: &Site, claims: &Value, names: &[&str]) -> [Value; 2] {
    let token = site.cloud().sign(&site.cloud().token_header(), claims);
    let answer = site.get("/x").bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    let header = principal(&answer["headers"]);
    let of_token = names.iter().map(|name| claims[*name].clone()).collect();
    let of_header = names.iter().map(|name| values(&header, name).pop().unwrap_or_default());
    [Value::Array(of_token), of_header.collect()]
}

#[tokio::test]
async fn an_agent_has_the_roles_and_the_claims_of_its_blueprint() {
    let site = site().await;
    let claims = site.cloud().app_claims(AGENT_IDENTITY, API).unwrap();
    assert_eq!(claims["roles"], json!(["MCP.Access"]));
    assert_eq!(claims["oid"], json!(object_id(AGENT_IDENTITY)));
    let names = ["idtyp", "appid", "appidacr", "xms_act_fct", "xms_sub_fct", "xms_par_app_azp"];
    let expected = json!(["app", AGENT_IDENTITY, "2", "3 9 11", "3 9 11", BLUEPRINT]);
    assert_eq!(both(&site, &claims, &names).await, [expected.clone(), expected]);
    let client = site.cloud().app_claims(sample::AGENT, API).unwrap();
    assert_eq!((&client["xms_act_fct"], &client["appidacr"]), (&Value::Null, &json!("1")));
}

#[tokio::test]
async fn a_role_is_inherited_where_the_blueprint_says_so() {
    let site = site().await;
    let roles =
        |site: &Site| site.cloud().app_claims(AGENT_IDENTITY, API).unwrap()["roles"].clone();
    let change = |change: &dyn Fn(&mut Directory)| change(&mut site.cloud().directory());
    change(&|all| {
        let mut all = all.applications.iter_mut();
        let blueprint = all.find(|it| it.is_blueprint).unwrap();
        blueprint.inheritable_permissions[0].inheritable_roles.kind = InheritanceKind::None;
    });
    assert_eq!(roles(&site), Value::Null);
    change(&|all| *all = Directory::sample_with_agents());
    assert_eq!(roles(&site), json!(["MCP.Access"]));
    change(&|all| all.assignments.retain(|it| it.principal_id != object_id(BLUEPRINT)));
    assert_eq!(roles(&site), Value::Null);
}

#[tokio::test]
async fn an_agents_user_account_is_a_user_and_no_person() {
    let site = site().await;
    let cloud = site.cloud();
    let claims = cloud.user_claims(AGENT_USER, AGENT_IDENTITY, API, &SCOPES).unwrap();
    let names = ["idtyp", "appid", "xms_act_fct", "xms_sub_fct", "xms_par_app_azp"];
    let expected = json!(["user", AGENT_IDENTITY, "3 9 11", "3 13", BLUEPRINT]);
    assert_eq!(both(&site, &claims, &names).await, [expected.clone(), expected]);
    assert_eq!(
        (&claims["oid"], &claims["scp"]),
        (&json!(AGENT_USER), &json!("user_impersonation"))
    );

    // For a person the subject has no facet of an agent, also where an agent acts.
    let claims = cloud.user_claims(USER, AGENT_IDENTITY, API, &SCOPES).unwrap();
    assert_eq!((&claims["xms_act_fct"], &claims["xms_sub_fct"]), (&json!("3 9 11"), &json!("2 3")));
    // No other client gets a token of the account, and no person signs in to it.
    assert_eq!(cloud.user_claims(AGENT_USER, INTERACTIVE, API, &SCOPES), None);
    let login = site.get("/.auth/login/aad").send().await.unwrap();
    let page = login.headers()["location"].to_str().unwrap();
    let page = super::client().get(page).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Ada Sample") && !page.contains("user account"), "{page}");
}

#[tokio::test]
async fn a_disabled_agent_gets_no_token() {
    let site = site().await;
    {
        let mut directory = site.cloud().directory();
        let mut all = directory.service_principals.iter_mut();
        let agent = all.find(|it| it.app_id == AGENT_IDENTITY).unwrap();
        agent.other.insert("accountEnabled".to_owned(), json!(false));
    }
    assert_eq!(site.cloud().app_claims(AGENT_IDENTITY, API), None);
    let endpoint = format!("{}?resource=api://{API}", site.cloud().identity_endpoint());
    let endpoint = format!("{endpoint}&client_id={AGENT_IDENTITY}&api-version=2019-08-01");
    let request = super::client().get(endpoint);
    let request = request.header("X-IDENTITY-HEADER", site.cloud().identity_header());
    assert_eq!(request.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn groups_of_the_settings_are_those_of_the_token() {
    let site = site().await;
    let group = Uuid::from_u128(7);
    let validation = "/identityProviders/azureActiveDirectory/validation";
    for (part, name) in
        [("jwtClaimChecks", "allowedGroups"), ("defaultAuthorizationPolicy", "allowedPrincipals")]
    {
        let saved = site.cloud().sites()[0].auth_settings.clone();
        let list = json!([group]);
        let list = if name == "allowedGroups" { list } else { json!({ "groups": list }) };
        let mut changed = saved.pointer(&format!("{validation}/{part}")).unwrap().clone();
        changed[name] = list;
        site.change(&format!("{validation}/{part}"), changed);
        for (groups, status) in [(vec![], 403), (vec![Uuid::nil()], 403), (vec![group], 200)] {
            {
                let mut directory = site.cloud().directory();
                let mut users = directory.users.iter_mut();
                users.find(|it| it.id == USER).unwrap().groups.clone_from(&groups);
            }
            let claims = site.cloud().user_claims(USER, INTERACTIVE, API, &SCOPES).unwrap();
            let token = site.cloud().sign(&site.cloud().token_header(), &claims);
            let answer = site.get("/x").bearer_auth(token).send().await.unwrap();
            assert_eq!(answer.status(), status, "{name}: {groups:?}");
        }
        site.cloud().sites()[0].auth_settings = saved;
    }
}

const FILE: &str = r#"
tenantId = "7e4a0000-0000-4000-8000-000000000001"

[[applications]]
displayName = "Reviews"
appRoles = [{ value = "MCP.Access" }]

[[applications]]
displayName = "Blueprint"
agentIdentityBlueprint = true
inheritablePermissions = [{ resourceAppId = "Reviews", inheritableRoles = { kind = "allAllowed" } }]

[[servicePrincipals]]
displayName = "Planner"
servicePrincipalType = "ServiceIdentity"
agentIdentityBlueprintId = "Blueprint"

[[users]]
displayName = "Planner's account"
userPrincipalName = "planner@own.example"
identityParentId = "Planner"
groups = ["00000000-0000-0000-0000-000000000007"]

[[appRoleAssignments]]
principal = "Blueprint"
resource = "Reviews"
role = "MCP.Access"
"#;

#[tokio::test]
async fn agents_are_in_a_tenants_file_and_written_to_it() {
    let read = TenantFile::from_toml(FILE).unwrap();
    let again = TenantFile::from_toml(&read.to_toml().unwrap()).unwrap();
    let json = TenantFile::from_json(&read.to_json()).unwrap();
    for file in [read, again, json] {
        let directory = file.directory;
        let named =
            |name: &str| directory.applications.iter().find(|it| it.display_name == name).unwrap();
        let mut principals = directory.service_principals.iter();
        let agent = principals.find(|it| it.is_agent_identity()).unwrap();
        assert_eq!(agent.agent_identity_blueprint_id, Some(named("Blueprint").app_id));
        assert_eq!(directory.roles(agent.id, named("Reviews")), ["MCP.Access"]);
        assert_eq!(directory.users[0].identity_parent_id, Some(agent.id));
        assert_eq!(directory.users[0].groups, [Uuid::from_u128(7)]);
    }
    for (old, new, word) in [
        ("resourceAppId = \"Reviews\"", "resourceAppId = \"Ghost\"", "Ghost"),
        (
            "agentIdentityBlueprintId = \"Blueprint\"",
            "agentIdentityBlueprintId = \"Ghost\"",
            "Ghost",
        ),
        ("identityParentId = \"Planner\"", "identityParentId = \"Ghost\"", "Ghost"),
        ("allAllowed", "enumerated", "enumerated"),
    ] {
        let error = TenantFile::from_toml(&FILE.replacen(old, new, 1)).unwrap_err().to_string();
        assert!(error.contains(word), "{new}: {error}");
    }
}

const RECORDED: &str = r#"
url = "https://reviews.example"

[answers.takes_agent_identities]
answer = false
date = "2026-11-29"

[answers.takes_v1_issuer]
answer = true
date = "2026-11-29"

[answers.metadata_status]
answer = 200
date = "2026-11-28"
"#;

#[tokio::test]
async fn recorded_answers_decide_what_the_gateway_accepts() {
    let recorded = Recorded::from_toml(RECORDED).unwrap();
    assert_eq!(Recorded::from_toml(&recorded.to_toml().unwrap()).unwrap(), recorded);
    let mut options = Options::default();
    assert_eq!(recorded.apply(&mut options).unwrap(), ["metadata_status"]);
    let site = Site::with(options.gateway).await;
    *site.cloud().directory() = Directory::sample_with_agents();
    for list in [CLIENTS, CHECKS] {
        site.change(list, json!([AGENT_IDENTITY, sample::AGENT]));
    }
    for (client, status) in [(sample::AGENT, 200), (AGENT_IDENTITY, 403)] {
        let claims = site.cloud().app_claims(client, API).unwrap();
        let token = site.cloud().sign(&site.cloud().token_header(), &claims);
        let answer = site.get("/x").bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), status, "{client}");
    }
    for (old, new) in [("answer = false", "answer = 1"), ("url =", "nonsense =")] {
        let text = RECORDED.replacen(old, new, 1);
        let applied =
            Recorded::from_toml(&text).map(|it| it.apply(&mut Options::default()).is_err());
        assert!(applied.unwrap_or(true), "{new}");
    }
}

/// The sample as a file is the sample, so that one's own tenant can start from it.
#[test]
fn the_sample_is_a_tenants_file() {
    let value = |mut file: TenantFile| -> Value {
        // Graph makes the ids of assignments.
        file.directory.assignments.iter_mut().for_each(|it| it.id.clear());
        // As values: the order of members says nothing.
        serde_json::from_str(&file.to_json()).unwrap()
    };
    let file = TenantFile::from_toml(include_str!("../../../src/sample/tenant.toml")).unwrap();
    let site = sample::site("app", sample::AUTH_SETTINGS).unwrap();
    let sample = TenantFile::new(Directory::sample_with_agents(), vec![site]);
    assert_eq!(value(file), value(sample));
}
