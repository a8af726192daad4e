//! The argument that makes a create safe to repeat, the same for every tool that writes.

use restaurant_domain::IdempotencyKey;

use crate::argument::Argument;

/// The key that a caller gives its create.
pub(crate) const IDEMPOTENCY_KEY: Argument = Argument::of(&IdempotencyKey::FIELD);
