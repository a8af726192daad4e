//! The group of authors that a reader picks, in an address.

use restaurant_domain::AuthorGroup;

use crate::{error_page::PageError, fields::Fields};

/// The field's name on the wire.
pub(super) const FIELD: &str = "by";

/// The group of the field; a group that does not exist is everyone.
pub(super) fn take(fields: &mut Fields) -> Result<Option<AuthorGroup>, PageError> {
    let given = fields.take(FIELD)?;
    Ok(AuthorGroup::ALL.into_iter().find(|group| word(*group) == given))
}

/// The group as the field holds it.
pub(super) fn word(group: AuthorGroup) -> &'static str {
    match group {
        AuthorGroup::People => "people",
        AuthorGroup::Agents => "agents",
    }
}

/// The group as a reader sees it; `None` is everyone.
pub(super) fn label(group: Option<AuthorGroup>) -> &'static str {
    match group {
        None => "Everyone",
        Some(AuthorGroup::People) => "People",
        Some(AuthorGroup::Agents) => "Agents",
    }
}
