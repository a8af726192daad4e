#![doc = include_str!("../README.md")]

mod answer;
mod arguments;
mod call_context;
mod error_chain;
mod guarded;
mod joined;
mod kept_lists;
mod media_type;
mod origins;
mod page;
mod params;
mod prepared;
mod quoted;
mod report;
mod schema;
mod stdio;
mod tool_catalog;
#[cfg(feature = "opentelemetry")]
mod trace_context;
mod transport;
mod unread_body;

pub use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    call_context::{CalledTool, tell_host},
    guarded::{Guarded, GuardedService, Item},
    joined::{Joined, NameClash},
    origins::AllowedOrigins,
    page::{only_page, page_cursor},
    params::params_error,
    prepared::{JsonText, MetaText},
    report::{Failure, FieldError, Report, describe},
    schema::output_schema,
    stdio::StdioTransport,
    transport::{Transport, TransportLayer},
    unread_body::discard_unread_body,
};
