//! What is sent: anything, and more often what nearly makes sense.

use axum::body::{Body, Bytes};
use http::{HeaderValue, Request};
use proptest::{
    collection::{hash_map, vec},
    option,
    prelude::*,
    sample::select,
};
use serde_json::{Map, Number, Value, json};

use crate::server::post;

/// The tools, and their arguments.
pub(crate) const TOOLS: [(&str, &[&str]); 4] = [
    ("list_restaurants_mcp", &["search", "sort", "limit", "cursor"]),
    ("get_details_mcp", &["restaurant_id", "reviews_limit", "reviews_cursor"]),
    (
        "create_review_mcp",
        &["restaurant_id", "user_name", "rating", "review_text", "idempotency_key"],
    ),
    (
        "create_restaurant_mcp",
        &["restaurant_name", "street_address", "description", "idempotency_key"],
    ),
];

/// The arguments that may be left out.
const OPTIONAL: [&str; 7] =
    ["search", "sort", "limit", "cursor", "reviews_limit", "reviews_cursor", "idempotency_key"];

/// The prompts, and their arguments.
const PROMPTS: [(&str, &[&str]); 2] = [
    (
        "compare_restaurants",
        &["first_restaurant", "second_restaurant", "third_restaurant", "occasion"],
    ),
    ("write_fair_review", &["restaurant", "experience"]),
];

const METHODS: [&str; 16] = [
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "logging/setLevel",
    "subscriptions/listen",
    "notifications/initialized",
    "notifications/cancelled",
];

/// A request in one of the two eras: the later one says of itself what the earlier had said at its beginning.
pub(crate) fn message(
    method: &str,
    name: Option<&str>,
    mut params: Value,
    stateless: bool,
) -> Request<Body> {
    if stateless && let Some(params) = params.as_object_mut() {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        params.insert("_meta".to_owned(), meta);
    }
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let mut request = post(body.to_string());
    if stateless {
        let mut set = |header, value: &str| {
            let value = HeaderValue::from_str(value);
            value.map(|value| request.headers_mut().insert(header, value))
        };
        let _ = set("mcp-protocol-version", "2026-07-28");
        let _ = set("mcp-method", method);
        let _ = name.map(|name| set("mcp-name", name));
    }
    request
}

/// Any text, with the characters that programs trip over more often than others.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let odd = ["", " ", "\0", "\u{feff}", "\u{202e}", "🍜", "%", "'", "\"", "\n", "1e999"];
    prop_oneof![
        any::<String>(),
        select(odd.to_vec()).prop_map(str::to_owned),
        ("\\PC", 0..700_usize).prop_map(|(text, times)| text.repeat(times)),
    ]
}

/// Any JSON value.
fn json_value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("JSON has finite numbers", Number::from_f64),
        (-2..8_i64).prop_map(Number::from),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number.prop_map(Value::Number),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            hash_map(text(), inner, 0..6).prop_map(object),
        ]
    })
}

/// A value for an argument: mostly one that it takes, or nearly.
fn value_of(name: &str) -> impl Strategy<Value = Value> + use<> {
    let words: &[&str] = match name {
        "sort" => &["name", "rating", "reviews", "newest", "Rating"],
        "cursor" | "reviews_cursor" => &["bmFtZQ", "cmV2aWV3OjE", "next"],
        _ => &["good", "café", "%", "3"],
    };
    let word = select(words.to_vec()).prop_map(Value::from);
    let number = (-1..7_i64).prop_map(Value::from);
    let counts = name.ends_with("id") || name.ends_with("limit") || name == "rating";
    let (of_words, of_numbers) = if counts { (1, 12) } else { (12, 1) };
    prop_oneof![of_words => word, of_numbers => number, 1 => json_value()]
}

/// A tool, and what to call it with: its arguments with any values, one or the other left out; or any JSON.
pub(crate) fn call() -> impl Strategy<Value = (&'static str, Value)> {
    select(TOOLS.as_slice()).prop_flat_map(|(tool, names)| {
        let often = |name: &str| if OPTIONAL.contains(&name) { 0.3 } else { 0.95 };
        let values: Vec<_> =
            names.iter().map(|name| option::weighted(often(name), value_of(name))).collect();
        let stray = option::weighted(0.1, (text(), json_value()));
        let known = (values, stray).prop_map(|(values, stray)| {
            let given = names.iter().zip(values);
            let given = given.filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
            object(given.chain(stray))
        });
        (Just(tool), prop_oneof![4 => known, 1 => json_value()])
    })
}

/// What follows `restaurant://`, or is taken for a restaurant's name.
fn place() -> impl Strategy<Value = String> {
    let known = ["1", "2", "good", "{id}", "1?reviews_cursor=cmV2aWV3OjE", "-1", "1/2"];
    prop_oneof![3 => select(known.to_vec()).prop_map(str::to_owned), 1 => text()]
}

fn place_or_any() -> impl Strategy<Value = Value> {
    prop_oneof![4 => place().prop_map(Value::from), 1 => json_value()]
}

/// A prompt, with any values for its arguments.
fn get() -> impl Strategy<Value = (&'static str, String, Value)> {
    select(PROMPTS.as_slice()).prop_flat_map(|(prompt, arguments)| {
        let values = vec(option::weighted(0.9, place_or_any()), arguments.len());
        values.prop_map(move |values| {
            let given = arguments.iter().zip(values);
            let given = given.filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
            let params = json!({"name": prompt, "arguments": object(given)});
            ("prompts/get", prompt.to_owned(), params)
        })
    })
}

/// A completion for a prompt, or for what may be the resource template.
fn complete() -> impl Strategy<Value = (&'static str, String, Value)> {
    let reference = prop_oneof![
        select(PROMPTS.as_slice())
            .prop_map(|(name, _)| json!({"type": "ref/prompt", "name": name})),
        place().prop_map(|place| {
            json!({"type": "ref/resource", "uri": format!("restaurant://{place}")})
        }),
    ];
    let argument = select(vec!["id", "restaurant", "first_restaurant", "occasion", "other"]);
    (reference, argument, place_or_any()).prop_map(|(reference, argument, value)| {
        let argument = json!({"name": argument, "value": value});
        let params = json!({"ref": reference, "argument": argument});
        ("completion/complete", String::new(), params)
    })
}

/// A request that reads, with any values where it takes some: its method, the name for its header, its params.
pub(crate) fn reading() -> impl Strategy<Value = (&'static str, String, Value)> {
    let read = place().prop_map(|place| {
        let uri = format!("restaurant://{place}");
        ("resources/read", uri.clone(), json!({"uri": uri}))
    });
    let list = place_or_any()
        .prop_map(|cursor| ("resources/list", String::new(), json!({"cursor": cursor})));
    prop_oneof![get(), complete(), read, list]
}

/// Params that a method may know, with any values; or anything else.
pub(crate) fn params() -> impl Strategy<Value = Value> {
    let names = [
        "name",
        "arguments",
        "uri",
        "ref",
        "argument",
        "context",
        "cursor",
        "_meta",
        "protocolVersion",
        "capabilities",
        "clientInfo",
        "level",
        "requestId",
    ];
    let name = select(names.to_vec()).prop_map(str::to_owned);
    prop_oneof![hash_map(name, json_value(), 0..6).prop_map(object), json_value()]
}

pub(crate) fn method() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(METHODS.as_slice()).prop_map(str::to_owned), 1 => text()]
}

fn object(fields: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(fields.into_iter().collect::<Map<_, _>>())
}

/// Any bytes; or a message of which a part was cut out, or replaced by any bytes.
pub(crate) fn body() -> impl Strategy<Value = Bytes> {
    let message = (method(), params()).prop_map(|(method, params)| {
        json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
    });
    let spoiled = (message, any::<(u16, u16)>(), vec(any::<u8>(), 0..9)).prop_map(
        |(message, (from, length), bytes)| {
            let mut message = message.into_bytes();
            let from = usize::from(from) % message.len();
            let to = message.len().min(from + usize::from(length % 9));
            message.splice(from..to, bytes);
            Bytes::from(message)
        },
    );
    prop_oneof![vec(any::<u8>(), 0..300).prop_map(Bytes::from), spoiled]
}

/// A header's value: any that HTTP can carry, or one that means something.
pub(crate) fn header() -> impl Strategy<Value = HeaderValue> {
    let known = [
        "",
        "*/*",
        "application/json",
        "application/json;q=0",
        "text/event-stream",
        "application/json; charset=utf-16",
        "2024-11-05",
        "2025-11-25",
        "2026-07-28",
        "2999-01-01",
        "tools/list",
        "tools/call",
        "list_restaurants_mcp",
        "=?base64?8J+NnA==?=",
    ];
    let any = vec(any::<u8>(), 0..40)
        .prop_filter_map("HTTP cannot carry it", |bytes| HeaderValue::from_bytes(&bytes).ok());
    prop_oneof![2 => select(known.to_vec()).prop_map(HeaderValue::from_static), 1 => any]
}
