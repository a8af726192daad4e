//! A span for each SQL statement, so that a trace shows where a request's time went. It has the statement's text with
//! placeholders, and never the values that stand in for them.

use std::collections::VecDeque;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use tracing::{Span, field::Empty};

/// What separates a statement from its values in diesel's text of both.
const VALUES: &str = " -- binds: ";

/// The statements that run on one connection.
///
/// The spans are of level debug and target `restaurant_storage::statement`; their names and fields are OpenTelemetry's
/// semantic conventions for database clients. Source: <https://opentelemetry.io/docs/specs/semconv/db/>.
pub(crate) struct StatementSpans {
    system: &'static str,
    /// Those that were sent together are answered in their order.
    running: VecDeque<Span>,
}

impl StatementSpans {
    /// Of a connection to a database of this kind.
    pub(crate) fn of(system: &'static str) -> Self {
        Self { system, running: VecDeque::new() }
    }

    fn span(&self, query: &dyn std::fmt::Display) -> Span {
        let span = tracing::debug_span!(
            target: "restaurant_storage::statement",
            "statement",
            otel.kind = "client",
            db.system.name = self.system,
            db.operation.name = Empty,
            db.query.text = Empty,
            error.type = Empty,
            otel.status_code = Empty,
        );
        if !span.is_disabled() {
            let text = query.to_string();
            let text = text.split_once(VALUES).map_or(&*text, |(statement, _)| statement);
            span.record("db.operation.name", text.split_whitespace().next());
            span.record("db.query.text", text);
        }
        span
    }
}

impl Instrumentation for StatementSpans {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                let span = self.span(query);
                self.running.push_back(span);
            }
            InstrumentationEvent::FinishQuery { error: None, .. } => {
                self.running.pop_front();
            }
            InstrumentationEvent::FinishQuery { error: Some(error), .. } => {
                if let Some(span) = self.running.front() {
                    span.record("error.type", kind(error));
                    span.record("otel.status_code", "ERROR");
                }
                // What was sent along is given up too, and never reported.
                self.running.clear();
            }
            _ => {}
        }
    }
}

/// What kind of failure it is: its text may quote values.
fn kind(error: &diesel::result::Error) -> String {
    use diesel::result::Error;
    match error {
        Error::DatabaseError(kind, _) => format!("{kind:?}"),
        Error::NotFound => "NotFound".to_owned(),
        Error::SerializationError(_) | Error::DeserializationError(_) => "Serialization".to_owned(),
        _ => "Other".to_owned(),
    }
}
