//! Every case, by group. The ids are fixed.

mod credentials;
mod open;
mod requests;

use super::{
    Case, carriers, doors, functions, identity_headers, metadata, origins, refusals, resource,
};
use crate::{Part, TokenKind};
use crate::{
    outcome::CaseFailure,
    requirements::{Authentication, Writes},
};

/// The cases by group.
pub(super) static CASES: [&[Case]; 6] = [open::CASES, B, C, D, credentials::CASES, requests::CASES];

/// A check, as the catalogue names it.
macro_rules! check {
    ($path:path $(, $argument:expr)*) => {
        |context| Box::pin($path(context $(, $argument)*))
    };
}

use check;

/// What a caller without access tries.
macro_rules! everywhere {
    ($how:literal) => {
        concat!(
            "initialize, tools/list, a call of a tool, resources/list, prompts/list, completion/complete, ping, \
             a notification, tools/list at all paths of the endpoint, GET of a page, ",
            $how
        )
    };
}

/// What most cases are.
const PLAIN: Case = Case {
    id: "",
    title: "",
    proves: "",
    leaves_open: "",
    authentication: Authentication::On,
    sends: "",
    expects: "",
    tokens: &[],
    also: &[],
    forges: false,
    writes: Writes::Never,
    needs: &[],
    check: |_| Box::pin(async { Err(CaseFailure::failed("there is no check")) }),
};
const OPEN: Case = Case { authentication: Authentication::Off, ..PLAIN };
const GOOD: Case = Case { tokens: &[TokenKind::Good], ..PLAIN };

const INITIALIZED: &str = "a result with serverInfo, protocolVersion and capabilities";
const LISTED: &str = "the profile's tools; at least one";
const ITEMS: &str = "the items that the profile describes";
const DETAILS: &str = "the details that the profile describes";
const WRITTEN: &str = "what was written, and it is there when read back";
const REFUSED: &str = "401";

static B: &[Case] = &[
    Case {
        id: "B1",
        title: "The page is shut",
        proves: "unauthenticated callers do not see the pages and their data, and cannot post forms, also where only one path is excluded from authentication, and are not redirected to a sign-in page that agents cannot use",
        leaves_open: "addresses that the case does not know: compare the app's routes with the platform's excluded paths",
        sends: "GET of the pages, POST of empty forms, without a token",
        expects: "401, without data of the pages",
        forges: true,
        needs: &[Part::Pages],
        check: check!(doors::pages),
        ..PLAIN
    },
    Case {
        id: "B2",
        title: "The metadata is open",
        proves: "a client without a token learns where to get one, and only from the given tenant",
        sends: "GET the metadata, without a token",
        expects: "200 with resource, authorization_servers and scopes_supported",
        needs: &[Part::RootMetadata],
        check: check!(metadata::present),
        ..PLAIN
    },
    Case {
        id: "B3",
        title: "MCP is shut",
        proves: "unauthenticated callers reach no tool, no resource and no other method at any path of the endpoint",
        leaves_open: "methods that are not part of MCP",
        sends: "initialize, tools/list, tools/call, resources/list, prompts/list, ping and other methods, without a token, at all paths of the endpoint",
        expects: "401, without data of the app",
        forges: true,
        check: check!(doors::anonymous),
        ..PLAIN
    },
    Case {
        id: "B4",
        title: "A forged token",
        proves: "the app validates signatures: the token has the claims of a good one and the key id of the issuer, but another key signed it",
        sends: everywhere!("with a token that the issuer did not sign"),
        expects: REFUSED,
        forges: true,
        check: check!(refusals::forged),
        ..PLAIN
    },
    Case {
        id: "B5",
        title: "A token for another audience",
        proves: "the app rejects a token that was issued for another API",
        leaves_open: "audiences other than that of the token that was sent",
        sends: everywhere!("with a real token for another API"),
        expects: REFUSED,
        check: check!(refusals::stranger, TokenKind::WrongAudience),
        tokens: &[TokenKind::WrongAudience],
        ..PLAIN
    },
    Case {
        id: "B6",
        title: "A good token initializes",
        proves: "the role, its assignment, the list of clients, the issuer and the audience are right",
        sends: "initialize, with a good token",
        expects: INITIALIZED,
        check: check!(functions::initialize),
        ..GOOD
    },
    Case {
        id: "B7",
        title: "A good token lists the tools",
        proves: "the agent sees its tools",
        sends: "tools/list, with a good token",
        expects: LISTED,
        check: check!(functions::list_tools),
        ..GOOD
    },
    Case {
        id: "B8",
        title: "A good token calls a tool",
        proves: "the agent can read",
        sends: "the call of [read], with a good token",
        expects: ITEMS,
        needs: &[Part::Read],
        check: check!(functions::read),
        ..GOOD
    },
    Case {
        id: "B9",
        title: "A good token reads details",
        proves: "the agent can read details",
        sends: "the calls of [read] and [details], with a good token",
        expects: DETAILS,
        needs: &[Part::Read, Part::Details],
        check: check!(functions::details),
        ..GOOD
    },
    Case {
        id: "B10",
        title: "A good token writes",
        proves: "the agent can write, and what it writes is stored",
        sends: "the call of [write] and its read_back, with a good token",
        expects: WRITTEN,
        writes: Writes::Only,
        needs: &[Part::Write],
        check: check!(functions::write),
        ..GOOD
    },
    Case {
        id: "B11",
        title: "A good token adds a parent",
        proves: "the same for what the agent writes into",
        sends: "the call of [parent] and its read_back, with a good token",
        expects: WRITTEN,
        writes: Writes::Only,
        needs: &[Part::Parent],
        check: check!(functions::parent),
        ..GOOD
    },
];

static C: &[Case] = &[
    Case {
        id: "C1",
        title: "A client library, no authentication",
        proves: "real clients work without authentication",
        sends: "connect, initialize, list tools, call a tool",
        expects: "all succeed",
        check: check!(crate::client::works),
        ..OPEN
    },
    Case {
        id: "C2",
        title: "A client library with a good token",
        proves: "real clients work with authentication",
        sends: "connect, list tools, the calls of [read], [details] and [write]",
        expects: "all succeed",
        writes: Writes::Also,
        check: check!(crate::client::works),
        ..GOOD
    },
    Case {
        id: "C3",
        title: "A client library without a token",
        proves: "a real client receives the 401: it neither hangs nor gets access",
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
        proves: "a forged `X-MS-CLIENT-PRINCIPAL` or a similar header changes no identity: without a token the caller stays unauthenticated, with a token it stays the caller of the token",
        sends: everywhere!(
            "with X-MS-CLIENT-PRINCIPAL and its like, without a token; tools/list with them and a good token"
        ),
        expects: "401 without a token; with one, as if the headers were not there",
        check: check!(identity_headers::forged_principal),
        ..GOOD
    },
    Case {
        id: "D2",
        title: "A program without the role",
        proves: "the app requires the role, which the platform does not check",
        leaves_open: "roles other than those of the token that was sent",
        sends: "initialize, tools/list, a call of a tool, resources/list, prompts/list, completion/complete, ping, a notification, tools/list at all paths of the endpoint, with a real token without the app role",
        expects: "403 insufficient_scope",
        check: check!(refusals::without_right, TokenKind::Roleless),
        tokens: &[TokenKind::Roleless],
        ..PLAIN
    },
    Case {
        id: "D3",
        title: "A client that is not allowed",
        proves: "the list of clients is in force, also for programs that have the role",
        leaves_open: "clients other than that of the token: `mcp-entra doctor` reads the list",
        sends: everywhere!("with a real token of another client"),
        expects: "403 (401 where the app itself checks the token)",
        check: check!(refusals::unlisted),
        tokens: &[TokenKind::UnlistedClient],
        ..PLAIN
    },
    Case {
        id: "D4",
        title: "An expired token",
        proves: "the app validates `exp`",
        leaves_open: "a tolerance that is shorter than the age of the token: give one that expired a few minutes ago",
        sends: everywhere!("with a token that was good"),
        expects: REFUSED,
        check: check!(refusals::stranger, TokenKind::Expired),
        tokens: &[TokenKind::Expired],
        ..PLAIN
    },
    Case {
        id: "D5",
        title: "A token whose time has not come",
        proves: "the app validates `nbf`",
        leaves_open: "a tolerance that is shorter than the time until the token is valid",
        sends: everywhere!("with a token that will be good"),
        expects: REFUSED,
        check: check!(refusals::stranger, TokenKind::NotYetValid),
        tokens: &[TokenKind::NotYetValid],
        ..PLAIN
    },
    Case {
        id: "D6",
        title: "A token of another tenant",
        proves: "the app validates the issuer",
        leaves_open: "tenants other than that of the token that was sent",
        sends: everywhere!("with a token of another tenant"),
        expects: REFUSED,
        check: check!(refusals::stranger, TokenKind::OtherTenant),
        tokens: &[TokenKind::OtherTenant],
        ..PLAIN
    },
    Case {
        id: "D7",
        title: "A token that is not signed",
        proves: "the app rejects `alg: none`",
        sends: everywhere!("with alg none"),
        expects: REFUSED,
        forges: true,
        check: check!(refusals::unsigned),
        ..PLAIN
    },
    Case {
        id: "D8",
        title: "A token signed with the public key",
        proves: "the app does not use a public key as a shared secret (HS256)",
        sends: everywhere!(
            "with HS256 by the issuer's public key; initialize and tools/call with it in two other forms"
        ),
        expects: REFUSED,
        forges: true,
        check: check!(refusals::by_public_key),
        ..PLAIN
    },
    Case {
        id: "D9",
        title: "A token under an unknown key",
        proves: "the app accepts only the issuer's keys",
        sends: everywhere!("with a key id that the issuer does not publish"),
        expects: REFUSED,
        forges: true,
        check: check!(refusals::unknown_key),
        ..PLAIN
    },
    Case {
        id: "D10",
        title: "Both versions of a good token",
        proves: "a change of the registration's token version does not reject valid callers",
        sends: "initialize, tools/list, with a version 1.0 token and a version 2.0 one",
        expects: "both are let in",
        check: check!(functions::both_versions),
        tokens: &[TokenKind::V1, TokenKind::V2],
        ..PLAIN
    },
    Case {
        id: "D11",
        title: "A program that acts for a person",
        proves: "delegated tokens need the scope",
        sends: "initialize with a delegated token with the scope; with one without, what D2 sends",
        expects: "let in with it, 403 without",
        check: check!(refusals::delegated),
        tokens: &[TokenKind::Delegated, TokenKind::Scopeless],
        ..PLAIN
    },
    Case {
        id: "D12",
        title: "The challenge leads to the metadata",
        proves: "a rejected client finds the metadata by the challenge",
        sends: "initialize without a token, then GET its resource_metadata",
        expects: "WWW-Authenticate: Bearer with resource_metadata, which answers 200",
        check: check!(metadata::challenged),
        ..PLAIN
    },
    Case {
        id: "D13",
        title: "The metadata of the endpoint",
        proves: "so do clients that request the metadata of the endpoint first (RFC 9728, section 3.1)",
        sends: "GET the path-suffixed metadata, without a token",
        expects: "200 with resource, authorization_servers and scopes_supported",
        needs: &[Part::SuffixMetadata],
        check: check!(metadata::suffixed),
        ..PLAIN
    },
    Case {
        id: "D14",
        title: "The metadata's resource",
        proves: "clients can use the metadata (RFC 9728, section 3.3): its `resource`, the prefix of its scopes and the identifier URIs of the registration fit together",
        leaves_open: "an issuer that checks `resource` only when it redeems a code",
        sends: "GET the path-suffixed metadata, then an authorization request with its resource and scopes to the issuer",
        expects: "its resource is the MCP endpoint's URL, and the issuer takes it with the scopes",
        needs: &[Part::SuffixMetadata],
        check: check!(resource::fits),
        ..PLAIN
    },
    Case {
        id: "D15",
        title: "A token in the query",
        proves: "tokens in an address are rejected, so that they do not reach logs",
        sends: "a call of a tool with a good token in the URL, as access_token, token, code, id_token, api_key, apikey, key, auth, jwt, bearer; initialize and a page with access_token",
        expects: REFUSED,
        check: check!(carriers::token_in_query),
        ..GOOD
    },
    Case {
        id: "D16",
        title: "A foreign origin",
        proves: "no page of another site can call the tools through a person's browser: the app refuses every foreign `Origin`, also `null` and one that begins or ends as its own does",
        leaves_open: "origins other than those that were sent",
        sends: "initialize, tools/list and tools/call, with a good token and Origin: https://attacker.example, null, and origins like the app's",
        expects: "403",
        check: check!(origins::refused),
        ..GOOD
    },
];
