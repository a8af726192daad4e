//! Errors with their sources, for the log.

use std::{error::Error, fmt};

/// An error with all that caused it, on one line: `the store failed: disk full`. Not for responses, because sources show
/// internals.
#[derive(Debug, Clone, Copy)]
pub struct ErrorChain<'a>(pub &'a (dyn Error + 'a));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorChain;
    use crate::StoreError;

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = StoreError::failed(StoreError::unavailable("disk full"));
        let told = ErrorChain(&error).to_string();
        assert_eq!(told, "the store failed: the store is not available: disk full");
    }
}
