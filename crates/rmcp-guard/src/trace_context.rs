//! The trace context in a request's `_meta`: a link of the request's span.
//!
//! Source: SEP-414, <https://modelcontextprotocol.io/seps/414-request-meta>, and <https://www.w3.org/TR/trace-context/>.
//! Invariant: the context is never a parent. A client could otherwise join the requests of other clients into one trace, or
//! suppress the trace.

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanContext, TraceContextExt},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use rmcp::model::RequestMetaObject;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The length of a `traceparent` of version 00, in bytes.
const TRACEPARENT_BYTES: usize = 55;
/// The maximum length of a `tracestate` that is kept, in bytes. Source: W3C Trace Context, section 3.3.1.5.
const MAX_TRACESTATE_BYTES: usize = 512;

/// Links a request's span to the span of the client. A malformed context is ignored.
pub(crate) fn link(span: &Span, meta: &RequestMetaObject) {
    if let Some(context) = read(meta) {
        span.add_link(context);
    }
}

/// The context, if it is well-formed. A malformed `tracestate` is left out.
fn read(meta: &RequestMetaObject) -> Option<SpanContext> {
    meta.get_traceparent().filter(|text| is_well_formed(text))?;
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Meta(meta));
    let context = context.span().span_context().clone();
    context.is_valid().then_some(context)
}

/// Whether a `traceparent` has the form `version-traceid-parentid-flags`. The propagator accepts shorter ids and signs.
fn is_well_formed(traceparent: &str) -> bool {
    let Some((start, rest)) = traceparent.split_at_checked(TRACEPARENT_BYTES) else {
        return false;
    };
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<_> = start.split('-').collect();
    parts.iter().map(|part| part.len()).eq([2, 32, 16, 2])
        && parts.iter().all(|part| is_hex(part))
        // A later version may continue.
        && (rest.is_empty() || parts[0] != "00" && rest.starts_with('-'))
}

/// The two keys of the context in `_meta`.
struct Meta<'a>(&'a RequestMetaObject);

impl Extractor for Meta<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.0.get_traceparent(),
            "tracestate" => {
                self.0.get_tracestate().filter(|state| state.len() <= MAX_TRACESTATE_BYTES)
            }
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn of(meta: Value) -> Option<SpanContext> {
        read(&serde_json::from_value(meta).unwrap())
    }

    #[test]
    fn a_well_formed_context_is_read() {
        let context = of(json!({"traceparent": PARENT, "tracestate": "az=1,other=2"})).unwrap();
        assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(context.span_id().to_string(), "b7ad6b7169203331");
        assert_eq!(context.trace_state().header(), "az=1,other=2");
        assert!(context.is_remote());
        let later = format!("cc{}-more", &PARENT[2..]);
        assert!(of(json!({"traceparent": later})).is_some(), "a later version");
    }

    #[test]
    fn a_malformed_context_is_ignored() {
        let long = format!("{PARENT}-01");
        for traceparent in [
            json!(null),
            json!(7),
            json!(["00"]),
            json!(""),
            json!(format!(" {PARENT}")),
            json!(long),
            json!(PARENT.to_uppercase()),
            json!(PARENT.replacen("00", "ff", 1)),
            json!(PARENT.replace('-', "_")),
            json!(PARENT.replacen("0af", "+af", 1)),
            json!(PARENT.replacen("0af", "", 1)),
            json!(PARENT.replacen("c-b", "é-", 1)),
            json!("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
            json!("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"),
        ] {
            assert!(of(json!({"traceparent": traceparent})).is_none(), "{traceparent}");
        }
        assert!(of(json!({"tracestate": "az=1"})).is_none(), "a state without a parent");
    }

    #[test]
    fn a_malformed_state_is_left_out() {
        let huge = format!("az={}", "x".repeat(MAX_TRACESTATE_BYTES));
        for state in [json!("no pair"), json!("a=b\r\nset-cookie=1"), json!(huge), json!(1)] {
            let context = of(json!({"traceparent": PARENT, "tracestate": state})).unwrap();
            assert_eq!(context.trace_state().header(), "", "{state}");
        }
    }
}
