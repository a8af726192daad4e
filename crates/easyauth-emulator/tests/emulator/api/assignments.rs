//! App role assignments and the mistakes that people make with them.

use easyauth_emulator::sample::USER;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::tenant::{AGENT, Answer, MANAGED, Tenant};

/// An application with two roles, one for applications and one for people, and its service principal.
struct Resource {
    tenant: Tenant,
    id: String,
    for_applications: Uuid,
    for_people: Uuid,
}

impl Resource {
    async fn start() -> Self {
        let tenant = Tenant::start().await;
        let [for_applications, for_people] = [Uuid::new_v4(), Uuid::new_v4()];
        let body = json!({ "displayName": "Reviews", "appRoles": [
            { "id": for_applications, "value": "MCP.Access", "allowedMemberTypes": ["Application"] },
            { "id": for_people, "value": "Guest", "allowedMemberTypes": ["User"] },
        ]});
        let application = tenant.post("/applications", body).await.expect(StatusCode::CREATED);
        let body = json!({ "appId": application.text("appId") });
        let principal = tenant.post("/servicePrincipals", body).await.expect(StatusCode::CREATED);
        let id = principal.text("id").to_owned();
        Self { tenant, id, for_applications, for_people }
    }

    fn body(&self, principal: Uuid, role: Uuid) -> Value {
        json!({ "principalId": principal, "resourceId": self.id, "appRoleId": role })
    }

    async fn assign(&self, principal: Uuid, role: Uuid) -> Answer {
        let path = format!("/servicePrincipals/{}/appRoleAssignedTo", self.id);
        self.tenant.post(&path, self.body(principal, role)).await
    }

    async fn count(&self) -> usize {
        let path = format!("/servicePrincipals/{}/appRoleAssignedTo", self.id);
        self.tenant.get(&path).await.body["value"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn a_role_is_given_once_and_taken_back() {
    let resource = Resource::start().await;
    let given = resource.assign(AGENT, resource.for_applications).await.expect(StatusCode::CREATED);
    assert_eq!(given.body["principalDisplayName"], "Foundry agent");
    assert_eq!(given.body["resourceDisplayName"], "Reviews");
    let again = resource.assign(AGENT, resource.for_applications).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert_eq!(again.code(), "Request_BadRequest");
    assert_eq!(again.message(), "Permission being assigned already exists on the object");
    assert_eq!(resource.count().await, 1);

    let other = format!("/servicePrincipals/{MANAGED}/appRoleAssignments/{}", given.text("id"));
    assert_eq!(resource.tenant.delete(&other).await.status, StatusCode::NOT_FOUND);
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo/{}", resource.id, given.text("id"));
    resource.tenant.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(resource.tenant.delete(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(resource.count().await, 0);
}

#[tokio::test]
async fn a_role_is_given_from_the_principals_side_too() {
    let resource = Resource::start().await;
    let path = format!("/servicePrincipals/{MANAGED}/appRoleAssignments");
    let body = resource.body(MANAGED, resource.for_applications);
    let given = resource.tenant.post(&path, body).await.expect(StatusCode::CREATED);
    assert_eq!(resource.count().await, 1);
    let path = format!("{path}/{}", given.text("id"));
    resource.tenant.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(resource.count().await, 0);
}

#[tokio::test]
async fn the_application_needs_a_service_principal() {
    let tenant = Tenant::start().await;
    let application = tenant.application("Reviews").await;
    let id = application.text("id");
    let body = json!({ "principalId": AGENT, "resourceId": id, "appRoleId": Uuid::new_v4() });
    let path = format!("/servicePrincipals/{id}/appRoleAssignedTo");
    let answer = tenant.post(&path, body).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.code(), "Request_ResourceNotFound");
    assert_eq!(
        answer.message(),
        format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        )
    );
}

#[tokio::test]
async fn the_role_is_there_enabled_and_for_such_members() {
    let resource = Resource::start().await;
    for (principal, role) in [
        (AGENT, Uuid::new_v4()),
        (AGENT, resource.for_people),
        (USER, resource.for_applications),
        (AGENT, Uuid::nil()),
    ] {
        let answer = resource.assign(principal, role).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.code(), "Request_BadRequest");
        let message = "Permission being assigned was not found on application";
        assert!(answer.message().starts_with(message), "{answer:?}");
    }
    let given = resource.assign(USER, resource.for_people).await.expect(StatusCode::CREATED);
    assert_eq!(given.body["principalType"], "User");
}

#[tokio::test]
async fn the_body_names_everything_and_agrees_with_the_path() {
    let resource = Resource::start().await;
    let nobody = resource.assign(Uuid::new_v4(), resource.for_applications).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
    assert_eq!(nobody.message(), "Not a valid reference update.");
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo", resource.id);
    for property in ["principalId", "resourceId", "appRoleId"] {
        let mut body = resource.body(AGENT, resource.for_applications);
        body[property] = Value::Null;
        let answer = resource.tenant.post(&path, body).await.expect(StatusCode::BAD_REQUEST);
        assert!(answer.message().contains(property), "{answer:?}");
    }
    let path = format!("/servicePrincipals/{AGENT}/appRoleAssignedTo");
    let body = resource.body(AGENT, resource.for_applications);
    resource.tenant.post(&path, body).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(resource.count().await, 0);
}

#[tokio::test]
async fn a_deleted_service_principal_takes_its_assignments_along() {
    let resource = Resource::start().await;
    resource.assign(AGENT, resource.for_applications).await.expect(StatusCode::CREATED);
    resource.assign(MANAGED, resource.for_applications).await.expect(StatusCode::CREATED);
    let path = format!("/servicePrincipals/{AGENT}");
    resource.tenant.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(resource.count().await, 1);
    assert_eq!(resource.tenant.get(&path).await.status, StatusCode::NOT_FOUND);
}
