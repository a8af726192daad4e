//! Authentication of a caller: by a bearer token, checked in the platform's order, or by a session cookie.

use http::{HeaderMap, header::AUTHORIZATION};
use serde_json::{Map, Value};

use super::{auth_settings::AzureActiveDirectory, options::GatewayOptions, session::Session};
use crate::Cloud;

/// Seconds by which clocks may differ: the default of the platform's own library.
const LEEWAY_SECONDS: i64 = 300;

/// What a request says of its caller.
pub(super) enum Caller {
    /// Nothing that is for the platform.
    Nobody,
    /// By a good token, whose bearer may call.
    Known(Map<String, Value>),
    /// By a session cookie, and the user is allowed.
    SignedIn(Session),
    /// By a token that is not good: 401.
    Stranger,
    /// An authenticated caller that is not allowed: 403.
    Forbidden,
}

/// Looks at the bearer token. Other ways to authorize are for the app.
pub(super) fn bearer(cloud: &Cloud, entra: &AzureActiveDirectory, headers: &HeaderMap) -> Caller {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Caller::Nobody };
    if values.next().is_some() {
        return Caller::Stranger;
    }
    let mut parts = value.as_bytes().splitn(2, |byte| *byte == b' ');
    if !parts.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer")) {
        return Caller::Nobody;
    }
    let token = std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let Some(claims) = cloud.signed_claims(token.trim()) else { return Caller::Stranger };
    let options = &cloud.options().gateway;
    if !is_good(cloud, entra, options, &claims) {
        return Caller::Stranger;
    }
    if may_call(entra, options, &claims) { Caller::Known(claims) } else { Caller::Forbidden }
}

/// Checks the user of a session. The user signed in at the app itself, so its registration is the client.
pub(super) fn signed_in(
    options: &GatewayOptions,
    entra: &AzureActiveDirectory,
    session: Session,
) -> Caller {
    let client = &entra.registration.client_id;
    let of_client = !options.checks_client_of_sessions
        || entra.validation.client_lists().all(|list| names(list, client));
    let identity = text(&session.claims, "oid");
    let of_identity = entra.validation.identities().is_none_or(|list| names(list, identity));
    if of_client && of_identity && is_in_groups(entra, &session.claims) {
        Caller::SignedIn(session)
    } else {
        Caller::Forbidden
    }
}

fn is_good(
    cloud: &Cloud,
    entra: &AzureActiveDirectory,
    options: &GatewayOptions,
    claims: &Map<String, Value>,
) -> bool {
    let now = cloud.now().timestamp();
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    let in_time = time("exp").is_some_and(|exp| now < exp.saturating_add(LEEWAY_SECONDS))
        && time("nbf").is_none_or(|nbf| nbf <= now + LEEWAY_SECONDS);
    let audience = text(claims, "aud");
    let for_us = audience == entra.registration.client_id
        || entra.validation.allowed_audiences.iter().any(|allowed| allowed == audience);
    let (issuer, named) = (issuer(cloud, entra), text(claims, "iss"));
    let is_v1 = options.takes_v1_issuer && issuer == cloud.v2_issuer();
    let ours = named == issuer || is_v1 && named == cloud.v1_issuer();
    in_time && for_us && ours && !audience.is_empty()
}

/// Where people sign in, in the public cloud and in the national ones.
const AUTHORITIES: [&str; 4] = [
    "https://login.microsoftonline.com",
    "https://login.chinacloudapi.cn",
    "https://login.partner.microsoftonline.cn",
    "https://login.microsoftonline.us",
];

/// The issuer of the metadata that the settings locate; each cloud's authority is the emulator's here.
pub(super) fn issuer(cloud: &Cloud, entra: &AzureActiveDirectory) -> String {
    let named = &entra.registration.open_id_issuer;
    // The portal writes the version 1.0 issuer with the path of version 2.0, which has the metadata of version 2.0.
    if *named == format!("{}v2.0", cloud.v1_issuer()) {
        return cloud.v2_issuer();
    }
    let rest = AUTHORITIES.iter().find_map(|authority| named.strip_prefix(authority));
    rest.map_or_else(|| named.clone(), |rest| format!("{}{rest}", cloud.origin()))
}

fn may_call(
    entra: &AzureActiveDirectory,
    options: &GatewayOptions,
    claims: &Map<String, Value>,
) -> bool {
    let mut facets = text(claims, "xms_act_fct").split(' ');
    if !options.takes_agent_identities && facets.any(|facet| facet == "11") {
        return false;
    }
    let client = Some(text(claims, "appid")).filter(|id| !id.is_empty());
    let client = client.unwrap_or_else(|| text(claims, "azp"));
    let mut lists = entra.validation.client_lists().peekable();
    let identities = entra.validation.identities();
    let has_groups = entra.validation.group_lists().next().is_some();
    if lists.peek().is_none() && identities.is_none() && !has_groups {
        return options.without_lists_lets_in;
    }
    lists.all(|list| names(list, client))
        && identities.is_none_or(|list| names(list, text(claims, "oid")))
        && is_in_groups(entra, claims)
}

/// Whether the caller's groups, as the token names them, are in each list of groups.
fn is_in_groups(entra: &AzureActiveDirectory, claims: &Map<String, Value>) -> bool {
    let groups = claims.get("groups").and_then(Value::as_array);
    let groups: Vec<_> = groups.into_iter().flatten().filter_map(Value::as_str).collect();
    entra.validation.group_lists().all(|list| groups.iter().any(|group| names(list, group)))
}

fn names(list: &[String], id: &str) -> bool {
    list.iter().any(|item| item.eq_ignore_ascii_case(id))
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> &'a str {
    claims.get(name).and_then(Value::as_str).unwrap_or_default()
}
