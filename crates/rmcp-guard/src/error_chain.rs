//! An error with its sources, for the log.

use std::{
    error::Error,
    fmt::{self, Display, Formatter},
};

/// Displays an error and each of its sources, separated by colons.
pub(crate) struct ErrorChain<'a>(pub(crate) &'a dyn Error);

impl Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
