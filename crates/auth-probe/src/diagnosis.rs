//! What is likely behind a wrong answer, and what mends it.

use crate::{
    AccessToken, Remedy, Target,
    http_client::{Answer, NoAnswer},
};

/// A likely cause, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    pub(crate) cause: String,
    pub(crate) remedy: Option<Remedy>,
}

impl Diagnosis {
    pub(crate) fn new(cause: impl Into<String>, remedy: Remedy) -> Self {
        Self { cause: cause.into(), remedy: Some(remedy) }
    }

    pub(crate) fn without_fix(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: None }
    }
}

/// The app learns its own public address.
fn set_public_url(target: &Target) -> Remedy {
    Remedy::SetAppSetting { name: "PUBLIC_URL", value: target.origin().to_owned() }
}

/// Somebody came in who must not, or was refused in another way.
pub(crate) fn not_refused(target: &Target, answer: &Answer, expected: &[u16]) -> Option<Diagnosis> {
    let status = answer.status.as_u16();
    let diagnosis = match status {
        300..=399 => Diagnosis::new(
            "callers without a token are sent to a sign-in page, which agents cannot use",
            Remedy::Return401,
        ),
        200..=299 if answer.content_type().starts_with("text/html") && expected == [401] => {
            Diagnosis::new(
                "the caller was let in, or got a sign-in page with the status 200: authentication is off, or lets anonymous \
                 requests through",
                Remedy::RequireAuthentication,
            )
        }
        200..=299 => Diagnosis::new(
            "the caller was let in: authentication is off, lets anonymous requests through, or does not check this",
            Remedy::RequireAuthentication,
        ),
        403 if expected.contains(&401) => Diagnosis::new(
            "callers whom nobody knows are answered 403, so clients do not learn where to get a token; or Host or Origin \
             are refused before anybody asks who calls",
            Remedy::Return401,
        ),
        401 => Diagnosis::new(
            "the caller is treated as nobody, so the token was refused before its rights were looked at: audience, issuer or \
             client",
            Remedy::ShowAuthSettings(None),
        ),
        _ => return of_status(target, answer),
    };
    Some(diagnosis)
}

/// Somebody was not let in who must be.
pub(crate) fn not_let_in(
    target: &Target,
    answer: &Answer,
    token: Option<&AccessToken>,
) -> Option<Diagnosis> {
    match (answer.status.as_u16(), token) {
        (401, Some(token)) => Some(refused_token(target, token)),
        (403, Some(token)) => Some(forbidden_token(target, answer, token)),
        (401 | 403, None) => {
            Some(Diagnosis::new("authentication is on", Remedy::AllowDisablingAuth))
        }
        _ => of_status(target, answer),
    }
}

/// 401 for a good token: what of it the settings may not take.
fn refused_token(target: &Target, token: &AccessToken) -> Diagnosis {
    let claims = token.claims();
    let audience = claims.text("aud").unwrap_or("none");
    let issuer = claims.text("iss").unwrap_or("none");
    let tenant = target.tenant_id;
    let (v1, v2) = (target.v1_issuer(), format!("{}{tenant}/v2.0", target.authority));
    if !target.is_audience(audience) {
        let client = target.client_id;
        let cause = format!(
            "the token is for {audience}, and the app is {client}: another scope was asked for"
        );
        // Never to allow that audience: it may be another API's, whose callers would all come in.
        let scope = format!("api://{client}/.default");
        return Diagnosis::new(
            cause,
            Remedy::RequestScope { scope, audience: audience.to_owned() },
        );
    }
    if issuer != v1 && issuer != v2 {
        let cause = format!("the token's issuer is {issuer}, which is none of the tenant {tenant}");
        return Diagnosis::new(cause, Remedy::GiveTenant);
    }
    let cause = format!(
        "authentication takes another issuer or audience than {issuer} and {audience}. The issuer of the settings has to be \
         {v2}, and nothing between the two forms"
    );
    Diagnosis::new(cause, Remedy::SetIssuer(v2))
}

/// 403 for a good token: who is not allowed, or has not the role.
fn forbidden_token(target: &Target, answer: &Answer, token: &AccessToken) -> Diagnosis {
    let claims = token.claims();
    let (client, object) = (claims.client().unwrap_or("?"), claims.text("oid").unwrap_or("?"));
    if !claims.has_role(&target.role) && !claims.is_delegated() {
        let cause = format!(
            "the caller {client} has not the app role {}: it was never assigned, or the app registration has no service \
             principal, or the token is older than the assignment",
            target.role
        );
        return Diagnosis::new(cause, Remedy::Preauthorize(object.to_owned()));
    }
    let body = answer.body.to_ascii_lowercase();
    if body.contains("host") || body.contains("origin") {
        return Diagnosis::new(
            "the app does not take its own public host for one of its names",
            set_public_url(target),
        );
    }
    let cause = format!("the client {client} is not among the allowed clients of the app");
    Diagnosis::new(cause, Remedy::Preauthorize(client.to_owned()))
}

/// What a status alone tells.
fn of_status(target: &Target, answer: &Answer) -> Option<Diagnosis> {
    match answer.status.as_u16() {
        404 | 405 => Some(Diagnosis::new(
            format!("there is no MCP endpoint at {}, or another app answers", target.mcp.path()),
            Remedy::GiveMcpPath,
        )),
        421 => Some(Diagnosis::new(
            "the app does not take its own public host for one of its names",
            set_public_url(target),
        )),
        429 => Some(Diagnosis::new("too many requests", Remedy::RetryLater)),
        500..=599 => Some(Diagnosis::new("the app is starting, or has failed", Remedy::ReadLog)),
        _ => None,
    }
}

/// No answer at all.
pub(crate) fn no_answer(target: &Target, no_answer: &NoAnswer) -> Diagnosis {
    match no_answer {
        NoAnswer::Unreachable(reason) => Diagnosis::new(
            format!("{} cannot be reached: {reason}", target.origin()),
            Remedy::ShowState,
        ),
        NoAnswer::Broken(_) => Diagnosis::new(
            "the app, or what stands before it, ended the connection",
            Remedy::ReadLog,
        ),
    }
}

/// No answer within the time limit.
pub(crate) fn too_late() -> Diagnosis {
    Diagnosis::new(
        "the app hangs: it waits for something that it needs, such as its database, or has no thread left",
        Remedy::ReadLog,
    )
}

/// The metadata are not there, or not complete.
pub(crate) fn no_metadata(target: &Target, answer: &Answer) -> Diagnosis {
    let cause = match answer.status.as_u16() {
        401 | 403 | 300..=399 => {
            "the metadata are behind authentication, so nobody who needs them can read them: the platform's own are switched off, \
             and the app's stand behind its gate"
        }
        404 => "the platform's metadata are switched off, or authentication is",
        _ => "something else than the metadata is at their address",
    };
    Diagnosis::new(cause, publish_metadata(target))
}

/// The app setting by which the platform publishes the metadata, and names them in its challenges.
fn publish_metadata(target: &Target) -> Remedy {
    let value = format!("{}/{}", target.identifier_uri, target.profile.access.scope);
    Remedy::SetAppSetting { name: "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES", value }
}

/// The metadata send clients elsewhere to get a token.
pub(crate) fn other_issuer(target: &Target) -> Diagnosis {
    let cause = format!(
        "agents would present themselves, with what proves who they are, to an issuer that is not {}{}: somebody else's \
         settings, or the tenant or authority that was given is not the app's",
        target.authority, target.tenant_id
    );
    Diagnosis::new(cause, Remedy::ShowAuthSettings(Some("identityProviders")))
}

/// The challenge does not lead to the metadata.
pub(crate) fn no_challenge(target: &Target, answer: &Answer) -> Diagnosis {
    if answer.status == 401 {
        return Diagnosis::new(
            "the challenge does not name the metadata, or names them elsewhere: the platform's own are switched off, or the app \
             does not know its own public address",
            publish_metadata(target),
        );
    }
    not_refused(target, answer, &[401]).unwrap_or_else(|| {
        Diagnosis::without_fix("the app does not answer 401 to callers whom nobody knows")
    })
}

/// The metadata name another resource than the endpoint.
pub(crate) fn other_resource(target: &Target) -> Diagnosis {
    Diagnosis::new(
        "the app does not know its own public address, or names another resource: clients refuse the metadata, and Entra a \
         `resource` that is no identifier URI of the app (AADSTS9010010)",
        set_public_url(target),
    )
}

/// The scope of the metadata is not one of the app's registration.
pub(crate) fn other_scope(target: &Target, scope: &str) -> Diagnosis {
    Diagnosis::new(
        format!(
            "clients ask for the scope {scope}, whose prefix is no identifier URI of the registration {}: they get a token of \
             another app, or none (AADSTS500011). If it is one, the scope that was given has to begin with it",
            target.client_id
        ),
        publish_metadata(target),
    )
}

/// The issuer refuses the resource with the scope.
pub(crate) fn resource_refused(target: &Target, resource: &str) -> Diagnosis {
    Diagnosis::new(
        format!(
            "a client that follows the MCP specification names {resource} as the resource of its token, and Entra takes only \
             an identifier URI of the app that owns the scope: nobody can sign in from such a client. An address of \
             azurewebsites.net cannot be one; give the app a domain that the tenant has verified"
        ),
        Remedy::AddIdentifierUri {
            existing: target.identifier_uri.clone(),
            added: resource.to_owned(),
        },
    )
}

/// What the issuer says of the resource cannot be told.
pub(crate) fn resource_unknown(resource: &str, why: &str) -> Diagnosis {
    Diagnosis::new(
        format!(
            "whether Entra takes the resource {resource} with the metadata's scope cannot be told ({why}): it has to be an \
             identifier URI of the app (AADSTS9010010)"
        ),
        Remedy::ShowIdentifierUris,
    )
}

/// Identity headers from outside reach the app.
pub(crate) fn headers_pass() -> Diagnosis {
    Diagnosis::new(
        "headers that the platform alone may set reach the app from outside: something stands before it that is not App Service \
         Authentication, or lets its path through (excludedPaths)",
        Remedy::ShowAuthSettings(Some("globalValidation")),
    )
}

/// Requests from pages of other sites are served.
pub(crate) fn origin_unchecked() -> Diagnosis {
    Diagnosis::without_fix(
        "the MCP endpoint does not look at Origin, so a page of another site can call it from a person's browser (DNS rebinding): \
         list the allowed origins in the MCP transport",
    )
}

/// Entra gave no token, and says why by a code.
pub(crate) fn no_token(error: &str) -> Diagnosis {
    let known: &[(&str, &str, Remedy)] = &[
        (
            "AADSTS500011",
            "the app registration has no service principal in the tenant, or no such identifier URI",
            Remedy::CreateServicePrincipal,
        ),
        (
            "AADSTS501051",
            "the caller is assigned to nothing of the app, which wants an assignment",
            Remedy::AssignAppRole,
        ),
        ("AADSTS700016", "there is no such application in the tenant", Remedy::CheckCredential),
        (
            "AADSTS7000215",
            "the client secret is wrong: its id may have been taken for its value",
            Remedy::ResetClientSecret,
        ),
        ("AADSTS7000222", "the client secret has expired", Remedy::ResetClientSecret),
        (
            "AADSTS700213",
            "no federated credential of the caller matches the token's subject",
            Remedy::ShowFederatedCredentials,
        ),
        (
            "AADSTS70021",
            "no federated credential of the caller matches the token's subject",
            Remedy::ShowFederatedCredentials,
        ),
        ("AADSTS90002", "there is no such tenant", Remedy::ShowTenant),
        (
            "AADSTS65001",
            "the Azure CLI may not ask for the app's scope",
            Remedy::ShowPreauthorizedClients,
        ),
        (
            "AADSTS9010010",
            "the resource that was asked for is no identifier URI of the app",
            Remedy::ShowIdentifierUris,
        ),
    ];
    match known.iter().find(|(code, ..)| error.contains(&format!("{code}:"))) {
        Some((code, cause, remedy)) => Diagnosis::new(format!("{cause} ({code})"), remedy.clone()),
        None => Diagnosis::new(format!("there is no token: {error}"), Remedy::CheckIdentity),
    }
}
