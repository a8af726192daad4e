//! The number of matches, counted up to a bound.

/// The number of restaurants that match. All restaurants are counted exactly; the matches of a search up to
/// [`Self::BOUND`], since to count them means to look at each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// This many.
    Exactly(i64),
    /// More than this many.
    MoreThan(i64),
}

impl Total {
    /// The bound up to which the matches of a search are counted.
    pub const BOUND: i64 = 1000;

    /// The total of a search whose matches were counted up to one more than [`Self::BOUND`].
    #[must_use]
    pub fn of_search(counted: i64) -> Self {
        if counted > Self::BOUND { Self::MoreThan(Self::BOUND) } else { Self::Exactly(counted) }
    }

    /// The number: of all, or of those that were counted.
    #[must_use]
    pub fn get(self) -> i64 {
        match self {
            Self::Exactly(total) | Self::MoreThan(total) => total,
        }
    }

    /// Whether there are no more than [`Self::get`].
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Exactly(_))
    }
}
