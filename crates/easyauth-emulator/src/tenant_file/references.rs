//! Properties of agents that name other objects of the file, by an id or a name.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    TenantFileError,
    read::{is, one, typed},
};
use crate::{Directory, InheritablePermission};

/// The property of an agent identity that names its blueprint.
const BLUEPRINT: &str = "agentIdentityBlueprintId";
/// The property of a user account that names its agent identity.
const PARENT: &str = "identityParentId";
/// The property of a blueprint that lists APIs, and the property of an entry that names one.
const INHERITABLE: &str = "inheritablePermissions";
const RESOURCE: &str = "resourceAppId";

/// The values of these properties, each with the place of its object in its list.
pub(super) struct References {
    blueprints: Vec<(usize, Value)>,
    parents: Vec<(usize, Value)>,
    inheritable: Vec<(usize, Value)>,
}

impl References {
    /// Takes them out of a document.
    pub(super) fn take(document: &mut Value) -> Self {
        let mut take = |list: &str, property: &str| {
            let objects = document.get_mut(list).and_then(Value::as_array_mut);
            let objects = objects.into_iter().flatten().enumerate();
            let taken = objects.filter_map(|(at, it)| {
                Some((at, it.as_object_mut()?.remove(property)?)).filter(|(_, it)| !it.is_null())
            });
            taken.collect::<Vec<_>>()
        };
        Self {
            blueprints: take("servicePrincipals", BLUEPRINT),
            parents: take("users", PARENT),
            inheritable: take("applications", INHERITABLE),
        }
    }

    /// Sets the properties in the tenant whose objects were read from the same document, in its order.
    pub(super) fn resolve(self, directory: &mut Directory) -> Result<(), TenantFileError> {
        for (at, list) in self.inheritable {
            let mut entries: Vec<Value> = typed(list, "applications: inheritablePermissions")?;
            for entry in &mut entries {
                let api = application(directory, "applications.resourceAppId", &entry[RESOURCE])?;
                entry[RESOURCE] = json!(api);
            }
            let entries = typed(json!(entries), "applications: inheritablePermissions")?;
            let entries: Vec<InheritablePermission> = entries;
            directory.applications[at].inheritable_permissions = entries;
        }
        for (at, name) in self.blueprints {
            let blueprint =
                application(directory, "servicePrincipals.agentIdentityBlueprintId", &name)?;
            directory.service_principals[at].agent_identity_blueprint_id = Some(blueprint);
        }
        for (at, name) in self.parents {
            let name = name.as_str().unwrap_or_default();
            let agents = directory.service_principals.iter().filter(|it| is(name, it));
            let parent = one(agents.map(|it| it.id), "users.identityParentId", name)?;
            directory.users[at].identity_parent_id = Some(parent);
        }
        Ok(())
    }
}

/// The client id of the application of an id or a name.
fn application(
    directory: &Directory,
    place: &'static str,
    name: &Value,
) -> Result<Uuid, TenantFileError> {
    let name = name.as_str().unwrap_or_default();
    let named = directory.applications.iter().filter(|it| {
        it.display_name == name || it.app_id.to_string() == name || it.id.to_string() == name
    });
    one(named.map(|it| it.app_id), place, name)
}
