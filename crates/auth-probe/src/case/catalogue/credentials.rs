//! The cases of what is no credential, or half of one: D17 to D20.

use super::{GOOD, PLAIN, check};
use crate::TokenKind;
use crate::case::{Case, carriers, half_keys};

pub(super) static CASES: &[Case] = &[
    Case {
        id: "D17",
        title: "No proper token",
        proves: "the app takes nothing else for a token: an empty, literal or garbled one, another scheme, an API key, a cookie, a session id, the connection of an accepted caller",
        leaves_open: "credentials of other names, and those that somebody issued",
        sends: "tools/call list_restaurants_mcp with garbage, null or nothing as a token, Basic and other schemes, two Authorization \
                headers, API keys, cookies, a session id; without a token after a good request on the same connection; with \
                garbage and a good token in two Authorization headers",
        expects: "401, 400 or 403",
        forges: true,
        check: check!(carriers::improper),
        ..PLAIN
    },
    Case {
        id: "D18",
        title: "What a client says of itself",
        proves: "the app trusts no header that any client can write: addresses, other paths and methods, the user agents of health probes, users and roles",
        leaves_open: "headers of other names",
        sends: "tools/call list_restaurants_mcp, GET /, without a token, with headers on addresses, paths, health probes, users and \
                roles that any client can write",
        expects: "401 or 403; for another Host 400, 404 or 421 too",
        check: check!(carriers::said),
        ..PLAIN
    },
    Case {
        id: "D19",
        title: "Two half credentials",
        proves: "a valid token and a forged identity header do not complete each other, and a part of an accepted token is not accepted",
        leaves_open: "without `roleless` and `scopeless`, tokens that lack the right and are valid otherwise",
        sends: "tools/list, tools/call list_restaurants_mcp with X-MS-CLIENT-PRINCIPAL that has the role, and a token that is garbage \
                or lacks the role or scope; after a good request, tools/call with a good token whose signature or claims \
                were changed",
        expects: "401 or 403",
        check: check!(half_keys::halves),
        also: &[TokenKind::Roleless, TokenKind::Scopeless],
        ..GOOD
    },
];
