//! The author of what an authenticated caller writes, and the circumstances of its request.
//!
//! Invariant: all of it is attribution. No permission depends on a claim that is read here.

use axum::http::Extensions;
use easyauth::{Principal, PrincipalKind};
use opentelemetry::trace::TraceContextExt;
use restaurant_domain::{Author, ClientApplication, WriteContext};
use tower_http::request_id::RequestId;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The claims that are read here alone. Source: <https://learn.microsoft.com/entra/agent-id/agent-token-claims>.
#[cfg(test)]
pub const CLAIMS: [&str; 4] = [SUBJECT_FACETS, ACTOR_FACETS, BLUEPRINT, CLIENT_NAME];

/// The facets of the subject: numbers, separated by spaces.
const SUBJECT_FACETS: &str = "xms_sub_fct";
/// The facets of the client application.
const ACTOR_FACETS: &str = "xms_act_fct";
/// The application id of the blueprint that the client application was made from.
const BLUEPRINT: &str = "xms_par_app_azp";
/// The name of the client application, in some version 1.0 tokens.
const CLIENT_NAME: &str = "app_displayname";

/// The facet of an agent identity (`AgentIdentity` in the table of the source above).
const AGENT_IDENTITY: &str = "11";
/// The facet of an agent's user account (`AgentIDUser`).
const AGENT_USER: &str = "13";

/// The author that a caller writes as.
///
/// - An application in its own name is an agent, and so is a user account that the subject's facets call an agent's.
/// - A user at a browser is a person.
/// - A user through a client application is an agent for a person.
pub fn author(principal: &Principal) -> Author {
    let (id, name) = (principal.object_id(), principal.name());
    let author = match principal.kind() {
        PrincipalKind::User if has_facet(principal, SUBJECT_FACETS, AGENT_USER) => {
            Author::agent(id, name)
        }
        PrincipalKind::User if principal.is_session() => return Author::person(id, name),
        PrincipalKind::User => Author::agent_for_person(id, name),
        // A kind that a later version adds is not a person.
        _ => Author::agent(id, name),
    };
    let client_name = principal.claim(CLIENT_NAME);
    let client = principal.client_id().and_then(|id| ClientApplication::new(id, client_name));
    // A blueprint is an agent's: without the facet, the claim says nothing that is known.
    let is_agent = has_facet(principal, ACTOR_FACETS, AGENT_IDENTITY)
        || has_facet(principal, SUBJECT_FACETS, AGENT_IDENTITY);
    let blueprint = principal.claim(BLUEPRINT).filter(|_| is_agent);
    author.with_client(client).with_blueprint(blueprint)
}

/// Whether a claim has a facet, in any of its values.
fn has_facet(principal: &Principal, claim: &str, facet: &str) -> bool {
    principal.claim_values(claim).any(|value| value.split(' ').any(|it| it == facet))
}

/// The ids of a request and of its trace, as its log lines and spans have them.
pub fn context(extensions: &Extensions) -> WriteContext {
    let request_id = extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let trace = Span::current().context();
    let trace = trace.span().span_context().clone();
    WriteContext {
        request_id: request_id.map(str::to_owned),
        trace_id: trace.is_valid().then(|| trace.trace_id().to_string()),
        ..WriteContext::default()
    }
}

#[cfg(test)]
mod tests {
    use restaurant_domain::AuthorKind;

    use super::*;

    const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

    fn user() -> Principal {
        Principal::new(PrincipalKind::User, "1").with_name("Ada").with_client_id(CLIENT)
    }

    fn with(principal: Principal, claims: &[(&str, &[&str])]) -> Author {
        let values = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        let claims = claims.iter().map(|(name, list)| ((*name).to_owned(), values(list)));
        author(&principal.with_claims(claims))
    }

    #[test]
    fn the_client_application_of_a_person_is_named() {
        let ada = with(user(), &[(CLIENT_NAME, &["VS Code"])]);
        assert_eq!((ada.kind(), ada.name()), (AuthorKind::AgentForPerson, Some("Ada")));
        let client = ada.client().unwrap();
        assert_eq!((client.id(), client.name()), (CLIENT, Some("VS Code")));
        let ada = author(&user().with_session());
        assert_eq!((ada.kind(), ada.client()), (AuthorKind::Person, None));
    }

    #[test]
    fn an_agents_user_account_is_no_person() {
        for facets in [&["3 13"] as &[_], &["13", "9"], &["9 13 3"]] {
            assert_eq!(with(user(), &[(SUBJECT_FACETS, facets)]).kind(), AuthorKind::Agent);
        }
        for facets in [&["113 131"] as &[_], &[""], &["1 3"], &["13,"], &[]] {
            let author = with(user(), &[(SUBJECT_FACETS, facets)]);
            assert_eq!(author.kind(), AuthorKind::AgentForPerson, "{facets:?}");
        }
    }

    #[test]
    fn a_blueprint_is_that_of_an_agent_and_is_claimed_once() {
        let agent = || Principal::new(PrincipalKind::Application, "1").with_client_id(CLIENT);
        let facets: (&str, &[&str]) = (ACTOR_FACETS, &["3 9 11"]);
        let blueprint = |principal, claims: &[(&str, &[&str])]| {
            with(principal, claims).blueprint().map(str::to_owned)
        };
        assert_eq!(blueprint(agent(), &[facets, (BLUEPRINT, &["b"])]), Some("b".to_owned()));
        assert_eq!(blueprint(user(), &[facets, (BLUEPRINT, &["b"])]), Some("b".to_owned()));
        assert_eq!(blueprint(agent(), &[facets, (BLUEPRINT, &["b", "c"])]), None, "repeated");
        assert_eq!(blueprint(agent(), &[(BLUEPRINT, &["b"])]), None, "no agent");
        assert_eq!(blueprint(agent(), &[facets]), None, "absent");
        let long = "b".repeat(101);
        assert_eq!(blueprint(agent(), &[facets, (BLUEPRINT, &[&long])]), None);
    }
}
