//! The audit record: one line for each call of a tool that writes, whatever becomes of it. It holds no texts.

use std::fmt;

use restaurant_domain::{Author, RestaurantId, ReviewId};
use tracing::Span;

/// The record of a call. Written when it is dropped, since a caller that goes away drops the call with it.
pub(crate) struct Record {
    author: Author,
    tool: &'static str,
    target: Target,
    outcome: &'static str,
    span: Span,
}

impl Record {
    /// The record of a call that begins now; `span` is the call's, within the host application's with the request's id.
    pub(crate) fn new(author: &Author, tool: &'static str, span: Span) -> Self {
        // What nobody saw the end of may have been written.
        let (author, target, outcome) = (author.clone(), Target::default(), "unknown");
        Self { author, tool, target, outcome, span }
    }

    /// Notes what the call is about.
    pub(crate) fn target(&mut self, target: Target) {
        self.target = target;
    }

    /// Notes what became of the call.
    pub(crate) fn outcome(&mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        tracing::info!(
            target: "audit",
            actor_kind = self.author.kind().as_str(),
            actor_id = self.author.id(),
            actor_name = self.author.name(),
            tool = self.tool,
            target = %self.target,
            outcome = self.outcome,
            "write"
        );
    }
}

/// What a call writes: `restaurant/7`, `restaurant/7/review/12`, or `-` where it is not known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Target {
    /// The restaurant.
    pub(crate) restaurant: Option<RestaurantId>,
    /// The review of it.
    pub(crate) review: Option<ReviewId>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.restaurant, self.review) {
            (None, _) => f.write_str("-"),
            (Some(restaurant), None) => write!(f, "restaurant/{restaurant}"),
            (Some(restaurant), Some(review)) => {
                write!(f, "restaurant/{restaurant}/review/{review}")
            }
        }
    }
}
