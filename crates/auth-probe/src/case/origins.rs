//! Pages of other sites, by what their browsers say of them: `Origin`.

use serde_json::json;

use super::{everywhere::page, refusals::unless_refused_anyway};
use crate::{
    TokenKind,
    context::{Caller, Context},
    diagnosis::{self, Diagnosis},
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
};

const ATTACKER: &str = "https://attacker.example";

/// Origins of others: one that has nothing of ours, none at all, one that begins as ours does, and one that ends so.
fn foreign(context: &Context<'_>) -> [String; 4] {
    let origin = &context.target().origin;
    let scheme = origin.scheme();
    let host = origin.authority();
    let name = context.target().host();
    [
        ATTACKER.to_owned(),
        "null".to_owned(),
        format!("{scheme}://{name}.attacker.example"),
        format!("{scheme}://attacker{host}"),
    ]
}

/// The endpoint refuses requests of foreign pages, whatever they ask.
pub(super) async fn refused(context: &Context<'_>) -> Result<String, CaseFailure> {
    let caller = context.bearer(TokenKind::Good)?;
    let call = context.profile().reading();
    let initialize = context.message("initialize", &mcp::initialize(), caller);
    let mut requests = vec![initialize.header("origin", ATTACKER)];
    for origin in foreign(context) {
        for (method, params) in [("tools/list", &json!({})), ("tools/call", &call)] {
            requests.push(context.message(method, params, caller).header("origin", &origin));
        }
    }
    for request in requests {
        let line = request.line().to_owned();
        let answer = context.send(request).await?;
        if answer.status != 403 {
            return Err(CaseFailure::Failed {
                got: format!("{line}: {}", answer.summary()),
                diagnosis: Some(diagnosis::origin_unchecked()),
            });
        }
    }
    unless_refused_anyway(context, "403".to_owned()).await
}

/// No response allows a foreign page to read it.
pub(super) async fn not_shared(context: &Context<'_>) -> Result<String, CaseFailure> {
    let target = context.target();
    let list = |caller| context.message("tools/list", &json!({}), caller);
    let preflight = |url| {
        Request::of("OPTIONS", url)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, content-type")
    };
    let mut requests = Vec::new();
    for origin in foreign(context) {
        requests.push((preflight(target.mcp.clone()), origin.clone()));
        requests.push((list(Caller::Anonymous), origin.clone()));
        if let Caller::Bearer(..) = context.good() {
            requests.push((list(context.good()), origin.clone()));
        }
        requests.extend(page(context).map(|page| (page, origin)));
    }
    let forms = context.profile().pages.forms.first();
    requests.extend(forms.map(|form| (preflight(target.url(form)), ATTACKER.to_owned())));
    let count = requests.len();
    for (request, origin) in requests {
        let request = request.header("origin", &origin);
        let line = request.line().to_owned();
        let answer = context.send(request).await?;
        if let Some(shared) = shared(&answer, &origin) {
            return Err(CaseFailure::Failed {
                got: format!("{line}: {}, {shared}", answer.status.as_u16()),
                diagnosis: Some(Diagnosis::without_fix(
                    "the app allows pages of other sites to read its responses: leave out CORS, or list the origins that may",
                )),
            });
        }
    }
    Ok(format!("{count} responses share nothing with other origins"))
}

/// The headers by which a response is shared with a foreign origin.
fn shared(answer: &Answer, origin: &str) -> Option<String> {
    let with_credentials = answer
        .header("access-control-allow-credentials")
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
    let mut allowed = answer.headers.get_all("access-control-allow-origin").iter();
    let is_shared =
        |value: &str| value.eq_ignore_ascii_case(origin) || (value == "*" && with_credentials);
    allowed.find_map(|value| {
        let value = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
        let names = value.split([',', ' ']).any(is_shared);
        let credentials = if with_credentials { " with credentials" } else { "" };
        names.then(|| format!("access-control-allow-origin: {value}{credentials}"))
    })
}
