//! Every case, by group. The ids are fixed.

mod requests;

use super::{Case, doors, functions, metadata, origins, refusals, resource};
use crate::TokenKind;
use crate::{
    outcome::CaseFailure,
    requirements::{Authentication, Writes},
};

/// The cases by group.
pub(super) static CASES: [&[Case]; 5] = [A, B, C, D, requests::CASES];

/// A check, as the catalogue names it.
macro_rules! check {
    ($path:path $(, $argument:expr)*) => {
        |context| Box::pin($path(context $(, $argument)*))
    };
}

use check;

/// What most cases are.
const PLAIN: Case = Case {
    id: "",
    title: "",
    authentication: Authentication::On,
    sends: "",
    expects: "",
    tokens: &[],
    forges: false,
    writes: Writes::Never,
    check: |_| Box::pin(async { Err(CaseFailure::failed("there is no check")) }),
};
const OPEN: Case = Case { authentication: Authentication::Off, ..PLAIN };
const GOOD: Case = Case { tokens: &[TokenKind::Good], ..PLAIN };

const INITIALIZED: &str = "a result with serverInfo, protocolVersion and capabilities";
const LISTED: &str = "the four tools";
const RESTAURANTS: &str = "restaurants, each with id and name";
const DETAILS: &str = "the restaurant and its reviews";
const REVIEWED: &str = "the created review, and it is there when read back";
const FOUNDED: &str = "the created restaurant, and it is there when read back";
const REFUSED: &str = "401";

static A: &[Case] = &[
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

static B: &[Case] = &[
    Case {
        id: "B1",
        title: "The page is shut",
        sends: "GET /, /create, /details/1 and other pages, POST /add and /review/1, without a token",
        expects: "401, without data of the pages",
        forges: true,
        check: check!(doors::pages),
        ..PLAIN
    },
    Case {
        id: "B2",
        title: "The metadata is open",
        sends: "GET the metadata, without a token",
        expects: "200 with resource, authorization_servers and scopes_supported",
        check: check!(metadata::present),
        ..PLAIN
    },
    Case {
        id: "B3",
        title: "MCP is shut",
        sends: "initialize, tools/list, tools/call, resources/list, prompts/list, ping and other methods, without a token, at /mcp/mcp and /mcp",
        expects: "401, without data of the app",
        forges: true,
        check: check!(doors::anonymous),
        ..PLAIN
    },
    Case {
        id: "B4",
        title: "A forged token",
        sends: "initialize, with a token that the issuer did not sign",
        expects: REFUSED,
        forges: true,
        check: check!(refusals::forged),
        ..PLAIN
    },
    Case {
        id: "B5",
        title: "A token for another audience",
        sends: "initialize, with a real token for another API",
        expects: REFUSED,
        check: check!(refusals::stranger, TokenKind::WrongAudience),
        tokens: &[TokenKind::WrongAudience],
        ..PLAIN
    },
    Case {
        id: "B6",
        title: "A good token initializes",
        sends: "initialize, with a good token",
        expects: INITIALIZED,
        check: check!(functions::initialize),
        ..GOOD
    },
    Case {
        id: "B7",
        title: "A good token lists the tools",
        sends: "tools/list, with a good token",
        expects: LISTED,
        check: check!(functions::list_tools),
        ..GOOD
    },
    Case {
        id: "B8",
        title: "A good token lists restaurants",
        sends: "tools/call list_restaurants_mcp, with a good token",
        expects: RESTAURANTS,
        check: check!(functions::list_restaurants),
        ..GOOD
    },
    Case {
        id: "B9",
        title: "A good token reads details",
        sends: "tools/call get_details_mcp, with a good token",
        expects: DETAILS,
        check: check!(functions::get_details),
        ..GOOD
    },
    Case {
        id: "B10",
        title: "A good token writes a review",
        sends: "tools/call create_review_mcp, get_details_mcp, with a good token",
        expects: REVIEWED,
        writes: Writes::Only,
        check: check!(functions::create_review),
        ..GOOD
    },
    Case {
        id: "B11",
        title: "A good token adds a restaurant",
        sends: "tools/call create_restaurant_mcp, get_details_mcp, with a good token",
        expects: FOUNDED,
        writes: Writes::Only,
        check: check!(functions::create_restaurant),
        ..GOOD
    },
];

static C: &[Case] = &[
    Case {
        id: "C1",
        title: "A client library, no authentication",
        sends: "connect, initialize, list tools, call a tool",
        expects: "all succeed",
        check: check!(crate::client::works),
        ..OPEN
    },
    Case {
        id: "C2",
        title: "A client library with a good token",
        sends: "connect, list tools, list restaurants, details, create a review",
        expects: "all succeed",
        writes: Writes::Also,
        check: check!(crate::client::works),
        ..GOOD
    },
    Case {
        id: "C3",
        title: "A client library without a token",
        sends: "connect",
        expects: "the client reports 401",
        check: check!(crate::client::is_refused),
        ..PLAIN
    },
];

static D: &[Case] = &[
    Case {
        id: "D1",
        title: "A forged identity of the platform",
        sends: "tools/list with X-MS-CLIENT-PRINCIPAL and its like: without a token, and with a good one",
        expects: "401 without a token; with one, as if the headers were not there",
        check: check!(refusals::forged_principal),
        ..GOOD
    },
    Case {
        id: "D2",
        title: "A program without the role",
        sends: "initialize, with a real token without the app role",
        expects: "403 insufficient_scope",
        check: check!(refusals::without_right, TokenKind::Roleless),
        tokens: &[TokenKind::Roleless],
        ..PLAIN
    },
    Case {
        id: "D3",
        title: "A client that is not allowed",
        sends: "initialize, with a real token of another client",
        expects: "403 (401 where the app itself checks the token)",
        check: check!(refusals::unlisted),
        tokens: &[TokenKind::UnlistedClient],
        ..PLAIN
    },
    Case {
        id: "D4",
        title: "An expired token",
        sends: "initialize, with a token that was good",
        expects: REFUSED,
        check: check!(refusals::stranger, TokenKind::Expired),
        tokens: &[TokenKind::Expired],
        ..PLAIN
    },
    Case {
        id: "D5",
        title: "A token whose time has not come",
        sends: "initialize, with a token that will be good",
        expects: REFUSED,
        check: check!(refusals::stranger, TokenKind::NotYetValid),
        tokens: &[TokenKind::NotYetValid],
        ..PLAIN
    },
    Case {
        id: "D6",
        title: "A token of another tenant",
        sends: "initialize, with a token of another tenant",
        expects: REFUSED,
        check: check!(refusals::stranger, TokenKind::OtherTenant),
        tokens: &[TokenKind::OtherTenant],
        ..PLAIN
    },
    Case {
        id: "D7",
        title: "A token that is not signed",
        sends: "initialize, with alg none",
        expects: REFUSED,
        forges: true,
        check: check!(refusals::unsigned),
        ..PLAIN
    },
    Case {
        id: "D8",
        title: "A token signed with the public key",
        sends: "initialize, with HS256 by the issuer's public key, in three forms",
        expects: REFUSED,
        forges: true,
        check: check!(refusals::by_public_key),
        ..PLAIN
    },
    Case {
        id: "D9",
        title: "A token under an unknown key",
        sends: "initialize, with a key id that the issuer does not publish",
        expects: REFUSED,
        forges: true,
        check: check!(refusals::unknown_key),
        ..PLAIN
    },
    Case {
        id: "D10",
        title: "Both versions of a good token",
        sends: "initialize, with a version 1.0 token and a version 2.0 one",
        expects: "both are let in",
        check: check!(functions::both_versions),
        tokens: &[TokenKind::V1, TokenKind::V2],
        ..PLAIN
    },
    Case {
        id: "D11",
        title: "A program that acts for a person",
        sends: "initialize, with a delegated token, with the scope and without",
        expects: "let in with it, 403 without",
        check: check!(refusals::delegated),
        tokens: &[TokenKind::Delegated, TokenKind::Scopeless],
        ..PLAIN
    },
    Case {
        id: "D12",
        title: "The challenge leads to the metadata",
        sends: "initialize without a token, then GET its resource_metadata",
        expects: "WWW-Authenticate: Bearer with resource_metadata, which answers 200",
        check: check!(metadata::challenged),
        ..PLAIN
    },
    Case {
        id: "D13",
        title: "The metadata of the endpoint",
        sends: "GET the path-suffixed metadata, without a token",
        expects: "200 with resource, authorization_servers and scopes_supported",
        check: check!(metadata::suffixed),
        ..PLAIN
    },
    Case {
        id: "D14",
        title: "The metadata's resource",
        sends: "GET the path-suffixed metadata, then an authorization request with its resource and scopes to the issuer",
        expects: "its resource is the MCP endpoint's URL, and the issuer takes it with the scopes",
        check: check!(resource::fits),
        ..PLAIN
    },
    Case {
        id: "D15",
        title: "A token in the query",
        sends: "initialize, with a good token as access_token in the URL",
        expects: REFUSED,
        check: check!(refusals::token_in_query),
        ..GOOD
    },
    Case {
        id: "D16",
        title: "A foreign origin",
        sends: "initialize, tools/list and tools/call, with a good token and Origin: https://attacker.example, null, and origins like the app's",
        expects: "403",
        check: check!(origins::refused),
        ..GOOD
    },
];
