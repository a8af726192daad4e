//! What is not known of the platform for certain, as options.

use crate::{arm::ArmOptions, gateway::GatewayOptions, graph::GraphOptions};

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
}

/// Of the issuer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IssuerOptions {
    /// Whether access tokens say `idtyp`, an optional claim. Default: yes.
    pub idtyp: bool,
    /// Issuers elsewhere whose signed assertions federated credentials may name, each with its public key in PEM. Default: none.
    pub foreign_issuers: Vec<(String, String)>,
}

impl Default for IssuerOptions {
    fn default() -> Self {
        Self { idtyp: true, foreign_issuers: Vec::new() }
    }
}
