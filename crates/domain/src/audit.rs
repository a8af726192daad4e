//! The audit record: one log line for each attempt to write, through any channel. It holds no texts.

use std::fmt;

use tracing::Span;

use crate::{Author, RestaurantId, ReviewId};

/// The record of an attempt to write: level `info`, target `audit`. Written when it is dropped, so an attempt that breaks
/// off leaves one too. An adapter keeps it in the task that does the work, not in the one that waits for the answer.
/// Until [`Self::outcome`] is called, the outcome is `unknown`: the row may have been written.
#[derive(Debug)]
pub struct AuditRecord {
    author: Author,
    channel: AuditChannel,
    operation: AuditOperation,
    resource: AuditResource,
    outcome: &'static str,
    span: Span,
}

impl AuditRecord {
    /// The outcome of a successful write.
    pub const CREATED: &str = "created";

    /// The outcome of a create that was done before, under the same key.
    pub const REPLAYED: &str = "repeated";

    /// The outcome of an attempt that may have written a row.
    pub const UNKNOWN: &str = "unknown";

    /// The record of an attempt that begins now. It is written within `span`: that of the request, which has its id.
    #[must_use]
    pub fn new(
        author: &Author,
        channel: AuditChannel,
        operation: AuditOperation,
        span: Span,
    ) -> Self {
        let (author, resource) = (author.clone(), AuditResource::default());
        Self { author, channel, operation, resource, outcome: Self::UNKNOWN, span }
    }

    /// Sets the resource of the attempt.
    pub fn resource(&mut self, resource: AuditResource) {
        self.resource = resource;
    }

    /// Sets the outcome of the attempt: [`Self::CREATED`], [`Self::REPLAYED`], or a short stable name of the error.
    pub fn outcome(&mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for AuditRecord {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        tracing::info!(
            target: "audit",
            actor_kind = self.author.kind().as_str(),
            actor_id = self.author.id(),
            actor_name = self.author.name(),
            channel = self.channel.as_str(),
            operation = self.operation.as_str(),
            resource = %self.resource,
            outcome = self.outcome,
            "write"
        );
    }
}

/// The interface through which the caller writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditChannel {
    /// A tool: `mcp`.
    Mcp,
    /// A form: `page`.
    Page,
}

impl AuditChannel {
    /// The value of the field `channel`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mcp => "mcp",
            Self::Page => "page",
        }
    }
}

/// The attempted operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditOperation {
    /// Add a restaurant: `create_restaurant`.
    CreateRestaurant,
    /// Publish a review: `create_review`.
    CreateReview,
}

impl AuditOperation {
    /// The operation as the record has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateRestaurant => "create_restaurant",
            Self::CreateReview => "create_review",
        }
    }
}

/// What is written: `restaurant/7`, `restaurant/7/review/12`, or `-` where it is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditResource {
    /// The restaurant.
    pub restaurant: Option<RestaurantId>,
    /// The review of it.
    pub review: Option<ReviewId>,
}

impl fmt::Display for AuditResource {
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
