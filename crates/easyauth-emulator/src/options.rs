//! What is not known of the platform for certain, as options.

use crate::{
    arm::ArmOptions, gateway::GatewayOptions, graph::GraphOptions, host_check::AccessOptions,
    listener::ListenerOptions,
};

/// The points on which the platform's behaviour is uncertain or differs from one installation to the next. The default is what is most likely.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Of the issuer.
    pub issuer: IssuerOptions,
    /// Of the gateway.
    pub gateway: GatewayOptions,
    /// Of Microsoft Graph.
    pub graph: GraphOptions,
    /// Of Azure Resource Manager.
    pub arm: ArmOptions,
    /// Which hosts and origins are served.
    pub access: AccessOptions,
    /// How the listeners are reached.
    pub listener: ListenerOptions,
}

/// Of the issuer.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a point of its own")]
pub struct IssuerOptions {
    /// Whether access tokens say `idtyp`, an optional claim. Default: yes.
    pub idtyp: bool,
    /// Whether a request that names a `resource` (RFC 8707) is refused by AADSTS9010010 where that is no identifier URI of
    /// the application that owns the scope, at the authorization endpoint and at the version 2.0 token endpoint. Reports
    /// differ between deployments; the other ones ignore the parameter. Default: no.
    pub checks_resource: bool,
    /// Whether a client that requests a token for itself by one of its identifier URIs is refused by AADSTS90009: client and
    /// API are to be two registrations. Default: no.
    pub refuses_own_scope: bool,
    /// Whether a client that is not among the API's preauthorized ones is refused by AADSTS65001, as without a consent. The
    /// emulator keeps no consents. Default: no.
    pub asks_consent: bool,
    /// The seconds that a client waits between two requests with a device code. Entra's are 5. Default: 1.
    pub device_code_interval: u32,
    /// Where the version 1.0 issuer is: `https://sts.chinacloudapi.cn` in the cloud of 21Vianet. Default:
    /// `https://sts.windows.net`.
    pub v1_issuer: String,
    /// Issuers elsewhere whose signed assertions federated credentials may name, each with its public key in PEM. Default: none.
    pub foreign_issuers: Vec<(String, String)>,
}

impl Default for IssuerOptions {
    fn default() -> Self {
        Self {
            idtyp: true,
            checks_resource: false,
            refuses_own_scope: false,
            asks_consent: false,
            device_code_interval: 1,
            v1_issuer: "https://sts.windows.net".to_owned(),
            foreign_issuers: Vec::new(),
        }
    }
}
