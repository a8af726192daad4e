//! The argument that makes a create safe to repeat, the same for every tool that writes.

use restaurant_domain::IdempotencyKey;

use crate::argument::{Argument, Kind};

/// The key that a caller gives its create.
pub(crate) const IDEMPOTENCY_KEY: Argument = Argument {
    name: IdempotencyKey::FIELD,
    kind: Kind::Text { max_chars: IdempotencyKey::MAX_CHARS },
    required: false,
    description: "A text of 1 to 100 characters that you make up for this one create, such as a UUID. When you do not know whether the call was done, repeat it with the same key and the same arguments within 24 hours: it is done once, and you get the first result again. Left out: every call adds one more.",
};
