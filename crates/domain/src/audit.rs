//! The audit record: one log line for each attempt to write, through any channel. It holds no texts.

use std::fmt;

use tracing::Span;

use crate::{Author, ClientApplication, RestaurantId, ReviewId};

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

    /// The outcome of a successful hide, delete or restore.
    pub const DONE: &str = "done";

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

    /// Sets the outcome of the attempt: [`Self::CREATED`], [`Self::REPLAYED`], [`Self::DONE`], or a short stable name of the error.
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
            client_id = self.author.client().map(ClientApplication::id),
            client_name = self.author.client().and_then(ClientApplication::name),
            blueprint = self.author.blueprint(),
            tool = self.author.context().via.as_ref().and_then(|via| via.tool.as_deref()),
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
    /// A command of the operator: `command`.
    Command,
}

impl AuditChannel {
    /// The value of the field `channel`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mcp => "mcp",
            Self::Page => "page",
            Self::Command => "command",
        }
    }

    /// The channel from its stored form; `None` for an unknown word.
    #[must_use]
    pub fn from_stored(word: &str) -> Option<Self> {
        [Self::Mcp, Self::Page, Self::Command].into_iter().find(|channel| channel.as_str() == word)
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
    /// Hide a restaurant or a review: `hide`.
    Hide,
    /// Delete one's own restaurant or review: `delete`.
    Delete,
    /// Hide what one author wrote: `retract`.
    Retract,
    /// Restore what was hidden, deleted or retracted: `restore`.
    Restore,
}

impl AuditOperation {
    /// The operation as the record has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateRestaurant => "create_restaurant",
            Self::CreateReview => "create_review",
            Self::Hide => "hide",
            Self::Delete => "delete",
            Self::Retract => "retract",
            Self::Restore => "restore",
        }
    }

    /// The operation from its stored form; `None` for an unknown word.
    #[must_use]
    pub fn from_stored(word: &str) -> Option<Self> {
        let all = [Self::CreateRestaurant, Self::CreateReview, Self::Hide, Self::Delete];
        let all = all.into_iter().chain([Self::Retract, Self::Restore]);
        all.into_iter().find(|operation| operation.as_str() == word)
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
