//! Who calls: by a bearer token, checked in the platform's order.

use http::{HeaderMap, header::AUTHORIZATION};
use serde_json::{Map, Value};

use super::{auth_settings::AzureActiveDirectory, options::GatewayOptions};
use crate::Cloud;

/// Seconds by which clocks may differ: the default of the platform's own library.
const LEEWAY_SECONDS: i64 = 300;

/// What a request's token says.
pub(super) enum Caller {
    /// It brings none.
    Nobody,
    /// It is good, and its bearer may call.
    Known(Map<String, Value>),
    /// It is not good: 401.
    Stranger,
    /// It is good, and its bearer may not call: 403.
    Forbidden,
}

/// Looks at the bearer token.
pub(super) fn bearer(cloud: &Cloud, entra: &AzureActiveDirectory, headers: &HeaderMap) -> Caller {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Caller::Nobody };
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (Some((_, token)), None) = (token, values.next()) else { return Caller::Stranger };
    let Some(claims) = cloud.signed_claims(token.trim()) else { return Caller::Stranger };
    let options = &cloud.options().gateway;
    if !is_good(cloud, entra, options, &claims) {
        return Caller::Stranger;
    }
    if may_call(entra, options, &claims) { Caller::Known(claims) } else { Caller::Forbidden }
}

fn is_good(
    cloud: &Cloud,
    entra: &AzureActiveDirectory,
    options: &GatewayOptions,
    claims: &Map<String, Value>,
) -> bool {
    let now = cloud.now().timestamp();
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    let in_time = time("exp").is_some_and(|exp| now < exp + LEEWAY_SECONDS)
        && time("nbf").is_none_or(|nbf| nbf <= now + LEEWAY_SECONDS);
    let audience = text(claims, "aud");
    let for_us = audience == entra.registration.client_id
        || entra.validation.allowed_audiences.iter().any(|allowed| allowed == audience);
    let of_v1 = options.takes_v1_issuer && text(claims, "iss") == cloud.v1_issuer();
    let ours = text(claims, "iss") == issuer(cloud, entra) || of_v1;
    in_time && for_us && ours && !audience.is_empty()
}

/// The issuer of the settings; the public cloud's authority is the emulator's here.
pub(super) fn issuer(cloud: &Cloud, entra: &AzureActiveDirectory) -> String {
    entra.registration.open_id_issuer.replace("https://login.microsoftonline.com", cloud.origin())
}

fn may_call(
    entra: &AzureActiveDirectory,
    options: &GatewayOptions,
    claims: &Map<String, Value>,
) -> bool {
    let client = Some(text(claims, "appid")).filter(|id| !id.is_empty());
    let client = client.unwrap_or_else(|| text(claims, "azp"));
    let named = |list: &[String], id: &str| list.iter().any(|item| item.eq_ignore_ascii_case(id));
    let mut lists = entra.validation.client_lists().peekable();
    let identities = entra.validation.identities();
    if lists.peek().is_none() && identities.is_none() {
        return options.without_lists_lets_in;
    }
    lists.all(|list| named(list, client))
        && identities.is_none_or(|list| named(list, text(claims, "oid")))
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> &'a str {
    claims.get(name).and_then(Value::as_str).unwrap_or_default()
}
