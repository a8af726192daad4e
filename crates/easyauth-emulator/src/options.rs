//! What is not known of the platform for certain, as options.

/// The points on which the platform's behaviour is uncertain or differs from one installation to the next. The default is what is most likely.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {}
