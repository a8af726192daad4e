//! The circumstances of a write: the interface, the request, and the budget.

use crate::{AuditChannel, Budget};

/// The circumstances of a write. A store keeps the interface with the row, and all but the budget with the activity record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteContext {
    /// The interface.
    pub via: Option<Via>,
    /// The id of the request, as its log lines have it.
    pub request_id: Option<String>,
    /// The id of the request's trace, 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// How much the caller may write.
    pub budget: Budget,
}

/// The interface through which something was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The channel.
    pub channel: AuditChannel,
    /// The name of the tool.
    pub tool: Option<String>,
}
