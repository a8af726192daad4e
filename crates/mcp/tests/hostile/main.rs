//! Whatever is sent, the answer is a well-formed one, in time, and the next request is served.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod input;
mod server;

use proptest::{collection::vec, option, prelude::*, test_runner::FileFailurePersistence};
use serde_json::json;

use crate::{
    input::{body, call, header, message, method, params, reading},
    server::{post, send},
};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 500,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_arguments_of_any_tool(
        (tool, arguments) in call(),
        stateless in any::<bool>(),
    ) {
        let params = json!({"name": tool, "arguments": arguments});
        send([message("tools/call", Some(tool), params, stateless)], |answer| {
            prop_assert_eq!(&answer["id"], &json!(1));
            if arguments.is_object() {
                let result = &answer["result"];
                prop_assert!(result["isError"].is_boolean(), "{}", answer);
                prop_assert_eq!(result["content"].as_array().unwrap().len(), 1);
            }
            Ok(())
        })?;
    }

    #[test]
    fn any_values_where_something_is_read(
        (method, name, params) in reading(),
        stateless in any::<bool>(),
    ) {
        send([message(method, Some(&name), params, stateless)], |answer| {
            prop_assert_eq!(&answer["id"], &json!(1), "{}", answer);
            Ok(())
        })?;
    }

    #[test]
    fn any_params_of_any_method(
        method in method(),
        params in params(),
        stateless in any::<bool>(),
    ) {
        send([message(&method, None, params, stateless)], |_| Ok(()))?;
    }

    #[test]
    fn any_bytes_as_a_body(body in body()) {
        send([post(body)], |_| Ok(()))?;
    }

    #[test]
    fn any_headers(
        values in vec((option::of(header()), 0..3_usize), 5),
        method in method(),
        stateless in any::<bool>(),
    ) {
        let params = json!({"name": "list_restaurants_mcp", "arguments": {}});
        let mut request = message(&method, None, params, stateless);
        let names = ["accept", "content-type", "mcp-protocol-version", "mcp-method", "mcp-name"];
        for (name, (value, times)) in names.into_iter().zip(values) {
            let Some(value) = value else { continue };
            request.headers_mut().remove(name);
            for _ in 0..times {
                request.headers_mut().append(name, value.clone());
            }
        }
        send([request], |_| Ok(()))?;
    }
}
