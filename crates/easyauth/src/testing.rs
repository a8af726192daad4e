//! Tests of a service: an issuer in this process, test callers, and a contract that checks every way past the authentication.

mod call;
mod doors;
mod gate;
mod issuer;
mod request;

pub use self::{call::Call, gate::Gate, issuer::TestIssuer};

/// Makes a `#[tokio::test]` of each way past the authentication of a service, from the expression of a [`Gate`]. The package
/// needs `tokio` with `macros` and `rt` among its dev-dependencies.
///
/// | Test | Sends | Expects |
/// |---|---|---|
/// | `listed_operation` | callers with the role or the scope | success |
/// | `hidden_operation` | the same callers to an operation that needs a further role | 403, 404 or an MCP error; success with the role |
/// | `missing_role` | a valid caller without role and scope | 403 `insufficient_scope` |
/// | `no_credentials` | nothing, or credentials of another kind | 401 with a challenge |
/// | `forged_token` | tokens of another key, without a signature, and changed afterwards | 401 |
/// | `expired_token` | tokens that expired or are not valid yet | 401 |
/// | `foreign_tenant` | callers of another tenant | 401 |
/// | `wrong_audience` | tokens for another service | 401 |
/// | `unlisted_client` | tokens of a client application that is not allowed | 401 |
/// | `forged_header` | a client principal header where no platform is in front | 401, or the same response as without it |
/// | `malformed_header` | client principal headers that the platform never writes | 401 |
/// | `public_route` | identity headers to a route without authentication | the same response as without them |
/// | `unknown_path` | requests without credentials to unknown paths and methods | the same 401 as for a known one |
/// | `identical_refusals` | all of the invalid credentials | the same 401 to the byte |
///
/// ```
/// use axum::{Router, routing::get};
/// use easyauth::{
///     AuthenticationLayer, Authenticator, ClientPrincipalHeader, ProtectedResource, Requirement,
///     RequirementLayer,
///     testing::{Call, Gate, TestIssuer},
/// };
/// # use std::sync::Arc;
///
/// fn service(authenticator: Authenticator) -> Router {
///     let resource = Arc::new(ProtectedResource::new("https://api.example").unwrap());
///     let requirement = Requirement::role_or_scope("Reports.Read", "reports");
///     let routes = Router::new()
///         .route("/reports", get(|| async { "[]" }))
///         .layer(RequirementLayer::new(requirement, resource.clone()));
///     AuthenticationLayer::new(authenticator, resource).wrap(routes)
/// }
///
/// fn gate() -> Gate {
///     Gate::new(Call::get("/reports"), "Reports.Read", "reports")
///         .with_tokens(|issuer| {
///             let validator = issuer.validator().allow_client(TestIssuer::CLIENT).build().unwrap();
///             service(Authenticator::new(validator))
///         })
///         .behind_platform(|| {
///             let header = ClientPrincipalHeader::new().tenant(TestIssuer::TENANT);
///             service(Authenticator::new(header))
///         })
/// }
///
/// mod contract {
///     easyauth::gate_contract!(super::gate());
/// }
/// ```
#[macro_export]
macro_rules! gate_contract {
    ($gate:expr) => {
        $crate::gate_contract! {
            @tests $gate;
            listed_operation hidden_operation missing_role no_credentials forged_token expired_token
            foreign_tenant wrong_audience unlisted_client forged_header malformed_header
            public_route unknown_path identical_refusals
        }
    };
    (@tests $gate:expr; $($door:ident)*) => {
        $(
            #[::tokio::test]
            async fn $door() {
                let checked = $crate::testing::Gate::$door(&$gate).await;
                ::core::assert!(checked.is_ok(), "{}", checked.unwrap_err());
            }
        )*
    };
}
