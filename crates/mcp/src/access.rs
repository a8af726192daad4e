//! The caller of a request, and the caller's permissions.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use axum::http::Extensions;
use restaurant_domain::{Actor, Author, Permission, Permissions};

use crate::operation::Operation;

/// Finds the caller in a request's extensions.
pub(crate) type ActorFrom = dyn Fn(&Extensions) -> Option<Actor> + Send + Sync;
/// Decides whether a caller with the permission for an operation may perform it.
pub(crate) type Policy = dyn Fn(&Actor, Operation) -> bool + Send + Sync;

/// The rules for callers. Nothing in them widens an [`Actor`]'s own permissions.
#[derive(Clone)]
pub(crate) struct Access {
    /// Finds the caller.
    pub(crate) actor_from: Arc<ActorFrom>,
    /// The actor of a request without an actor.
    pub(crate) default_actor: Option<Actor>,
    /// Whether writes are rejected.
    pub(crate) read_only: bool,
    /// The host application's further rule.
    pub(crate) policy: Option<Arc<Policy>>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            actor_from: Arc::new(|extensions| extensions.get().cloned()),
            default_actor: None,
            read_only: false,
            policy: None,
        }
    }
}

impl Access {
    /// The caller. Without one, an actor without permissions.
    pub(crate) fn actor(&self, extensions: Option<&Extensions>) -> Actor {
        let find = || extensions.and_then(|extensions| (self.actor_from)(extensions));
        let Ok(found) = catch_unwind(AssertUnwindSafe(find)) else {
            tracing::error!("McpAdapter::actor_from panicked: the caller may do nothing");
            return nobody();
        };
        found.or_else(|| self.default_actor.clone()).unwrap_or_else(|| {
            tracing::warn!(
                "nobody may use the tools: the request's extensions hold no Actor; put one there in a layer before \
                 the adapter, or choose McpAdapter::actor_from or McpAdapter::default_actor"
            );
            nobody()
        })
    }

    /// Asks whether a caller may have an operation.
    pub(crate) fn check(&self, actor: &Actor, operation: Operation) -> Result<(), Denied> {
        let permission = operation.permission();
        let granted = match permission {
            Permission::Read => actor.may_read().is_ok(),
            Permission::Write => actor.may_write().is_ok(),
            // A right that a later version knows: refused until this one does.
            _ => false,
        };
        if self.read_only && !operation.is_read_only() {
            Err(Denied::ReadOnly)
        } else if !granted {
            Err(Denied::Permission(permission))
        } else if !self.agrees(actor, operation) {
            Err(Denied::Policy)
        } else {
            Ok(())
        }
    }

    /// What a caller may do.
    pub(crate) fn rights(&self, actor: &Actor) -> Rights {
        let allowed = Operation::ALL.into_iter().filter(|it| self.check(actor, *it).is_ok());
        Rights(allowed.fold(0, |bits, operation| bits | bit(operation)))
    }

    /// Whether the host application's policy lets a caller have an operation.
    fn agrees(&self, actor: &Actor, operation: Operation) -> bool {
        let Some(policy) = &self.policy else { return true };
        catch_unwind(AssertUnwindSafe(|| policy(actor, operation))).unwrap_or_else(|_panic| {
            tracing::error!(?operation, "McpAdapter::permission_policy panicked: it denies");
            false
        })
    }
}

/// The operations that a caller may perform, a bit for each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rights(u64);

impl Rights {
    /// Whether an operation is among them.
    pub(crate) fn allow(self, operation: Operation) -> bool {
        self.0 & bit(operation) != 0
    }

    /// The bits.
    pub(crate) fn bits(self) -> u64 {
        self.0
    }
}

fn bit(operation: Operation) -> u64 {
    1 << operation as u32
}

/// An actor without permissions.
fn nobody() -> Actor {
    Actor::new(Author::anonymous(), Permissions::default())
}

/// Why a caller may not have an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    /// They lack a right.
    #[error("you may not {}", right(*.0))]
    Permission(Permission),
    /// The server is read-only.
    #[error("this server is read-only: nobody may add restaurants or reviews")]
    ReadOnly,
    /// The host application's policy says no.
    #[error("the rules of this server do not let you do this")]
    Policy,
}

/// In the extensions of the HTTP response to a request that was rejected because the caller lacks this permission: the host
/// application may respond with a challenge instead (RFC 6750, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingPermission(
    /// The permission.
    pub Permission,
);

/// Describes the operations that a permission allows.
fn right(permission: Permission) -> &'static str {
    match permission {
        Permission::Read => "read restaurants and reviews",
        Permission::Write => "add restaurants or reviews",
        _ => "do this",
    }
}
