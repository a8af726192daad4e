//! The requirement: an app role for applications, a scope for users, and no similar name.

use axum::{Router, routing::get};
use easyauth::{Principal, PrincipalKind, ProtectedResource, Requirement, RequirementLayer};
use http::{Request, StatusCode};
use serde_json::json;

use crate::{
    client_principal::{OBJECT_ID, header},
    layers::unauthorized,
    service::{answer, app, request_of, resource, seen},
};

async fn status_with(claims: &[(&str, &str)]) -> StatusCode {
    let header = header(&[&[("oid", OBJECT_ID)], claims].concat());
    answer(&app(), request_of("/mcp/mcp", &header)).await.status()
}

#[tokio::test]
async fn the_role_opens_for_programs_and_the_scope_for_people() {
    let open: [&[(&str, &str)]; 5] = [
        &[("idtyp", "app"), ("roles", "MCP.Access")],
        &[("idtyp", "app"), ("roles", "Other"), ("roles", "MCP.Access")],
        &[("sub", OBJECT_ID), ("roles", "MCP.Access")],
        &[("idtyp", "user"), ("scp", "openid user_impersonation")],
        &[("scp", "user_impersonation")],
    ];
    for claims in open {
        assert_eq!(status_with(claims).await, StatusCode::OK, "{claims:?}");
    }
    let shut: [&[(&str, &str)]; 14] = [
        &[],
        &[("idtyp", "app")],
        &[("idtyp", "app"), ("roles", "MCP.AccessX")],
        &[("idtyp", "app"), ("roles", "XMCP.Access")],
        &[("idtyp", "app"), ("roles", "mcp.access")],
        &[("idtyp", "app"), ("roles", "MCP.Access Other")],
        &[("idtyp", "app"), ("roles", "[\"MCP.Access\"]")],
        &[("idtyp", "app"), ("roles", "MCP.*")],
        &[("idtyp", "app"), ("scp", "user_impersonation")],
        &[("idtyp", "user"), ("roles", "MCP.Access")],
        &[("scp", "user_impersonationX")],
        &[("scp", "User_Impersonation")],
        &[("scp", "user_impersonation,other")],
        &[("scp", "other\tuser_impersonation")],
    ];
    for claims in shut {
        assert_eq!(status_with(claims).await, StatusCode::FORBIDDEN, "{claims:?}");
    }
}

#[tokio::test]
async fn a_person_with_the_role_still_needs_the_scope() {
    let claims = [("scp", "other"), ("sub", OBJECT_ID), ("roles", "MCP.Access")];
    assert_eq!(status_with(&claims).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_403_tells_which_scope_to_ask_for_and_nothing_else() {
    let header = header(&[("oid", OBJECT_ID), ("idtyp", "app")]);
    for path in ["/mcp", "/mcp/mcp"] {
        let response = answer(&app(), request_of(path, &header)).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let challenge = format!(
            "Bearer error=\"insufficient_scope\", \
             resource_metadata=\"https://reviews.example/.well-known/oauth-protected-resource{path}\", \
             scope=\"api://reviews/user_impersonation\""
        );
        assert_eq!(response.headers()["www-authenticate"], challenge);
        let body = json!({
            "error": "insufficient_scope",
            "error_description":
                "The caller lacks an app role or a scope that this operation requires.",
            "resource_metadata":
                format!("https://reviews.example/.well-known/oauth-protected-resource{path}"),
            "scope": "api://reviews/user_impersonation",
        });
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(*response.body(), body.to_string());
    }
}

#[tokio::test]
async fn without_an_authentication_layer_nobody_passes() {
    let requirement = Requirement::role_or_scope("MCP.Access", "user_impersonation");
    let app = Router::new()
        .route("/", get(seen))
        .route_layer(RequirementLayer::new(requirement, resource()));
    let header = header(&[("oid", OBJECT_ID), ("idtyp", "app"), ("roles", "MCP.Access")]);
    let response = answer(&app, request_of("/", &header)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(*response.body(), unauthorized(""));
    // A route layer does not apply to unknown paths.
    assert_eq!(answer(&app, Request::get("/unknown")).await.status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_requirement_can_be_asked_without_a_request() {
    let requirement = Requirement::role_or_scope("write", "write_scope");
    let program = Principal::new(PrincipalKind::Application, "a");
    assert!(requirement.is_met_by(&program.clone().with_roles(["write"])));
    assert!(!requirement.is_met_by(&program.with_scopes(["write_scope"])));
    let person = Principal::new(PrincipalKind::User, "b");
    assert!(requirement.is_met_by(&person.clone().with_scopes(["write_scope"])));
    assert!(!requirement.is_met_by(&person.with_roles(["write"])));
}

#[test]
fn a_role_counts_for_every_kind_of_caller_and_a_scope_for_users() {
    let [role, scope] = [Requirement::role("Read"), Requirement::scope("Read")];
    let program = Principal::new(PrincipalKind::Application, "a");
    let person = Principal::new(PrincipalKind::User, "b");
    for (caller, has_role, has_scope) in [
        (program.clone().with_roles(["Read"]), true, false),
        (program.with_scopes(["Read"]), false, false),
        (person.clone().with_roles(["Read"]), true, false),
        (person.clone().with_roles(["Read"]).with_session(), true, false),
        (person.clone().with_scopes(["Read"]), false, true),
        (person.clone().with_roles(["ReadX", "read"]).with_scopes(["ReadX", "read"]), false, false),
        (person, false, false),
    ] {
        assert_eq!((role.is_met_by(&caller), scope.is_met_by(&caller)), (has_role, has_scope));
    }
}

#[test]
fn requirements_combine() {
    let person = |roles: &[&str], scopes: &[&str]| {
        let person = Principal::new(PrincipalKind::User, "b");
        person.with_roles(roles.iter().copied()).with_scopes(scopes.iter().copied())
    };
    let both = Requirement::all([Requirement::role("Write"), Requirement::scope("use")]);
    let admin = Requirement::any([both.clone(), Requirement::role("Admin")]);
    for (caller, meets_both, meets_admin) in [
        (person(&["Write"], &["use"]), true, true),
        (person(&["Write"], &[]), false, false),
        (person(&[], &["use"]), false, false),
        (person(&["Admin"], &[]), false, true),
    ] {
        assert_eq!((both.is_met_by(&caller), admin.is_met_by(&caller)), (meets_both, meets_admin));
    }
    assert!(admin.roles().eq(["Write", "Admin"]) && admin.scopes().eq(["use"]));
    for empty in [Requirement::any([]), Requirement::all([])] {
        assert!(!empty.is_met_by(&person(&["Write"], &["use"])), "{empty:?}");
    }
}

/// The scopes of the challenge for a requirement.
fn challenged(requirement: &Requirement) -> Option<String> {
    let resource = ProtectedResource::new("https://reviews.example").unwrap();
    let resource = resource.scope("api://reviews/Read").unwrap().scope("openid").unwrap();
    let resource = resource.scope("https://other.example/Share").unwrap();
    let response = resource.insufficient_scope(requirement, "/");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    let (_, scopes) = challenge.split_once(", scope=\"")?;
    Some(scopes.strip_suffix('"').unwrap().to_owned())
}

#[test]
fn the_403_names_the_scopes_of_its_requirement() {
    let scope = |name: &str| Requirement::scope(name);
    for (requirement, scopes) in [
        (scope("Read"), Some("api://reviews/Read")),
        (scope("openid"), Some("openid")),
        (scope("Share"), Some("https://other.example/Share")),
        (scope("Write"), Some("api://reviews/Write")),
        (Requirement::role("Write"), None),
        (Requirement::role_or_scope("R", "Write"), Some("api://reviews/Write")),
        (
            Requirement::all([scope("Read"), Requirement::any([scope("Write"), scope("Read")])]),
            Some("api://reviews/Read api://reviews/Write"),
        ),
        (scope("a\", error=\"x"), None),
        (scope("a b"), None),
    ] {
        assert_eq!(challenged(&requirement).as_deref(), scopes, "{requirement:?}");
    }
}
