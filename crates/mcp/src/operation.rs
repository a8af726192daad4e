//! The operations that a caller can request.

use restaurant_domain::{AuditOperation, Permission};

/// An operation that a caller can request, for [`crate::McpAdapter::permission_policy`] to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Find restaurants: the tool `list_restaurants_mcp`, the list of resources, the completion of names.
    ListRestaurants,
    /// Read a restaurant and its reviews: the tool `get_details_mcp`, a resource, the prompt `compare_restaurants`.
    GetDetails,
    /// Publish a review: the tool `create_review_mcp`, the prompt `write_fair_review`.
    CreateReview,
    /// Add a restaurant: the tool `create_restaurant_mcp`.
    CreateRestaurant,
}

impl Operation {
    /// All of them. One that is missing here is not in any list.
    pub(crate) const ALL: [Self; 4] =
        [Self::ListRestaurants, Self::GetDetails, Self::CreateReview, Self::CreateRestaurant];

    /// The right that it needs.
    #[must_use]
    pub fn permission(self) -> Permission {
        match self {
            Self::ListRestaurants | Self::GetDetails => Permission::Read,
            Self::CreateReview | Self::CreateRestaurant => Permission::Write,
        }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_read_only(self) -> bool {
        self.permission() == Permission::Read
    }

    /// Its name in the audit record; `None` for an operation that only reads.
    pub(crate) fn audited(self) -> Option<AuditOperation> {
        match self {
            Self::ListRestaurants | Self::GetDetails => None,
            Self::CreateReview => Some(AuditOperation::CreateReview),
            Self::CreateRestaurant => Some(AuditOperation::CreateRestaurant),
        }
    }
}
