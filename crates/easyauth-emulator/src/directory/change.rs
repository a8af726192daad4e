//! Changes that concern more than one object: roles given and taken, names shared.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AppRoleAssignment, Directory};

impl Directory {
    /// Gives a principal a role of the application whose service principal is `resource_id`, checking nothing, and tells the assignment's id.
    pub fn assign(&mut self, principal_id: Uuid, resource_id: Uuid, app_role_id: Uuid) -> String {
        let random = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
        let id = URL_SAFE_NO_PAD.encode(random);
        let assignment =
            AppRoleAssignment { id: id.clone(), principal_id, resource_id, app_role_id };
        self.assignments.push(assignment);
        id
    }

    /// Registers a redirect URI of the platform `web` for an application; nothing happens where it is registered, or there is
    /// no such application.
    pub fn add_redirect_uri(&mut self, app_id: Uuid, uri: &str) {
        let mut applications = self.applications.iter_mut();
        let Some(application) = applications.find(|found| found.app_id == app_id) else { return };
        let web = application.other.entry("web").or_insert_with(|| json!({}));
        let uris = web.as_object_mut().map(|web| web.entry("redirectUris").or_insert(json!([])));
        if let Some(uris) = uris.and_then(Value::as_array_mut)
            && !uris.contains(&json!(uri))
        {
            uris.push(json!(uri));
        }
    }

    /// Names the service principal of an application.
    pub(crate) fn name_service_principal(&mut self, app_id: Uuid, name: &str) {
        let mut principals = self.service_principals.iter_mut();
        if let Some(principal) = principals.find(|principal| principal.app_id == app_id) {
            name.clone_into(&mut principal.display_name);
        }
    }

    /// Removes a service principal, and every role that it has or gave.
    pub(crate) fn remove_service_principal(&mut self, id: Uuid) {
        self.service_principals.retain(|principal| principal.id != id);
        self.assignments
            .retain(|assignment| assignment.principal_id != id && assignment.resource_id != id);
    }
}
