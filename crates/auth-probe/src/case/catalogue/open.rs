//! The cases of group A: authentication is off, so the app does its work for every caller.

use super::{DETAILS, FOUNDED, INITIALIZED, LISTED, OPEN, RESTAURANTS, REVIEWED, check};
use crate::{
    case::{Case, functions, metadata},
    requirements::Writes,
};

/// A1 to A8.
pub(super) static CASES: &[Case] = &[
    Case {
        id: "A1",
        title: "The page is open",
        proves: "without the platform's authentication the app itself works, so B1 tests the platform",
        sends: "GET /",
        expects: "200",
        check: check!(functions::page),
        ..OPEN
    },
    Case {
        id: "A2",
        title: "No metadata of a resource that is not protected",
        proves: "clients are not sent to request a token that the app does not need",
        sends: "GET the metadata",
        expects: "404",
        check: check!(metadata::absent),
        ..OPEN
    },
    Case {
        id: "A3",
        title: "MCP initializes",
        proves: "the endpoint is at the address that agents use",
        sends: "initialize",
        expects: INITIALIZED,
        check: check!(functions::initialize),
        ..OPEN
    },
    Case {
        id: "A4",
        title: "The tools are listed, without a session",
        proves: "any instance answers any request",
        sends: "tools/list",
        expects: LISTED,
        check: check!(functions::list_tools),
        ..OPEN
    },
    Case {
        id: "A5",
        title: "Restaurants are listed",
        proves: "the app reaches its database",
        sends: "tools/call list_restaurants_mcp",
        expects: RESTAURANTS,
        check: check!(functions::list_restaurants),
        ..OPEN
    },
    Case {
        id: "A6",
        title: "A restaurant's details",
        proves: "a tool with an argument works",
        sends: "tools/call get_details_mcp",
        expects: DETAILS,
        check: check!(functions::get_details),
        ..OPEN
    },
    Case {
        id: "A7",
        title: "A review is written",
        proves: "an acknowledged review is stored",
        sends: "tools/call create_review_mcp, get_details_mcp",
        expects: REVIEWED,
        writes: Writes::Only,
        check: check!(functions::create_review),
        ..OPEN
    },
    Case {
        id: "A8",
        title: "A restaurant is added",
        proves: "an acknowledged restaurant is stored",
        sends: "tools/call create_restaurant_mcp, get_details_mcp",
        expects: FOUNDED,
        writes: Writes::Only,
        check: check!(functions::create_restaurant),
        ..OPEN
    },
];
