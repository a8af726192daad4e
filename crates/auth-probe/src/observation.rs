//! What a deployment behind App Service does where its documentation is unclear, seen from outside. Nothing is changed.

use reqwest::Url;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    AccessToken, LookError, Target,
    http_client::{Answer, HttpClient, Request},
};

/// The facet of an agent identity, in `xms_act_fct`.
const AGENT_IDENTITY: &str = "11";
/// A token that no issuer signed: `{"alg":"none"}` and no claims.
const FORGED: &str = "eyJhbGciOiJub25lIn0.e30.";

/// An answer of a deployment to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// The name of the question, such as `takes_v1_issuer`.
    pub question: &'static str,
    /// The answer: true or false, a status, or a text.
    pub answer: Value,
}

impl Observation {
    /// Asks the deployment at an origin, with as many good tokens as there are: of an agent and of another program, of
    /// version 1.0 and 2.0. A question that no token can answer is left out. Each request is a `GET` of the MCP endpoint or
    /// of its metadata.
    ///
    /// # Errors
    /// The address is not one that tokens may be sent to, or the app cannot be reached.
    pub async fn of(
        origin: &str,
        path: &str,
        tokens: &[AccessToken],
    ) -> Result<Vec<Self>, LookError> {
        let target = Target::new(origin, Uuid::nil(), Uuid::nil())?.mcp_path(path)?;
        let http = HttpClient::new(&target.origin).map_err(LookError::Client)?;
        let ask = async |request: Request| {
            let answer = http.send(&request).await;
            answer.map_err(|why| LookError::NoEndpoint(format!("{path}: {}", why.reason())))
        };
        let anonymous = ask(Request::get(target.mcp.clone())).await?;
        let forged = Request::get(target.mcp.clone()).header("authorization", &bearer(FORGED));
        let forged = ask(forged).await?;
        let metadata = ask(Request::get(metadata(&target.mcp))).await?;
        let mut all = vec![
            observed("anonymous_status", json!(anonymous.status.as_u16())),
            observed("anonymous_body_is_empty", json!(anonymous.body.is_empty())),
            observed("challenge_names_metadata", json!(challenge(&anonymous))),
            observed("forged_status", json!(forged.status.as_u16())),
            observed("metadata_status", json!(metadata.status.as_u16())),
        ];
        let body: Value = serde_json::from_str(&metadata.body).unwrap_or_default();
        if let Some(resource) = body["resource"].as_str() {
            all.push(observed("metadata_resource", json!(resource)));
        }
        for token in tokens {
            let request = Request::get(target.mcp.clone()).bearer(token, "a good token");
            of_token(token, &ask(request).await?, &mut all);
        }
        Ok(all)
    }
}

/// Adds what the answer to a good token shows.
fn of_token(token: &AccessToken, answer: &Answer, all: &mut Vec<Observation>) {
    let claims = token.claims();
    let text = |name: &str| claims.text(name).unwrap_or_default();
    // The platform refuses without a body; the app says why.
    let is_platforms = matches!(answer.status.as_u16(), 401 | 403) && answer.body.is_empty();
    match text("ver") {
        "1.0" => all.push(observed("takes_v1_issuer", json!(!is_platforms))),
        "2.0" => all.push(observed("takes_v2_issuer", json!(!is_platforms))),
        _ => {}
    }
    if text("xms_act_fct").split(' ').any(|facet| facet == AGENT_IDENTITY) {
        all.push(observed("takes_agent_identities", json!(!is_platforms)));
        let client = claims.client().unwrap_or_default();
        if text("idtyp") == "app" {
            let are_equal = client.eq_ignore_ascii_case(text("oid"));
            all.push(observed("agent_ids_are_equal", json!(are_equal)));
        }
    }
}

fn observed(question: &'static str, answer: Value) -> Observation {
    Observation { question, answer }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn challenge(answer: &Answer) -> bool {
    answer.header("www-authenticate").is_some_and(|it| it.contains("resource_metadata="))
}

/// The address of a resource's metadata (RFC 9728, section 3.1).
fn metadata(resource: &Url) -> Url {
    let mut url = resource.clone();
    url.set_path(&format!("/.well-known/oauth-protected-resource{}", resource.path()));
    url
}
