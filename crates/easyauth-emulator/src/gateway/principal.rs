//! What the platform tells the app of the caller: the `X-MS-*` headers.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::options::{GatewayOptions, RoleForm};

/// Prefixes of the names that are the platform's.
const PREFIXES: [&str; 2] = ["x-ms-client-principal", "x-ms-token-"];

const LONG_ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const OTHER_ROLE: &str = "role";
const EMAIL: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";

/// Claims and the types that the platform maps them to.
const MAPPED: [(&str, &str); 5] = [
    ("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"),
    ("tid", "http://schemas.microsoft.com/identity/claims/tenantid"),
    ("scp", "http://schemas.microsoft.com/identity/claims/scope"),
    ("sub", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"),
    ("upn", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"),
];

/// Drops what a client says of itself under the platform's names.
pub(super) fn strip(headers: &mut HeaderMap, options: &GatewayOptions) {
    let ours = |name: &HeaderName| {
        let hyphens = name.as_str().replace('_', "-");
        let name = if options.strips_look_alikes { &hyphens } else { name.as_str() };
        PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let names: Vec<_> = headers.keys().filter(|name| ours(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// Adds the caller's identity headers to the request.
pub(super) fn inject(
    headers: &mut HeaderMap,
    claims: &Map<String, Value>,
    options: &GatewayOptions,
) {
    let json = json!({
        "auth_typ": "aad",
        "claims": list(claims, options),
        "name_typ": EMAIL,
        "role_typ": if options.roles == RoleForm::ByRoleType { OTHER_ROLE } else { LONG_ROLE },
    });
    let base64 = if options.pads { STANDARD } else { STANDARD_NO_PAD };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let names = ["name", "preferred_username", "upn", "app_displayname"];
    let name = names.into_iter().map(text).find(|name| !name.is_empty()).unwrap_or_default();
    let lines = [
        ("x-ms-client-principal", base64.encode(json.to_string())),
        ("x-ms-client-principal-id", text("oid").to_owned()),
        ("x-ms-client-principal-name", name.to_owned()),
        ("x-ms-client-principal-idp", "aad".to_owned()),
    ];
    for (name, value) in lines {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// The claims, one entry for each value.
pub(super) fn list(claims: &Map<String, Value>, options: &GatewayOptions) -> Vec<Value> {
    let entries = claims.iter().flat_map(|(name, value)| {
        let values = match value {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        };
        values.into_iter().map(move |value| (name, value))
    });
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    entries.map(|(name, value)| json!({"typ": typ(name, options), "val": text(value)})).collect()
}

fn typ<'a>(name: &'a str, options: &GatewayOptions) -> &'a str {
    if name == "roles" {
        return match options.roles {
            RoleForm::Short => "roles",
            RoleForm::Long => LONG_ROLE,
            RoleForm::ByRoleType => OTHER_ROLE,
        };
    }
    let mapped = MAPPED.iter().find(|(short, _)| *short == name && options.maps_claims);
    mapped.map_or(name, |(_, long)| long)
}
