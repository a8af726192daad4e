//! What every client asks, and what must come back, as on the wire.

use reqwest::{Client, redirect::Policy};
use restaurant_tests::product::Product;
use serde_json::{Value, json};

/// The newest version of the protocol that opens with `initialize`.
pub(crate) const STATEFUL: &str = "2025-11-25";
/// The version of the protocol in which every request stands alone.
pub(crate) const STATELESS: &str = "2026-07-28";

const JSON: &str = "application/json";

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
        let id: i64 = id.parse().unwrap();
        let parts = [tools(), reviews(id), repeats(), resources(id), prompts(id), completions(id)];
        Self(parts.into_iter().flatten().collect())
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

/// A request that fails by a JSON-RPC error: its message says why.
fn failed(method: &'static str, params: Value, says: &'static str) -> Step {
    ask(method, params, move |answer| {
        assert!(answer["error"]["code"].is_i64());
        assert!(answer["error"]["message"].as_str().unwrap().contains(says));
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
        failed("tools/call", json!({"name": "drop_table_mcp", "arguments": {}}), "unknown tool"),
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
        refused("get_details_mcp", &json!({"restaurant_id": i64::from(u32::MAX)}), "not_found"),
        refused("get_details_mcp", &json!({}), "invalid_arguments"),
        call("get_details_mcp", &json!({"restaurant_id": id, "reviews_limit": 1}), |details| {
            assert_eq!(details["restaurant"]["name"], HOST);
            assert_eq!(details["restaurant"]["avg_rating"], 4.5);
            assert_eq!(details["restaurant"]["review_count"], 2);
            assert_eq!(details["reviews"].as_array().unwrap().len(), 1);
            assert_eq!(details["reviews"][0]["review_text"], "Better soup");
        }),
    ]
}

/// A create that is repeated by its key is done once.
fn repeats() -> Vec<Step> {
    let create = |name: &str| {
        json!({
            "restaurant_name": name, "street_address": "1 Quay", "description": "Fish",
            "idempotency_key": "visit-1",
        })
    };
    let made = || {
        call("create_restaurant_mcp", &create("Twice told"), |restaurant| {
            assert_eq!(restaurant["name"], "Twice told");
        })
    };
    vec![
        made(),
        made(),
        call("list_restaurants_mcp", &json!({"search": "twice told"}), |page| {
            assert_eq!(page["total"], 1);
        }),
        refused("create_restaurant_mcp", &create("Something else"), "idempotency_key_reused"),
    ]
}

fn resources(id: i64) -> Vec<Step> {
    let uri = format!("restaurant://{id}");
    let listed = uri.clone();
    vec![
        ask("resources/list", json!({}), move |list| {
            let resources = list["resources"].as_array().unwrap();
            let host = resources.iter().find(|resource| resource["uri"] == listed).unwrap();
            assert_eq!((&host["title"], &host["mimeType"]), (&json!(HOST), &json!(JSON)));
        }),
        ask("resources/templates/list", json!({}), |list| {
            let templates = list["resourceTemplates"].as_array().unwrap();
            assert_eq!(templates.len(), 1);
            assert_eq!(templates[0]["uriTemplate"], "restaurant://{id}");
        }),
        ask("resources/read", json!({"uri": uri}), move |read| {
            let contents = read["contents"].as_array().unwrap();
            assert_eq!(contents.len(), 1);
            assert_host(&contents[0], id);
        }),
        failed("resources/read", json!({"uri": "restaurant://0"}), "restaurant"),
    ]
}

/// The content of the resource that the visited restaurant is.
fn assert_host(content: &Value, id: i64) {
    assert_eq!(content["uri"], format!("restaurant://{id}"));
    assert_eq!(content["mimeType"], JSON);
    let details: Value = serde_json::from_str(content["text"].as_str().unwrap()).unwrap();
    assert_eq!(details["restaurant"]["name"], HOST);
    assert_eq!(details["reviews"][0]["review_text"], "Better soup");
}

fn prompts(id: i64) -> Vec<Step> {
    let compared = json!({
        "first_restaurant": HOST, "second_restaurant": "Café Added", "occasion": "A quiet dinner"
    });
    let get = |name: &str, arguments: &Value| json!({"name": name, "arguments": arguments});
    vec![
        ask("prompts/list", json!({}), |list| {
            assert_eq!(names(&list["prompts"]), ["compare_restaurants", "write_fair_review"]);
        }),
        ask("prompts/get", get("compare_restaurants", &compared), move |prompt| {
            let messages = prompt["messages"].as_array().unwrap();
            assert_eq!(messages.len(), 4);
            assert!(messages[0]["content"]["text"].as_str().unwrap().contains("choose"));
            assert!(messages[1]["content"]["text"].as_str().unwrap().contains("A quiet dinner"));
            assert_host(&messages[2]["content"]["resource"], id);
            assert!(messages[3].to_string().contains("Café Added"));
        }),
        ask("prompts/get", get("write_fair_review", &json!({"restaurant": HOST})), move |prompt| {
            let messages = prompt["messages"].as_array().unwrap();
            assert_eq!(messages.len(), 2);
            assert!(messages[0]["content"]["text"].as_str().unwrap().contains("fair review"));
            assert_host(&messages[1]["content"]["resource"], id);
        }),
        failed("prompts/get", get("write_fair_review", &json!({})), "restaurant is missing"),
    ]
}

fn completions(id: i64) -> Vec<Step> {
    let complete = |reference: Value, argument: &str, expected: String| {
        let params = json!({"ref": reference, "argument": {"name": argument, "value": "Café V"}});
        ask("completion/complete", params, move |answer| {
            assert_eq!(answer["completion"]["values"], json!([expected]));
        })
    };
    let prompt = json!({"type": "ref/prompt", "name": "compare_restaurants"});
    let template = json!({"type": "ref/resource", "uri": "restaurant://{id}"});
    vec![
        complete(prompt, "second_restaurant", HOST.to_owned()),
        complete(template, "id", id.to_string()),
    ]
}
