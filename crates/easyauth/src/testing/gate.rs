//! A service, and what its authentication protects.

use axum::Router;
use serde_json::{Value, json};

use super::{call::Call, issuer::TestIssuer};

type Build = Box<dyn Fn() -> Router + Send + Sync>;

/// A service, and what its authentication protects: the input of [`crate::gate_contract`].
///
/// Each check of the contract builds the service anew. A check without its part in the gate passes: without
/// [`Self::hides`] there is no hidden operation, and without [`Self::with_tokens`] no token.
#[must_use]
pub struct Gate {
    pub(super) with_tokens: Option<Build>,
    pub(super) behind_platform: Option<Build>,
    pub(super) listed: Call,
    role: String,
    scope: String,
    pub(super) hidden: Option<(Call, String)>,
    pub(super) public: Vec<Call>,
}

impl Gate {
    /// An operation that an application with the app role may call, and a user through a client application with the scope.
    pub fn new(call: Call, role: &str, scope: &str) -> Self {
        Self {
            with_tokens: None,
            behind_platform: None,
            listed: call,
            role: role.to_owned(),
            scope: scope.to_owned(),
            hidden: None,
            public: Vec::new(),
        }
    }

    /// The service that validates access tokens itself. Build its validator from [`TestIssuer::validator`], and allow
    /// [`TestIssuer::CLIENT`] as the service allows its clients.
    pub fn with_tokens(
        mut self,
        service: impl Fn(TestIssuer) -> Router + Send + Sync + 'static,
    ) -> Self {
        self.with_tokens = Some(Box::new(move || service(TestIssuer)));
        self
    }

    /// The service behind App Service Authentication. Its callers are of the tenant [`TestIssuer::TENANT`].
    pub fn behind_platform(mut self, service: impl Fn() -> Router + Send + Sync + 'static) -> Self {
        self.behind_platform = Some(Box::new(service));
        self
    }

    /// An operation that the callers of the first may not call without this app role. An MCP server hides such a tool from
    /// the list.
    pub fn hides(mut self, call: Call, role: &str) -> Self {
        self.hidden = Some((call, role.to_owned()));
        self
    }

    /// A route without authentication.
    pub fn public(mut self, call: Call) -> Self {
        self.public.push(call);
        self
    }

    /// The services with a function that writes the credentials of a caller.
    pub(super) fn services(&self) -> Vec<Service> {
        let tokens =
            self.with_tokens.as_ref().map(|build| Service { router: build(), credentials: token });
        let platform = self
            .behind_platform
            .as_ref()
            .map(|build| Service { router: build(), credentials: header });
        tokens.into_iter().chain(platform).collect()
    }

    /// The claims of an application and of a user who may call the listed operation; with the hidden operation's role, if
    /// `with_hidden`.
    pub(super) fn callers(&self, with_hidden: bool) -> [Value; 2] {
        let mut roles = vec![self.role.as_str()];
        let hidden = self.hidden.iter().map(|(_, role)| role.as_str()).filter(|_| with_hidden);
        roles.extend(hidden.clone());
        let user = TestIssuer.user(&[&self.scope]);
        let user_roles: Vec<_> = hidden.collect();
        [
            TestIssuer.application(&roles),
            super::issuer::with(&user, &json!({ "roles": user_roles })),
        ]
    }
}

/// A deployment of the service.
pub(super) struct Service {
    pub(super) router: Router,
    /// The header with the credentials of a caller with these claims.
    pub(super) credentials: fn(&Value) -> Header,
}

/// The name and the value of a header.
pub(super) type Header = (&'static str, String);

/// The access token of a caller.
pub(super) fn token(claims: &Value) -> Header {
    bearer(&TestIssuer.token(claims))
}

pub(super) fn bearer(token: &str) -> Header {
    ("authorization", format!("Bearer {token}"))
}

/// The platform's header for a caller.
pub(super) fn header(claims: &Value) -> Header {
    ("x-ms-client-principal", TestIssuer.client_principal(claims))
}
