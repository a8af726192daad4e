//! The outcome of a case that did not pass.

use crate::diagnosis::Diagnosis;

/// The reason why a case did not pass.
#[derive(Debug)]
pub(crate) enum CaseFailure {
    /// The app did not respond as it must.
    Failed {
        /// The response.
        got: String,
        /// The likely cause.
        diagnosis: Option<Diagnosis>,
    },
    /// The case could not be judged, for a reason that says nothing about the app.
    Inconclusive(Diagnosis),
}

impl CaseFailure {
    pub(crate) fn failed(got: impl Into<String>) -> Self {
        Self::Failed { got: got.into(), diagnosis: None }
    }
}
