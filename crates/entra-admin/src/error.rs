//! What can go wrong, each in a sentence that says what to do.

use std::time::Duration;

use reqwest::Method;
use uuid::Uuid;

use crate::exposure::Exposure;

/// What was asked for cannot be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The address is none that tokens may be sent to. It is not shown: it may have a password in it.
    #[error("tokens are sent to https://host alone, or to http on this machine, without a path")]
    Address,
    /// The resource id is not that of a web app.
    #[error(
        "the resource id has to be /subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/NAME"
    )]
    ResourceId,
    /// There is no token.
    #[error("there is no token for {service}: {reason}")]
    Token {
        /// Whom it is for.
        service: &'static str,
        /// The issuer's reason.
        reason: String,
    },
    /// It cannot be reached.
    #[error("{service} cannot be reached")]
    Unreachable {
        /// What.
        service: &'static str,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The token is refused.
    #[error(
        "{service} does not take the token: sign in again, to the tenant that the web app belongs to"
    )]
    TokenRefused {
        /// The service that refuses it.
        service: &'static str,
    },
    /// `Authorization_RequestDenied`: the caller may not do this in the tenant.
    #[error(
        "the tenant does not let you {method} {path}: registering needs the role Application Administrator (or Application.ReadWrite.All), assigning roles needs AppRoleAssignment.ReadWrite.All too"
    )]
    RequestDenied {
        /// The method.
        method: Method,
        /// The path.
        path: String,
    },
    /// `AuthorizationFailed`: the caller may not do this to the web app.
    #[error(
        "the subscription does not let you {method} {path}: you need the role Website Contributor on the web app; a role that was just given takes minutes"
    )]
    AuthorizationFailed {
        /// The method.
        method: Method,
        /// The path.
        path: String,
    },
    /// There is no such web app.
    #[error(
        "there is no web app {path}: look at its name, its resource group, and the subscription that you are signed in to"
    )]
    WebAppMissing {
        /// The path.
        path: String,
    },
    /// `InvalidAppId`: what is no application was named where only applications may be.
    #[error(
        "Graph knows no application with that id ({message}): managed and agent identities are none, they get a role and a place in the lists instead"
    )]
    InvalidAppId {
        /// Graph's words.
        message: String,
    },
    /// `Request_MultipleObjectsWithSameKeyValue`, or a value that another object has.
    #[error("another object of the tenant has this already: {message}")]
    Duplicate {
        /// Graph's words.
        message: String,
    },
    /// `HostNameNotOnVerifiedDomain`.
    #[error("the tenant has not verified the domain of an identifier URI: {message}")]
    UnverifiedDomain {
        /// Graph's words.
        message: String,
    },
    /// 429 for too long.
    #[error("{service} asks to be left alone; try again in {} seconds", .retry_after.as_secs())]
    Throttled {
        /// The identity.
        service: &'static str,
        /// For how long.
        retry_after: Duration,
    },
    /// What was just made is not found everywhere yet.
    #[error("what was just made is not known everywhere in the tenant after {} seconds ({path}); run the command again, it goes on where it stopped", .after.as_secs())]
    NotReplicated {
        /// The path.
        path: String,
        /// How long was waited.
        after: Duration,
    },
    /// Any other fault.
    #[error("{service} answers {status} {code} to {method} {path}: {message}")]
    Refused {
        /// The identity.
        service: &'static str,
        /// The status.
        status: u16,
        /// Azure's name for it.
        code: String,
        /// The method.
        method: Method,
        /// The path.
        path: String,
        /// Azure's words.
        message: String,
    },
    /// What is answered is not what the documentation of Azure says.
    #[error("{service}'s answer to {method} {path} is not whole, or not what it should be")]
    Unexpected {
        /// The identity.
        service: &'static str,
        /// The method.
        method: Method,
        /// The path.
        path: String,
    },
    /// There is no registration with this id.
    #[error(
        "the tenant has no application with the client id {client_id}: run `setup`, or look at the id"
    )]
    RegistrationMissing {
        /// The id.
        client_id: String,
    },
    /// The web app's authentication names no registration.
    #[error("the web app's authentication names no registration: run `setup` first")]
    NotSetUp,
    /// Several registrations have the name.
    #[error("several applications are named {name:?}: say which by its client id, one of {}", .client_ids.join(", "))]
    AmbiguousName {
        /// The name.
        name: String,
        /// Their ids.
        client_ids: Vec<String>,
    },
    /// A registration of that name is there, and nothing tells that it is ours.
    #[error(
        "an application named {name:?} is there already, with the client id {client_id}, and any member of the tenant may have made it{}. Look at it; if it is yours, go on with --client-id {client_id} (or --adopt), and else give another --name",
        .exposures.iter().map(|it| format!("\n  {it}")).collect::<Vec<_>>().concat()
    )]
    NotAdopted {
        /// Its name.
        name: String,
        /// Its client id.
        client_id: String,
        /// What of it is in others' hands.
        exposures: Vec<Exposure>,
    },
    /// Others write the same document all the time.
    #[error(
        "others change the same settings at the same time, and undo this: {what}. Agree with them, and run the command again"
    )]
    Contended {
        /// What was to be done.
        what: String,
    },
    /// Authentication is set up with another registration, which would be put out of use.
    #[error(
        "the web app's authentication uses the registration {in_use}: give its client id to go on with it"
    )]
    OtherRegistration {
        /// The client id of the one in use.
        in_use: String,
    },
    /// The registration has no such role, or the role cannot be assigned.
    #[error(
        "the registration has no role MCP.Access that may be given to an identity: run `setup` first"
    )]
    RoleMissing,
    /// The registration has no such scope, or it is disabled.
    #[error("the registration has no scope user_impersonation that is enabled: run `setup` first")]
    ScopeMissing,
    /// The client of people is the app itself.
    #[error(
        "this is the client id of the app itself: Entra ID gives a client no token for itself by its identifier URI (AADSTS90009), so give the client a registration of its own"
    )]
    ClientIsApp,
    /// Nothing in the tenant has this id.
    #[error(
        "nothing in the tenant has the id {id}: an agent's is its object id or application id, and a new one takes minutes to be known"
    )]
    IdentityMissing {
        /// The id.
        id: Uuid,
    },
    /// The id is that of an object that makes no calls itself.
    #[error(
        "{id} is a {kind} ({name}), not a service principal: only agents, managed identities and applications are let in by this command"
    )]
    NotServicePrincipal {
        /// The id.
        id: Uuid,
        /// What it is.
        kind: String,
        /// Its name.
        name: String,
    },
    /// An application that has no service principal.
    #[error(
        "the application {name} has no service principal, so it gets no tokens: make it by `az ad sp create --id {client_id}`"
    )]
    CallerWithoutPrincipal {
        /// Its name.
        name: String,
        /// Its client id.
        client_id: String,
    },
    /// The identity that shall prove the registration is no managed identity.
    #[error(
        "{name} is of the type {kind}, not a managed identity: only a user-assigned managed identity of the web app can stand in for a secret"
    )]
    NotManagedIdentity {
        /// Its name.
        name: String,
        /// Its type.
        kind: String,
    },
}
