//! Headers that name the caller, which only the platform may set.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::everywhere::{Attempt, all_refused, call, everywhere};
use crate::{
    context::{Caller, Context},
    diagnosis,
    http_client::Request,
    mcp,
    outcome::CaseFailure,
};

const FORGED_NAME: &str = "forged by a test";
const FORGED_ID: &str = "00000000-0000-4000-8000-00000000f00d";

/// The claims of another caller, with or without an app role, as JSON.
fn forged(context: &Context<'_>, role: Option<&str>) -> String {
    let mut claims = vec![
        json!({"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": FORGED_ID}),
        json!({"typ": "http://schemas.microsoft.com/identity/claims/tenantid", "val": context.target().tenant_id}),
        json!({"typ": "appid", "val": FORGED_ID}),
        json!({"typ": "idtyp", "val": "app"}),
        json!({"typ": "name", "val": FORGED_NAME}),
    ];
    claims.extend(role.map(|role| json!({"typ": "roles", "val": role})));
    let principal = json!({
        "auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles",
    });
    principal.to_string()
}

/// Adds the headers of another caller, with or without an app role.
pub(super) fn with_forged_principal(
    request: Request,
    context: &Context<'_>,
    role: Option<&str>,
) -> Request {
    let principal = STANDARD.encode(forged(context, role));
    let what =
        if role.is_some() { "[forged, with the role]" } else { "[forged, without the role]" };
    with_name(request.described_header("x-ms-client-principal", &principal, what))
}

/// The headers without the claims.
fn with_name(request: Request) -> Request {
    request
        .header("x-ms-client-principal-id", FORGED_ID)
        .header("x-ms-client-principal-name", FORGED_NAME)
        .header("x-ms-client-principal-idp", "aad")
}

/// A caller without a token that claims the role remains unauthenticated. A caller with a good token that claims to be another
/// one, without the role, remains the caller of the token.
pub(super) async fn forged_principal(context: &Context<'_>) -> Result<String, CaseFailure> {
    let role = context.target().role.as_str();
    let forge = |request| with_forged_principal(request, context, Some(role));
    let mut attempts: Vec<_> = everywhere(context).into_iter().map(|it| it.map(forge)).collect();
    attempts.push(Attempt::new(with_name(call(context))));
    // Some servers read an underscore as a hyphen, take the last of two, or decode nothing.
    let json = forged(context, Some(role));
    let encoded = STANDARD.encode(&json);
    let headers = [("x_ms_client_principal", &encoded), ("x-ms-client-principal", &json)];
    for (name, value) in headers {
        let request = call(context).described_header(name, value, "[forged, with the role]");
        attempts.push(Attempt::new(request));
    }
    attempts.push(Attempt::new(forge(forge(call(context)))));
    let answer = all_refused(context, attempts, &[401]).await?;
    let got = answer.status.as_u16();
    let list = context.message("tools/list", &json!({}), context.good());
    let answer = context.send(with_forged_principal(list, context, None)).await?;
    let result = mcp::result(&answer).map_err(|_| CaseFailure::Failed {
        got: format!("with a good token: {}", answer.summary()),
        diagnosis: Some(diagnosis::headers_pass()),
    })?;
    let tools = result["tools"].as_array().map_or(0, Vec::len);
    let unchanged = context.result("tools/list", &json!({}), context.good()).await?;
    let usual = unchanged["tools"].as_array().map_or(0, Vec::len);
    if tools != usual {
        return Err(CaseFailure::Failed {
            got: format!("with a good token {tools} tools, and without the headers {usual}"),
            diagnosis: Some(diagnosis::headers_pass()),
        });
    }
    Ok(format!("{got}; with a good token {tools} tools, as without the headers"))
}

/// A token in `Authorization` beside the forged headers: each of the two is half a credential.
pub(super) fn beside_forged_principal(
    context: &Context<'_>,
    dress: impl Fn(Request) -> Request,
) -> Vec<Attempt> {
    let role = context.target().role.as_str();
    let list = context.message("tools/list", &json!({}), Caller::Anonymous);
    let requests = [list, call(context)].into_iter();
    requests
        .map(|request| Attempt::new(with_forged_principal(dress(request), context, Some(role))))
        .collect()
}
