//! After each single step undone by hand, `doctor` names it; and its command mends it.

use easyauth_emulator::sample::{FOUNDRY_AGENT, TENANT_ID, object_id};
use entra_admin::{Finding, Problem, Remedy};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::tenant::{CHECKS, METADATA_SETTING, OTHER_AGENT, POLICY, Tenant, set_up};

const ENTRA: &str = "/identityProviders/azureActiveDirectory";

/// Something that somebody does by hand.
type Undo = fn(&Tenant);
/// Whether that is the problem.
type Names = fn(&Problem) -> bool;

/// In the order in which they are looked for.
const UNDONE: &[(&str, Undo, Names)] = &[
    (
        "client id",
        |it| it.set(&format!("{ENTRA}/registration/clientId"), Value::Null),
        |it| matches!(it, Problem::NoRegistration),
    ),
    (
        "registration",
        |it| {
            let id = it.client_id();
            it.directory(|all| all.applications.retain(|it| it.app_id != id));
        },
        |it| matches!(it, Problem::RegistrationMissing { .. }),
    ),
    (
        "identifier URI",
        |it| it.application(|it| it.identifier_uris.clear()),
        |it| matches!(it, Problem::NoIdentifierUri),
    ),
    (
        "scope",
        |it| it.application(|it| it.api.oauth2_permission_scopes.clear()),
        |it| matches!(it, Problem::ScopeMissing),
    ),
    (
        "scope's switch",
        |it| it.application(|it| it.api.oauth2_permission_scopes[0].is_enabled = false),
        |it| matches!(it, Problem::ScopeDisabled),
    ),
    (
        "role",
        |it| it.application(|it| it.app_roles.clear()),
        |it| matches!(it, Problem::RoleMissing),
    ),
    (
        "role's switch",
        |it| it.application(|it| it.app_roles[0].is_enabled = false),
        |it| matches!(it, Problem::RoleDisabled),
    ),
    (
        "role's members",
        |it| it.application(|it| it.app_roles[0].allowed_member_types = vec!["User".to_owned()]),
        |it| matches!(it, Problem::RoleNotForApplications),
    ),
    (
        "service principal",
        |it| {
            let id = it.client_id();
            it.directory(|all| all.service_principals.retain(|it| it.app_id != id));
        },
        |it| matches!(it, Problem::PrincipalMissing),
    ),
    (
        "platform",
        |it| it.set("/platform/enabled", json!(false)),
        |it| matches!(it, Problem::PlatformOff),
    ),
    (
        "action",
        |it| {
            it.set("/globalValidation/unauthenticatedClientAction", json!("RedirectToLoginPage"));
        },
        |it| matches!(it, Problem::AnonymousAllowed { found, .. } if found == "RedirectToLoginPage"),
    ),
    (
        "requirement",
        |it| it.set("/globalValidation/requireAuthentication", json!(false)),
        |it| matches!(it, Problem::AnonymousAllowed { .. }),
    ),
    (
        "provider",
        |it| it.set(&format!("{ENTRA}/enabled"), json!(false)),
        |it| matches!(it, Problem::ProviderOff),
    ),
    (
        "issuer",
        |it| {
            let other = format!("https://login.microsoftonline.com/{FOUNDRY_AGENT}/v2.0");
            it.set(&format!("{ENTRA}/registration/openIdIssuer"), json!(other));
        },
        |it| matches!(it, Problem::Issuer { found } if found.ends_with("/v2.0")),
    ),
    (
        "audience",
        |it| it.set(&format!("{ENTRA}/validation/allowedAudiences"), json!(["api://other"])),
        |it| matches!(it, Problem::AudienceMissing { .. }),
    ),
    (
        "both lists",
        |it| [POLICY, CHECKS].iter().for_each(|list| it.set(list, json!([]))),
        |it| matches!(it, Problem::ListsEmpty),
    ),
    (
        "one list",
        |it| {
            it.set(POLICY, json!([it.client_id(), FOUNDRY_AGENT]));
            it.set(CHECKS, json!([it.client_id()]));
        },
        |it| matches!(it, Problem::ListsDiffer { client } if *client == FOUNDRY_AGENT),
    ),
    (
        "metadata",
        |it| {
            it.site(|site| site.app_settings.insert(METADATA_SETTING.to_owned(), String::new()));
        },
        |it| matches!(it, Problem::MetadataMissing),
    ),
    (
        "assignment",
        |it| {
            let agent = object_id(FOUNDRY_AGENT);
            it.directory(|all| all.assignments.retain(|it| it.principal_id != agent));
        },
        |it| matches!(it, Problem::AgentWithoutRole { agent } if agent.app_id == FOUNDRY_AGENT),
    ),
    (
        "places in the lists",
        |it| [POLICY, CHECKS].iter().for_each(|list| it.set(list, json!([it.client_id()]))),
        |it| matches!(it, Problem::AgentNotListed { agent } if agent.app_id == FOUNDRY_AGENT),
    ),
    (
        "redirect address",
        |it| it.application(|it| it.other["web"]["redirectUris"] = json!([])),
        |it| matches!(it, Problem::RedirectUriMissing { address } if address.ends_with("/aad/callback")),
    ),
    (
        "id tokens",
        |it| it.application(|it| it.other["web"]["implicitGrantSettings"] = json!(null)),
        |it| matches!(it, Problem::NoIdTokens),
    ),
    (
        "proof's setting",
        |it| {
            it.site(|site| site.app_settings.remove("OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"));
        },
        |it| matches!(it, Problem::SecretSettingMissing { .. }),
    ),
    (
        "proof's credential",
        |it| it.application(|it| it.federated_credentials.clear()),
        |it| matches!(it, Problem::FederatedCredentialMissing { .. }),
    ),
];

async fn diagnosed(tenant: &Tenant) -> Option<Finding> {
    tenant.admin().doctor(&[]).await.unwrap()
}

/// Takes the remedies until nothing is wrong.
async fn mend(tenant: &Tenant, what: &str) {
    for _ in 0..4 {
        let Some(finding) = diagnosed(tenant).await else { return };
        match finding.remedy {
            Remedy::Setup { client_id } => {
                let admin = tenant.admin();
                let admin = client_id.into_iter().fold(admin, entra_admin::Admin::with_client_id);
                drop(admin.setup(&set_up()).await.unwrap());
            }
            Remedy::Preauthorize(id) => drop(tenant.admin().preauthorize(&[id]).await.unwrap()),
            Remedy::Remove(id) => drop(tenant.admin().remove(&[id]).await.unwrap()),
            remedy => panic!("{what}: {remedy}"),
        }
    }
    panic!("{what} is not mended: {:?}", diagnosed(tenant).await);
}

#[tokio::test]
async fn each_step_that_is_undone_is_named_and_mended() {
    let tenant = Tenant::with_agent().await;
    for (what, undo, names) in UNDONE {
        assert_eq!(diagnosed(&tenant).await, None, "before the {what} is undone");
        undo(&tenant);
        let finding = diagnosed(&tenant).await.unwrap_or_else(|| panic!("{what}: not found"));
        assert!(names(&finding.problem), "{what}: {finding}");
        let by_command = !matches!(
            finding.remedy,
            Remedy::Revoke(_) | Remedy::RemoveExcludedPath | Remedy::ClearConfigFile
        );
        assert!(by_command, "{what}: {finding}");
        mend(&tenant, what).await;
        tenant.admin().preauthorize(&[FOUNDRY_AGENT]).await.unwrap();
        let answer = tenant.call(FOUNDRY_AGENT).await;
        assert_eq!(answer, (StatusCode::OK, json!(["MCP.Access"])), "{what}");
    }
}

#[tokio::test]
async fn the_first_of_several_is_named() {
    let tenant = Tenant::with_agent().await;
    // The registration and its client id cannot be undone both.
    for (what, undo, names) in UNDONE[2..].iter().rev() {
        undo(&tenant);
        let finding = tenant.admin().doctor(&[FOUNDRY_AGENT]).await.unwrap().unwrap();
        assert!(names(&finding.problem), "{what}: {finding}");
    }
}

#[tokio::test]
async fn an_agent_for_whom_nothing_was_done_is_named_when_asked_for() {
    let tenant = Tenant::with_agent().await;
    assert_eq!(diagnosed(&tenant).await, None);
    let finding = tenant.admin().doctor(&[FOUNDRY_AGENT, OTHER_AGENT]).await.unwrap().unwrap();
    assert_eq!(finding.remedy, Remedy::Preauthorize(object_id(OTHER_AGENT)));
    assert!(finding.problem.to_string().contains("Other agent (ServiceIdentity"), "{finding}");
}

#[tokio::test]
async fn who_left_the_tenant_is_taken_out_of_the_list_that_names_them() {
    let tenant = Tenant::with_agent().await;
    let (own, nobody) = (tenant.client_id(), Uuid::new_v4());
    tenant.set(POLICY, json!([own, FOUNDRY_AGENT, nobody]));
    let finding = diagnosed(&tenant).await.unwrap();
    assert_eq!(finding.remedy, Remedy::Remove(nobody));
    mend(&tenant, "the list").await;
    assert_eq!(tenant.setting(POLICY), json!([own, FOUNDRY_AGENT]));
}

/// `~1` runs the newest version, and the mixture of both forms locates the metadata.
#[tokio::test]
async fn what_the_portal_writes_is_good() {
    let tenant = Tenant::with_agent().await;
    tenant.set("/platform/runtimeVersion", json!("~1"));
    let issuer = format!("https://sts.windows.net/{TENANT_ID}/v2.0");
    tenant.set(&format!("{ENTRA}/registration/openIdIssuer"), json!(issuer));
    assert_eq!(diagnosed(&tenant).await, None);
    assert_eq!(tenant.call(FOUNDRY_AGENT).await.0, StatusCode::OK);
}

#[tokio::test]
async fn both_forms_of_the_issuer_are_good() {
    let tenant = Tenant::with_agent().await;
    let issuer = format!("https://sts.windows.net/{TENANT_ID}/");
    tenant.set(&format!("{ENTRA}/registration/openIdIssuer"), json!(issuer));
    assert_eq!(diagnosed(&tenant).await, None);

    // Where tokens are of version 2.0, they never name the older one.
    tenant.application(|it| it.api.requested_access_token_version = Some(2));
    assert_eq!(tenant.call(FOUNDRY_AGENT).await.0, StatusCode::UNAUTHORIZED);
    let finding = diagnosed(&tenant).await.expect("the issuer is found");
    assert!(matches!(finding.problem, Problem::Issuer { .. }), "{finding}");
    mend(&tenant, "issuer").await;
    assert_eq!(tenant.call(FOUNDRY_AGENT).await.0, StatusCode::OK);
}

/// Nobody is to be shut out because a list lacks somebody, least of all the app itself.
#[tokio::test]
async fn lists_that_differ_cost_nobody_their_place() {
    for checks in [json!([]), Value::Null, json!([FOUNDRY_AGENT])] {
        let tenant = Tenant::with_agent().await;
        tenant.set(CHECKS, checks.clone());
        mend(&tenant, "the list").await;
        for list in [POLICY, CHECKS] {
            let clients = tenant.setting(list);
            let clients = clients.as_array().unwrap();
            let has = |client: Uuid| clients.contains(&json!(client));
            assert!(has(tenant.client_id()) && has(FOUNDRY_AGENT), "{checks}: {clients:?}");
        }
    }
}

#[tokio::test]
async fn the_remedy_names_the_registration() {
    let tenant = Tenant::with_agent().await;
    tenant.set("/platform/enabled", json!(false));
    let remedy = diagnosed(&tenant).await.unwrap().remedy;
    assert_eq!(remedy, Remedy::Setup { client_id: Some(tenant.client_id()) });
}

#[tokio::test]
async fn a_caller_who_need_not_be_known_is_told() {
    let tenant = Tenant::with_agent().await;
    tenant.set("/globalValidation/requireAuthentication", json!(false));
    let said = diagnosed(&tenant).await.unwrap().problem.to_string();
    assert!(said.contains("requireAuthentication is false"), "{said}");
}

/// What `setup` leaves alone, since somebody else put it there, is told all the same.
#[tokio::test]
async fn what_makes_the_settings_void_is_told() {
    for path in ["/*", "/mcp", "/mcp/*", "/m*"] {
        let tenant = Tenant::with_agent().await;
        tenant.set("/globalValidation/excludedPaths", json!(["/healthz", path]));
        let finding = diagnosed(&tenant).await.unwrap_or_else(|| panic!("{path}: not found"));
        assert!(finding.to_string().contains(&format!("excludes {path} ")), "{finding}");
    }
    let tenant = Tenant::with_agent().await;
    tenant.set("/globalValidation/excludedPaths", json!(["/healthz", "/menu", "/menu/*"]));
    assert_eq!(diagnosed(&tenant).await, None);
    tenant.site(|site| site.auth_settings["platform"]["configFilePath"] = json!("auth.json"));
    let said = diagnosed(&tenant).await.unwrap().to_string();
    assert!(said.contains("configFilePath"), "{said}");
}
