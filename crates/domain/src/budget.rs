//! Budgets of writes: how much a caller may write in a minute, an hour and a day.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};

/// The most writes of a caller in each period. Default: no limits.
///
/// A period begins with the first write in it. As text: `100/hour, 1000/day`; `0` is no limits.
///
/// ```
/// use restaurant_domain::{Budget, BudgetPeriod};
///
/// let budget: Budget = "100/hour, 1000/day".parse()?;
/// assert_eq!(budget.limit(BudgetPeriod::Day), Some(1000));
/// assert_eq!(budget.limit(BudgetPeriod::Minute), None);
/// assert_eq!(budget.to_string(), "100/hour, 1000/day");
/// assert!("0".parse::<Budget>()?.is_unlimited());
/// # Ok::<(), restaurant_domain::InvalidBudget>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget([Option<u32>; 3]);

/// A period of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetPeriod {
    /// 60 seconds: `minute`.
    Minute,
    /// 60 minutes: `hour`.
    Hour,
    /// 24 hours: `day`.
    Day,
}

impl BudgetPeriod {
    /// All periods, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Its length.
    #[must_use]
    pub fn length(self) -> TimeDelta {
        match self {
            Self::Minute => TimeDelta::minutes(1),
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
        }
    }
}

impl Budget {
    /// The most writes in a period, 1 to 1,000,000,000.
    pub const MAX: u32 = 1_000_000_000;

    /// The same budget with a limit for a period; 0 is taken for 1.
    #[must_use]
    pub fn per(mut self, period: BudgetPeriod, writes: u32) -> Self {
        self.0[period as usize] = Some(writes.clamp(1, Self::MAX));
        self
    }

    /// The most writes in a period; `None` without a limit.
    #[must_use]
    pub fn limit(&self, period: BudgetPeriod) -> Option<u32> {
        self.0[period as usize]
    }

    /// Whether no period has a limit.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for period in BudgetPeriod::ALL {
            if let Some(limit) = self.limit(period) {
                write!(f, "{separator}{limit}/{}", period.as_str())?;
                separator = ", ";
            }
        }
        if self.is_unlimited() { f.write_str("0") } else { Ok(()) }
    }
}

/// A text is no budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "give numbers of writes per minute, hour or day, for example 100/hour, 1000/day; 0 is no limit"
)]
pub struct InvalidBudget;

impl FromStr for Budget {
    type Err = InvalidBudget;

    fn from_str(text: &str) -> Result<Self, InvalidBudget> {
        if text.trim() == "0" {
            return Ok(Self::default());
        }
        text.split(',').try_fold(Self::default(), |budget, part| {
            let (writes, period) = part.split_once('/').ok_or(InvalidBudget)?;
            let period = BudgetPeriod::ALL.into_iter().find(|it| it.as_str() == period.trim());
            let period = period.filter(|period| budget.limit(*period).is_none());
            let writes = writes.trim().parse().ok();
            let writes = writes.filter(|writes| (1..=Self::MAX).contains(writes));
            Ok(budget.per(period.ok_or(InvalidBudget)?, writes.ok_or(InvalidBudget)?))
        })
    }
}

/// The writes of a caller so far: when each period began, and how many writes it has. As a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetUse(pub [(DateTime<Utc>, u32); 3]);

impl BudgetUse {
    /// The first write.
    #[must_use]
    pub fn first(now: DateTime<Utc>) -> Self {
        Self([(now, 1); 3])
    }

    /// Whether a period is over, so that the next write begins it anew.
    #[must_use]
    pub fn is_over(&self, period: BudgetPeriod, now: DateTime<Utc>) -> bool {
        self.0[period as usize].0 + period.length() <= now
    }

    /// The limit that forbids one more write, if any; of several, the one that frees last.
    #[must_use]
    pub fn exhausted(&self, budget: &Budget, now: DateTime<Utc>) -> Option<BudgetExhausted> {
        let exhausted = BudgetPeriod::ALL.into_iter().filter_map(|period| {
            let (began, writes) = self.0[period as usize];
            let limit = budget.limit(period)?;
            let is_full = !self.is_over(period, now) && writes >= limit;
            let frees_at = began + period.length();
            is_full.then(|| BudgetExhausted {
                limit,
                period,
                frees_at,
                retry_after: seconds(frees_at - now),
            })
        });
        exhausted.max_by_key(|exhausted| exhausted.frees_at)
    }

    /// Counts one more write.
    ///
    /// # Errors
    /// The budget forbids it.
    pub fn spend(&self, budget: &Budget, now: DateTime<Utc>) -> Result<Self, BudgetExhausted> {
        match self.exhausted(budget, now) {
            Some(exhausted) => Err(exhausted),
            None => Ok(Self(BudgetPeriod::ALL.map(|period| {
                let (began, writes) = self.0[period as usize];
                let is_over = self.is_over(period, now);
                if is_over { (now, 1) } else { (began, writes.saturating_add(1)) }
            }))),
        }
    }
}

/// A span in whole seconds, at least 1.
fn seconds(span: TimeDelta) -> u64 {
    u64::try_from(span.num_milliseconds()).unwrap_or_default().div_ceil(1000).max(1)
}

/// The caller has written as much as it may for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the budget of {limit} writes per {} is exhausted", period.as_str())]
pub struct BudgetExhausted {
    /// The most writes in the period.
    pub limit: u32,
    /// The period.
    pub period: BudgetPeriod,
    /// When the period ends, and the caller may write again.
    pub frees_at: DateTime<Utc>,
    /// The whole seconds until then, at least 1.
    pub retry_after: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, SystemClock};

    #[test]
    fn what_is_no_budget_is_refused() {
        for text in
            ["", "100", "100/week", "0/hour", "-1/hour", "1/hour,", "1/hour, 2/hour", "x/day"]
        {
            assert_eq!(text.parse::<Budget>(), Err(InvalidBudget), "{text}");
        }
        let budget: Budget = " 5 / minute ,100/hour".parse().unwrap();
        assert_eq!(budget.to_string(), "5/minute, 100/hour");
        assert_eq!(Budget::default().to_string(), "0");
    }

    #[test]
    fn a_period_begins_with_its_first_write_and_the_last_limit_to_free_is_reported() {
        let now = SystemClock.now();
        let budget = Budget::default().per(BudgetPeriod::Minute, 2).per(BudgetPeriod::Hour, 3);
        let two = BudgetUse::first(now).spend(&budget, now).unwrap();
        let full = two.spend(&budget, now).unwrap_err();
        assert_eq!((full.limit, full.period), (2, BudgetPeriod::Minute));
        assert_eq!(full.retry_after, 60);
        let later = now + TimeDelta::minutes(1);
        let three = two.spend(&budget, later).unwrap();
        let full = three.spend(&budget, later).unwrap_err();
        assert_eq!((full.limit, full.period), (3, BudgetPeriod::Hour));
        assert_eq!(full.retry_after, 59 * 60);
        assert!(three.spend(&budget, now + TimeDelta::hours(1)).is_ok());
        // A clock that lags behind counts in the period that runs.
        assert!(two.spend(&budget, now - TimeDelta::hours(5)).is_err());
    }
}
