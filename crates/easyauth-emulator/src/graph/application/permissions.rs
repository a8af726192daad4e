//! The roles and scopes that an application defines, and what may not become of those in use.

use http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::RESOURCE;
use crate::{
    AppRole, Application, PermissionScope,
    graph::{GraphOptions, error::GraphError},
};

/// A role or scope, to compare.
struct Permission<'a> {
    id: Uuid,
    value: &'a str,
    is_enabled: bool,
    /// All of it but whether it is enabled.
    rest: Value,
}

/// Enables roles and scopes that do not say whether they are, as Graph does.
pub(crate) fn enable_by_default(application: &mut Map<String, Value>) {
    let [roles, scopes] = ["/appRoles", "/api/oauth2PermissionScopes"];
    let mut whole = Value::Object(std::mem::take(application));
    for pointer in [roles, scopes] {
        let items = whole.pointer_mut(pointer).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten().filter_map(Value::as_object_mut) {
            item.entry("isEnabled").or_insert(Value::Bool(true));
        }
    }
    if let Value::Object(whole) = whole {
        *application = whole;
    }
}

/// Checks the new roles and scopes on their own and against the old ones.
pub(super) fn check(
    options: &GraphOptions,
    old: &Application,
    new: &Application,
) -> Result<(), GraphError> {
    if new.app_roles.iter().any(|role| !has_member_types(role)) {
        return Err(GraphError::invalid_value("allowedMemberTypes", RESOURCE));
    }
    let (old_roles, new_roles) = (roles(&old.app_roles), roles(&new.app_roles));
    let old_scopes = scopes(&old.api.oauth2_permission_scopes);
    let new_scopes = scopes(&new.api.oauth2_permission_scopes);
    check_each(&new_roles, "appRoles")?;
    check_each(&new_scopes, "api.oauth2PermissionScopes")?;
    check_kept(options, &old_roles, &new_roles, "appRoles")?;
    check_kept(options, &old_scopes, &new_scopes, "api.oauth2PermissionScopes")
}

fn roles(roles: &[AppRole]) -> Vec<Permission<'_>> {
    let roles = roles.iter().map(|role| Permission {
        id: role.id,
        value: &role.value,
        is_enabled: role.is_enabled,
        rest: json!(AppRole { is_enabled: true, ..role.clone() }),
    });
    roles.collect()
}

fn scopes(scopes: &[PermissionScope]) -> Vec<Permission<'_>> {
    let scopes = scopes.iter().map(|scope| Permission {
        id: scope.id,
        value: &scope.value,
        is_enabled: scope.is_enabled,
        rest: json!(PermissionScope { is_enabled: true, ..scope.clone() }),
    });
    scopes.collect()
}

fn has_member_types(role: &AppRole) -> bool {
    let types = &role.allowed_member_types;
    !types.is_empty() && types.iter().all(|kind| kind == "User" || kind == "Application")
}

fn check_each(permissions: &[Permission<'_>], property: &'static str) -> Result<(), GraphError> {
    for (at, permission) in permissions.iter().enumerate() {
        if permission.id.is_nil() || permission.value.contains(char::is_whitespace) {
            return Err(GraphError::invalid_value(property, RESOURCE));
        }
        let mut earlier = permissions[..at].iter();
        if earlier.any(|other| {
            other.id == permission.id || other.value == permission.value && !other.value.is_empty()
        }) {
            let message = "Request contains a property with duplicate values.";
            return Err(GraphError::bad_request(message).detail("DuplicateValue", property));
        }
    }
    Ok(())
}

fn check_kept(
    options: &GraphOptions,
    old: &[Permission<'_>],
    new: &[Permission<'_>],
    property: &'static str,
) -> Result<(), GraphError> {
    let may_become = |old: &Permission<'_>| match new.iter().find(|new| new.id == old.id) {
        Some(new) => !options.enabled_permissions_are_fixed || new.rest == old.rest,
        None => false,
    };
    if old.iter().filter(|old| old.is_enabled).all(may_become) {
        return Ok(());
    }
    let code = "CannotDeleteOrUpdateEnabledEntitlement";
    let message = "Permission (scope or role) cannot be deleted or updated unless disabled first.";
    Err(GraphError::new(StatusCode::BAD_REQUEST, code, message).detail(code, property))
}
