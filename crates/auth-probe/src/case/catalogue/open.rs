//! The cases of group A: authentication is off, so the app does its work for every caller.

use super::{DETAILS, INITIALIZED, ITEMS, LISTED, OPEN, WRITTEN, check};
use crate::{
    Part,
    case::{Case, functions, metadata},
    requirements::Writes,
};

/// A1 to A8.
pub(super) static CASES: &[Case] = &[
    Case {
        id: "A1",
        title: "The page is open",
        proves: "without the platform's authentication the app itself works, so B1 tests the platform",
        sends: "GET of the first page",
        expects: "200",
        needs: &[Part::Pages],
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
        title: "A tool that reads",
        proves: "the app reaches its data",
        sends: "the call of [read]",
        expects: ITEMS,
        needs: &[Part::Read],
        check: check!(functions::read),
        ..OPEN
    },
    Case {
        id: "A6",
        title: "A tool with an argument",
        proves: "a tool with an argument works",
        sends: "the calls of [read] and [details]",
        expects: DETAILS,
        needs: &[Part::Read, Part::Details],
        check: check!(functions::details),
        ..OPEN
    },
    Case {
        id: "A7",
        title: "A tool that writes",
        proves: "an acknowledged write is stored",
        sends: "the call of [write] and its read_back",
        expects: WRITTEN,
        writes: Writes::Only,
        needs: &[Part::Write],
        check: check!(functions::write),
        ..OPEN
    },
    Case {
        id: "A8",
        title: "A tool that adds a parent",
        proves: "the same for what the agent writes into",
        sends: "the call of [parent] and its read_back",
        expects: WRITTEN,
        writes: Writes::Only,
        needs: &[Part::Parent],
        check: check!(functions::parent),
        ..OPEN
    },
];
