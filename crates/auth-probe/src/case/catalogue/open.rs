//! Group A: the app while the platform's authentication is off.

use super::{DETAILS, FOUNDED, INITIALIZED, LISTED, OPEN, RESTAURANTS, REVIEWED, check};
use crate::case::{Case, functions, metadata};
use crate::requirements::Writes;

pub(super) static CASES: &[Case] = &[
    Case {
        id: "A1",
        title: "The page is open",
        sends: "GET /",
        expects: "200",
        check: check!(functions::page),
        ..OPEN
    },
    Case {
        id: "A2",
        title: "No metadata of a resource that is not protected",
        sends: "GET the metadata",
        expects: "404",
        check: check!(metadata::absent),
        ..OPEN
    },
    Case {
        id: "A3",
        title: "MCP initializes",
        sends: "initialize",
        expects: INITIALIZED,
        check: check!(functions::initialize),
        ..OPEN
    },
    Case {
        id: "A4",
        title: "The tools are listed, without a session",
        sends: "tools/list",
        expects: LISTED,
        check: check!(functions::list_tools),
        ..OPEN
    },
    Case {
        id: "A5",
        title: "Restaurants are listed",
        sends: "tools/call list_restaurants_mcp",
        expects: RESTAURANTS,
        check: check!(functions::list_restaurants),
        ..OPEN
    },
    Case {
        id: "A6",
        title: "A restaurant's details",
        sends: "tools/call get_details_mcp",
        expects: DETAILS,
        check: check!(functions::get_details),
        ..OPEN
    },
    Case {
        id: "A7",
        title: "A review is written",
        sends: "tools/call create_review_mcp, get_details_mcp",
        expects: REVIEWED,
        writes: Writes::Only,
        check: check!(functions::create_review),
        ..OPEN
    },
    Case {
        id: "A8",
        title: "A restaurant is added",
        sends: "tools/call create_restaurant_mcp, get_details_mcp",
        expects: FOUNDED,
        writes: Writes::Only,
        check: check!(functions::create_restaurant),
        ..OPEN
    },
];
