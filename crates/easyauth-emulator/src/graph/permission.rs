//! Which permissions of Graph a request needs.

use http::{Method, StatusCode};

use super::error::GraphError;
use crate::caller::Caller;

const WRITE: &[&str] = &["Application.ReadWrite.All", "Directory.AccessAsUser.All"];
const ASSIGN: &[&str] = &["AppRoleAssignment.ReadWrite.All", "Directory.AccessAsUser.All"];
/// The permission to assign roles does not include that to read applications, which assigning needs too.
const READ: &[&str] = &[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Directory.Read.All",
];

/// Refuses a caller that may not make this request.
///
/// # Errors
/// `Authorization_RequestDenied`.
pub(crate) fn check(caller: &Caller, method: &Method, path: &str) -> Result<(), GraphError> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let is_open = ["/v1.0/me", "/v1.0/organization"].contains(&path);
    let is_assignment = path.contains("/appRole");
    let may_read = is_open || caller.has_one_of(READ);
    let may_write = caller.has_one_of(if is_assignment { ASSIGN } else { WRITE });
    if may_read && (is_read || may_write) {
        return Ok(());
    }
    let message = "Insufficient privileges to complete the operation.";
    Err(GraphError::new(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message))
}
