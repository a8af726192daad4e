//! What is not known of the platform for certain, as options.

use crate::{arm::ArmOptions, graph::GraphOptions};

/// The points on which the platform's behaviour is uncertain or differs from one installation to the next. The default is what is most likely.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Of Microsoft Graph.
    pub graph: GraphOptions,
    /// Of Azure Resource Manager.
    pub arm: ArmOptions,
}
