//! The cases of what is no credential, or half of one: D17 to D20.

use super::{GOOD, PLAIN, check};
use crate::TokenKind;
use crate::case::{Case, carriers, half_keys, lookalikes};

pub(super) static CASES: &[Case] = &[
    Case {
        id: "D17",
        title: "No proper token",
        proves: "the app takes nothing else for a token: an empty, literal or garbled one, another scheme, an API key, a cookie, a session id, the connection of an accepted caller",
        leaves_open: "credentials of other names, and those that somebody issued",
        sends: "a call of a tool with garbage, null or nothing as a token, Basic and other schemes, two Authorization \
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
        sends: "a call of a tool and a page, without a token, with headers on addresses, paths, health probes, users and \
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
        sends: "tools/list, a call of a tool with X-MS-CLIENT-PRINCIPAL that has the role, and a token that is garbage \
                or lacks the role or scope; after a good request, tools/call with a good token whose signature or claims \
                were changed",
        expects: "401 or 403",
        check: check!(half_keys::halves),
        also: &[TokenKind::Roleless, TokenKind::Scopeless],
        ..GOOD
    },
    Case {
        id: "D20",
        title: "Tokens that only look right",
        proves: "the app rejects forged tokens with other names of an algorithm, keys that the token brings along or that can be guessed, and missing or similar claims",
        leaves_open: "claims that are missing or similar in a token that the issuer signed, unless `id-token`, `without-audience`, `without-expiry`, `near-audience` and `near-role` are given; keys at an address of an attacker, which serves none",
        sends: "a call of a tool with forged tokens: alg None, NONE, nOnE, rs256, hs256, absent; no signature; HS256 with \
                guessable secrets; jwk, jku, x5u and x5c of another key; no aud, no exp, a similar aud or role; initialize and \
                tools/call with signed ones that were given",
        expects: "401; for a signed one 401 or 403",
        forges: true,
        also: lookalikes::SIGNED,
        check: check!(lookalikes::refused),
        ..PLAIN
    },
];
