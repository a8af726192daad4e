//! The identity that App Service Authentication puts before the app: the `X-MS-CLIENT-PRINCIPAL` header.

use async_trait::async_trait;
use http::HeaderMap;

use crate::{Outcome, Scheme};

/// The platform's header as a scheme.
#[derive(Debug, Clone, Default)]
pub struct PlatformHeader {}

impl PlatformHeader {
    /// The header's name.
    pub const NAME: &str = "x-ms-client-principal";

    /// Trusts the header.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Scheme for PlatformHeader {
    async fn authenticate(&self, _: &HeaderMap) -> Outcome {
        Outcome::NotRequested
    }
}

/// Why the platform's header is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderRefusal {
    /// More than one such header.
    #[error("it is there more than once")]
    Repeated,
}
