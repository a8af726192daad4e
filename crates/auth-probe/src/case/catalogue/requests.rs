//! The cases of group D that are about requests and responses, and not about tokens.

use super::{GOOD, PLAIN, check};
use crate::{
    Part,
    case::{Case, answers, doors, echo, metadata, origins, writes},
    requirements::Writes,
};

/// D21 and those after it.
pub(super) static CASES: &[Case] = &[
    Case {
        id: "D21",
        title: "Another method",
        proves: "the app authenticates requests of every method, and not `GET` and `POST` alone",
        leaves_open: "methods other than those that were sent",
        sends: "GET, HEAD, PUT, PATCH, DELETE, OPTIONS and other methods at the endpoint and the pages, without a token",
        expects: "a client error, or an empty answer to OPTIONS, and no data",
        forges: true,
        check: check!(doors::methods),
        ..PLAIN
    },
    Case {
        id: "D22",
        title: "Another spelling of the path",
        proves: "the app authenticates requests to every path that reaches the endpoint or a page: double slashes, capitals, encoded characters, dot segments, path parameters",
        leaves_open: "spellings other than those that were sent",
        sends: "tools/list at paths such as //mcp, /MCP, /x/../mcp, /mcp%20, and GET of pages in the same way, without a token",
        expects: "a client error or a redirect to the right path, and no data",
        forges: true,
        check: check!(doors::paths),
        ..PLAIN
    },
    Case {
        id: "D23",
        title: "Another form of the message",
        proves: "the app authenticates batches, requests of protocol 2026-07-28, notifications and every content type, and trusts no header such as `X-Forwarded-For` or `X-Original-URL`",
        leaves_open: "forms other than those that were sent",
        sends: "a batch, requests of protocol 2026-07-28, a notification, other content types and headers, without a token",
        expects: "a client error, and no data",
        forges: true,
        check: check!(doors::messages),
        ..PLAIN
    },
    Case {
        id: "D24",
        title: "Other origins may not read",
        proves: "the app does not allow pages of other sites to read its responses (CORS): it neither returns a foreign `Origin` nor combines `*` with credentials",
        leaves_open: "origins other than those that were sent",
        sends: "preflights, tools/list and a page, with Origin: https://attacker.example, null, and origins like the app's, without a token and with a good one",
        expects: "no Access-Control-Allow-Origin that names the origin, and no * with credentials",
        forges: true,
        check: check!(origins::not_shared),
        ..PLAIN
    },
    Case {
        id: "D25",
        title: "Refusals give nothing away",
        proves: "a refusal contains no guarded data, no stack trace and no part of the credential, and is not a sign-in page",
        leaves_open: "data other than the names of tools and the texts that the profile's calls read",
        sends: "tools/list and other requests, without a token, with forged tokens and with another scheme",
        expects: "401 or 403, without data of the app, a stack trace, or any part of the credential",
        forges: true,
        check: check!(answers::give_nothing_away),
        ..PLAIN
    },
    Case {
        id: "D26",
        title: "A refused write leaves nothing",
        proves: "the app authenticates a caller before it runs the request: what a rejected caller writes is not stored",
        leaves_open: "writes by ways other than those that were sent",
        sends: "the calls of [write] and [parent] and their forms, without a token, with a forged one and from a foreign origin; then the calls that find them, with a good token",
        expects: "a client error for each write, and no write is there when read back",
        writes: Writes::Only,
        needs: &[Part::Write],
        check: check!(writes::leave_nothing),
        ..GOOD
    },
    Case {
        id: "D27",
        title: "Metadata that agree and lead nowhere else",
        proves: "all documents and challenges name the same authorization servers and scopes, of the given tenant and registration, and no address of another party",
        leaves_open: "addresses in headers and documents other than those that were read",
        sends: "GET the metadata of the app and of the endpoint, and /.well-known/oauth-authorization-server and its like; initialize and a page without a token",
        expects: "the same authorization servers and scopes everywhere, all of the tenant and the registration, also in the challenges",
        needs: &[Part::RootMetadata, Part::SuffixMetadata],
        check: check!(metadata::agree),
        ..PLAIN
    },
    Case {
        id: "D30",
        title: "A token comes back",
        proves: "the app's answers and error pages keep no token that it was sent; a token cut, spread or encoded counts too",
        leaves_open: "tokens in the app's logs: read the logs",
        sends: "initialize and tools/list with a good token and with a forged one; and all requests of the cases before it",
        expects: "no answer has a part of a token in it, in any encoding",
        check: check!(echo::absent),
        ..GOOD
    },
];
