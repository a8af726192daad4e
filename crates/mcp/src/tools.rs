//! The tools, a file each.

mod create_restaurant;
mod create_review;
mod get_details;
mod list_restaurants;

use crate::tool::ToolEntry;

/// Every tool, in the order in which clients see them.
pub(crate) fn all() -> Vec<ToolEntry> {
    vec![
        list_restaurants::entry(),
        get_details::entry(),
        create_restaurant::entry(),
        create_review::entry(),
    ]
}
