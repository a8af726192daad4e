//! The owners that a new object gets.

use uuid::Uuid;

use super::{body::Body, error::GraphError};
use crate::{Directory, caller::Caller};

pub(super) const RESOURCE: &str = "DirectoryObject";

/// The property of a new object that names its owners.
const BIND: &str = "owners@odata.bind";

/// The owners of a new object: those that the body names, and a person who creates it. A program that creates an object in its
/// own name becomes an owner only if the body names it.
pub(super) fn named(
    body: &mut Body,
    directory: &Directory,
    caller: &Caller,
) -> Result<Vec<Uuid>, GraphError> {
    let named: Vec<String> = body.get(BIND, RESOURCE)?.unwrap_or_default();
    body.0.remove(BIND);
    let mut owners = of_new(caller);
    for address in named {
        let id = referenced(directory, &address)?;
        if !owners.contains(&id) {
            owners.push(id);
        }
    }
    Ok(owners)
}

/// The owner of what a caller makes.
pub(super) fn of_new(caller: &Caller) -> Vec<Uuid> {
    caller.object_id.filter(|_| caller.is_delegated).into_iter().collect()
}

/// The person or service principal that an address of Graph names.
pub(super) fn referenced(directory: &Directory, address: &str) -> Result<Uuid, GraphError> {
    let id = address.rsplit('/').next().and_then(|id| id.parse::<Uuid>().ok());
    let id = id.ok_or_else(|| GraphError::invalid_value("owners", RESOURCE))?;
    let is_there = directory.users.iter().any(|user| user.id == id)
        || directory.service_principals.iter().any(|principal| principal.id == id);
    if is_there { Ok(id) } else { Err(GraphError::not_found(id)) }
}
