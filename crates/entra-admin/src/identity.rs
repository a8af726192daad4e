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
}

impl Identity {
    pub(crate) fn read(object: &Value) -> Option<Self> {
        let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
        let kind = text("servicePrincipalType");
        let object_id = text("id").parse().ok()?;
        // An agent's two ids are the same, and Graph's reference of agentIdentity has only the first.
        let of_agent = (kind == "ServiceIdentity").then_some(object_id);
        let app_id = text("appId").parse().ok().or(of_agent)?;
        Some(Self { object_id, app_id, name: printable(&text("displayName")), kind })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, application id {})", self.name, self.kind, self.app_id)
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

    use super::Identity;

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
}
