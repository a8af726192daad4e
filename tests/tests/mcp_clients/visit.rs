//! What every client asks, and what must come back, as on the wire.

use reqwest::{Client, redirect::Policy};
use restaurant_tests::product::Product;
use serde_json::{Value, json};

/// The newest version of the protocol that opens with `initialize`.
pub(crate) const STATEFUL: &str = "2025-11-25";
/// The version of the protocol in which every request stands alone.
pub(crate) const STATELESS: &str = "2026-07-28";

/// The restaurant that is there before the visit.
const HOST: &str = "Café Visited";

/// A list of questions, each with its judge.
pub(crate) struct Visit(Vec<Step>);

struct Step {
    method: &'static str,
    params: Value,
    judge: Box<dyn Fn(&Value) + Send>,
}

impl Visit {
    /// Adds the restaurant that the visit is about.
    pub(crate) async fn begin(product: &Product) -> Self {
        let form = [
            ("restaurant_name", HOST),
            ("street_address", "3 Snake Street"),
            ("description", "Soup"),
        ];
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let added = client.post(product.url("/add")).form(&form).send().await.unwrap();
        let location = added.headers()["location"].to_str().unwrap();
        let id = location.trim_start_matches("/details/").split('?').next().unwrap();
        Self([tools(), reviews(id.parse().unwrap()), refusals()].into_iter().flatten().collect())
    }

    /// The questions, for a program to read.
    pub(crate) fn steps(&self) -> String {
        json!(
            self.questions()
                .map(|(method, params)| json!({"method": method, "params": params}))
                .collect::<Vec<_>>()
        )
        .to_string()
    }

    /// The questions: methods and their params.
    pub(crate) fn questions(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|step| (step.method, &step.params))
    }

    /// Judges what a client reports: the version it agreed on with the server, and every answer.
    pub(crate) fn judge(&self, report: &Value, version: &str) {
        assert_eq!(report["protocol"], version);
        assert_eq!(report["server"], "RestaurantReviewsMCP");
        let answers = report["answers"].as_array().unwrap();
        assert_eq!(answers.len(), self.0.len());
        for (step, answer) in self.0.iter().zip(answers) {
            // What a failing test shows when the judge panics.
            println!("{} {} -> {answer}", step.method, step.params);
            (step.judge)(answer);
        }
    }
}

fn ask(method: &'static str, params: Value, judge: impl Fn(&Value) + Send + 'static) -> Step {
    Step { method, params, judge: Box::new(judge) }
}

/// A call that works: its judge gets the structured content, which the text says too.
fn call(tool: &str, arguments: &Value, judge: impl Fn(&Value) + Send + 'static) -> Step {
    ask("tools/call", json!({"name": tool, "arguments": arguments}), move |result| {
        assert_ne!(result["isError"], true);
        let structured = &result["structuredContent"];
        assert_eq!(pointless(&text_of(result)), pointless(structured));
        judge(structured);
    })
}

/// A call that is refused: the text holds the reason.
fn refused(tool: &str, arguments: &Value, code: &'static str) -> Step {
    ask("tools/call", json!({"name": tool, "arguments": arguments}), move |result| {
        assert_eq!(result["isError"], true);
        assert_eq!(text_of(result)["code"], code);
    })
}

/// The JSON in the text of a result.
fn text_of(result: &Value) -> Value {
    serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
}

/// With every whole number written without a point: JavaScript, which some clients are written in, knows no other way.
fn pointless(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(pointless).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), pointless(value))).collect()
        }
        Value::Number(number) => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0);
            whole.map_or_else(|| value.clone(), |number| json!(format!("{number}")))
        }
        other => other.clone(),
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

fn tools() -> Vec<Step> {
    let add =
        json!({"restaurant_name": "Café Added", "street_address": "1 Quay", "description": "Fish"});
    vec![
        ask("tools/list", json!({}), |list| {
            let expected = [
                "list_restaurants_mcp",
                "get_details_mcp",
                "create_review_mcp",
                "create_restaurant_mcp",
            ];
            assert_eq!(names(&list["tools"]), expected);
            for tool in list["tools"].as_array().unwrap() {
                assert!(tool["outputSchema"]["properties"].is_object());
                assert!(tool["annotations"]["readOnlyHint"].is_boolean());
            }
        }),
        call("create_restaurant_mcp", &add, |restaurant| {
            assert_eq!(restaurant["name"], "Café Added");
            assert!(restaurant.get("avg_rating").is_none());
        }),
        call(
            "list_restaurants_mcp",
            &json!({"search": "café", "sort": "newest", "limit": 1}),
            |page| {
                assert_eq!(names(&page["restaurants"]), ["Café Added"]);
                assert_eq!(page["total"], 2);
                assert!(page["next_cursor"].is_string());
            },
        ),
        call("list_restaurants_mcp", &json!({}), |page| {
            assert!(names(&page["restaurants"]).contains(&HOST));
        }),
    ]
}

fn reviews(id: i64) -> Vec<Step> {
    let review = |rating: i64, text: &str| json!({"restaurant_id": id, "user_name": "Guest", "rating": rating, "review_text": text});
    vec![
        call("create_review_mcp", &review(4, "Good soup"), move |review| {
            assert_eq!(review["restaurant"], id);
            assert_eq!(review["review_text"], "Good soup");
        }),
        call("create_review_mcp", &review(5, "Better soup"), |_| {}),
        refused("create_review_mcp", &review(9, "Too good"), "invalid_arguments"),
        call("get_details_mcp", &json!({"restaurant_id": id, "reviews_limit": 1}), |details| {
            assert_eq!(details["restaurant"]["name"], HOST);
            assert_eq!(details["restaurant"]["avg_rating"], 4.5);
            assert_eq!(details["restaurant"]["review_count"], 2);
            assert_eq!(details["reviews"].as_array().unwrap().len(), 1);
            assert_eq!(details["reviews"][0]["review_text"], "Better soup");
        }),
    ]
}

fn refusals() -> Vec<Step> {
    vec![
        refused("get_details_mcp", &json!({"restaurant_id": i64::from(u32::MAX)}), "not_found"),
        refused("get_details_mcp", &json!({}), "invalid_arguments"),
        ask("tools/call", json!({"name": "drop_table_mcp", "arguments": {}}), |answer| {
            assert_eq!(answer["error"]["code"], -32602);
            assert!(answer["error"]["message"].as_str().unwrap().contains("unknown tool"));
        }),
    ]
}
