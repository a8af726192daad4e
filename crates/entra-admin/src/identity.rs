//! An allowed identity: any service principal, found by either of its ids.

use std::fmt;

use serde_json::Value;
use uuid::Uuid;

use crate::{Admin, AdminError, printable::printable};

/// A service principal: an agent of Foundry, a managed identity, or an application.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// Its object id: the `oid` of its tokens.
    pub object_id: Uuid,
    /// Its application id: the `appid` or `azp` of its tokens.
    pub app_id: Uuid,
    /// Its name, without control characters.
    pub name: String,
    /// `ServiceIdentity` (agents of Foundry), `ManagedIdentity`, `Application` and so on.
    pub kind: String,
    /// What it is to agents.
    pub agent_role: AgentRole,
    /// Whether it gets tokens (`accountEnabled`).
    pub is_enabled: bool,
}

/// What a service principal is to agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentRole {
    /// An agent identity, of the blueprint with this client id; `None` of an agent from before blueprints.
    Agent(Option<Uuid>),
    /// The service principal of an agent identity blueprint: its agents may inherit its app roles.
    Blueprint,
    /// The managed identity of a Foundry project, which agents from before blueprints call as.
    Project,
    /// Anything else.
    Other,
}

impl AgentRole {
    /// Reads it from a service principal. A managed identity has the resource id of its resource among its
    /// `alternativeNames`. Source: <https://learn.microsoft.com/graph/api/resources/serviceprincipal>.
    fn read(object: &Value) -> Self {
        let text = |name: &str| object[name].as_str().unwrap_or_default();
        let names = object["alternativeNames"].as_array().into_iter().flatten();
        let mut names = names.filter_map(Value::as_str).map(str::to_lowercase);
        let is_project = |name: String| {
            name.contains("/providers/microsoft.cognitiveservices/accounts/")
                && name.contains("/projects/")
        };
        let is_blueprint = [text("@odata.type"), text("servicePrincipalType")]
            .iter()
            .any(|it| it.to_lowercase().ends_with("agentidentityblueprintprincipal"));
        match text("servicePrincipalType") {
            _ if is_blueprint => Self::Blueprint,
            "ServiceIdentity" => Self::Agent(text("agentIdentityBlueprintId").parse().ok()),
            "ManagedIdentity" if names.any(is_project) => Self::Project,
            _ => Self::Other,
        }
    }
}

impl Identity {
    pub(crate) fn read(object: &Value) -> Option<Self> {
        let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
        let kind = text("servicePrincipalType");
        let object_id = text("id").parse().ok()?;
        // An agent's two ids are the same, and Graph's reference of agentIdentity has only the first.
        let of_agent = (kind == "ServiceIdentity").then_some(object_id);
        let app_id = text("appId").parse().ok().or(of_agent)?;
        Some(Self {
            object_id,
            app_id,
            name: printable(&text("displayName")),
            kind,
            agent_role: AgentRole::read(object),
            is_enabled: object["accountEnabled"] != false,
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.name, self.kind)?;
        match self.agent_role {
            AgentRole::Agent(Some(blueprint)) => {
                write!(f, ": agent identity of the blueprint {blueprint}")?;
            }
            AgentRole::Agent(None) => f.write_str(": agent identity without a blueprint")?,
            AgentRole::Blueprint => f.write_str(": agent identity blueprint")?,
            AgentRole::Project => f.write_str(": identity of a Foundry project")?,
            AgentRole::Other => {}
        }
        write!(f, ", application id {})", self.app_id)
    }
}

impl Admin {
    /// The service principal with this object id or application id.
    ///
    /// # Errors
    /// When no object has the id, or its object makes no calls itself; and any of Graph's.
    pub async fn identity(&self, id: Uuid) -> Result<Identity, AdminError> {
        match self.find_identity(id).await? {
            Some(identity) => Ok(identity),
            None => Err(self.explain_missing(id).await?),
        }
    }

    pub(crate) async fn find_identity(&self, id: Uuid) -> Result<Option<Identity>, AdminError> {
        for path in [format!("/{id}"), format!("(appId='{id}')")] {
            if let Some(object) = self.find(&format!("/v1.0/servicePrincipals{path}")).await? {
                return Ok(Identity::read(&object));
            }
        }
        Ok(None)
    }

    async fn any_object(&self, id: Uuid) -> Result<Option<Value>, AdminError> {
        match self.find(&format!("/v1.0/directoryObjects/{id}")).await {
            // An account that may register applications may lack the right to read users; this is not an error.
            Err(AdminError::RequestDenied { .. }) => Ok(None),
            answer => answer,
        }
    }

    /// What the id is, as it is no service principal's.
    async fn explain_missing(&self, id: Uuid) -> Result<AdminError, AdminError> {
        let application = match self.registration_with(&id.to_string()).await? {
            Some(application) => Some(application.0),
            None => self.any_object(id).await?,
        };
        let Some(object) = application else { return Ok(AdminError::IdentityMissing { id }) };
        let text = |name: &str| object[name].as_str().unwrap_or_default();
        let name = printable(text("displayName"));
        let client_id = text("appId").to_owned();
        Ok(match text("@odata.type").trim_start_matches("#microsoft.graph.") {
            "" => AdminError::CallerWithoutPrincipal { name, client_id },
            "application" => AdminError::NotServicePrincipal {
                id,
                kind: format!("registration with the client id {client_id}"),
                name,
            },
            kind => AdminError::NotServicePrincipal { id, kind: printable(kind), name },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{AgentRole, Identity};

    #[test]
    fn an_agent_without_an_application_id_has_the_same_one() {
        let id = "11111111-1111-4111-8111-111111111111";
        let read = |kind: &str| {
            Identity::read(&json!({"id": id, "displayName": "A", "servicePrincipalType": kind}))
        };
        let agent = read("ServiceIdentity").unwrap();
        assert_eq!(agent.app_id, agent.object_id);
        assert_eq!(read("Application"), None);
    }

    #[test]
    fn an_identity_says_what_it_is_to_agents() {
        let id = "11111111-1111-4111-8111-111111111111";
        let project = "/subscriptions/s/resourcegroups/g/providers/Microsoft.CognitiveServices/accounts/a/projects/p";
        let read = |kind: &str, more: serde_json::Value| {
            let mut object = json!({ "id": id, "appId": id, "servicePrincipalType": kind });
            object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Identity::read(&object).unwrap().agent_role
        };
        let blueprint = json!({ "agentIdentityBlueprintId": id });
        assert_eq!(read("ServiceIdentity", blueprint), AgentRole::Agent(id.parse().ok()));
        assert_eq!(read("ServiceIdentity", json!({})), AgentRole::Agent(None));
        let principal =
            json!({ "@odata.type": "#microsoft.graph.agentIdentityBlueprintPrincipal" });
        assert_eq!(read("Application", principal), AgentRole::Blueprint);
        assert_eq!(read("AgentIdentityBlueprintPrincipal", json!({})), AgentRole::Blueprint);
        let names = json!({ "alternativeNames": ["isExplicit=False", project] });
        assert_eq!(read("ManagedIdentity", names.clone()), AgentRole::Project);
        assert_eq!(read("Application", names), AgentRole::Other);
        assert_eq!(read("ManagedIdentity", json!({})), AgentRole::Other);
    }
}
