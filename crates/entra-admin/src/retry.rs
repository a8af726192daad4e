//! The retry policy: which failed requests are sent again, and when.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use tokio::time::Instant;

use crate::{AdminError, refusal::Refusal};

/// The first pause before a request is sent again; each further one is twice as long.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that this program chooses.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The last pause before a request is sent again that got no complete answer, unless the policy is persistent.
const LAST_PAUSE_WITHOUT_ANSWER: Duration = Duration::from_secs(2);
/// The longest `Retry-After` that a persistent policy obeys.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);
/// The default time limit: what is new takes seconds to minutes to be known everywhere.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a failed request is sent again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPolicy {
    /// The time limit, from the first request to the last pause.
    pub(crate) patience: Duration,
    /// Whether requests without an answer are sent again until the time limit too, and a long `Retry-After` is cut.
    pub(crate) is_persistent: bool,
}

/// A request that failed once.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The service refuses it.
    Refused(Refusal),
    /// There is no complete answer, and the request may be sent twice.
    NoAnswer(AdminError),
    /// Sending it again does not help.
    Final(AdminError),
}

/// The retries of one task, under one time limit.
#[derive(Debug)]
pub(crate) struct Retries {
    policy: RetryPolicy,
    begun: Instant,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { patience: PATIENCE, is_persistent: false }
    }
}

impl RetryPolicy {
    /// Starts the time limit.
    pub(crate) fn start(self) -> Retries {
        Retries { policy: self, begun: Instant::now() }
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        Self::Final(error)
    }
}

impl Failure {
    fn explain(self, after: Duration) -> AdminError {
        match self {
            Self::Refused(refusal) => refusal.explain(after),
            Self::NoAnswer(error) | Self::Final(error) => error,
        }
    }
}

impl Retries {
    /// Repeats an attempt until it succeeds, fails for good, or the time limit is reached.
    ///
    /// # Errors
    /// The last failure.
    pub(crate) async fn run<T, A: Future<Output = Result<T, Failure>>>(
        &self,
        attempt: impl FnMut() -> A,
    ) -> Result<T, AdminError> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .without_max_times();
        let result = attempt
            .retry(pauses)
            .sleep(tokio::time::sleep)
            .adjust(|failure, pause| self.wait(failure, pause?))
            .await;
        result.map_err(|failure| failure.explain(self.policy.patience))
    }

    /// The time until the next attempt; nothing where there is none.
    fn wait(&self, failure: &Failure, pause: Duration) -> Option<Duration> {
        let wait = match failure {
            Failure::Refused(refusal) if refusal.is_transient() => match refusal.retry_after() {
                Some(wait) if self.policy.is_persistent => wait.min(LONGEST_RETRY_AFTER),
                wait => wait.unwrap_or(pause),
            },
            Failure::NoAnswer(_)
                if self.policy.is_persistent || pause <= LAST_PAUSE_WITHOUT_ANSWER =>
            {
                pause
            }
            _ => return None,
        };
        // "In 0 seconds" does not permit requests without a pause.
        let wait = wait.max(pause);
        (self.begun.elapsed().saturating_add(wait) <= self.policy.patience).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use reqwest::{
        Method, StatusCode,
        header::{HeaderMap, HeaderValue, RETRY_AFTER},
    };
    use serde_json::Value;
    use tokio::time::Instant;

    use super::{Failure, RetryPolicy};
    use crate::{AdminError, call::Call, refusal::Refusal};

    fn throttled(retry_after: &'static str) -> Failure {
        let call = Call::new(Method::PUT, "/settings", Value::Null);
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(retry_after))]);
        let status = StatusCode::TOO_MANY_REQUESTS;
        Failure::Refused(Refusal::new("a service", &call, status, &headers, &Value::Null))
    }

    /// The number of attempts that fail, and how long they take.
    async fn attempts(policy: RetryPolicy, failure: impl Fn() -> Failure) -> (u32, Duration) {
        let (begun, count) = (Instant::now(), Cell::new(0));
        let attempt = async || {
            count.set(count.get() + 1);
            Err::<(), _>(failure())
        };
        policy.start().run(attempt).await.unwrap_err();
        (count.get(), begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_that_the_service_asks_for_is_kept_up_to_a_maximum() {
        let policy = RetryPolicy::default();
        let persistent = RetryPolicy { is_persistent: true, ..policy };
        let (count, time) = attempts(policy, || throttled("50")).await;
        assert_eq!((count, time.as_secs()), (3, 100));
        assert_eq!(attempts(policy, || throttled("3000")).await.0, 1);
        let (count, time) = attempts(persistent, || throttled("3000")).await;
        assert_eq!((count, time.as_secs()), (5, 120));
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_without_an_answer_is_asked_again_for_a_while() {
        let failure = || Failure::NoAnswer(AdminError::NotSetUp);
        let policy = RetryPolicy::default();
        let (count, time) = attempts(policy, failure).await;
        assert_eq!((count, time.as_secs()), (5, 3));
        let persistent = RetryPolicy { is_persistent: true, ..policy };
        assert!(attempts(persistent, failure).await.1 > Duration::from_mins(1));
        let at_once = RetryPolicy { patience: Duration::ZERO, ..policy };
        assert_eq!(attempts(at_once, failure).await.0, 1);
        let last = || Failure::Final(AdminError::NotSetUp);
        assert_eq!(attempts(persistent, last).await.0, 1);
    }
}
