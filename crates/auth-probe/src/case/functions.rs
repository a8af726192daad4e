//! Callers that are to be let in, and do their work.

use serde_json::{Value, json};

use crate::{
    Remedy, TokenKind,
    context::{Caller, Context},
    diagnosis::Diagnosis,
    http_client::Request,
    mcp,
    outcome::CaseFailure,
};

/// `GET /` is a page.
pub(super) async fn page(context: &Context<'_>) -> Result<String, CaseFailure> {
    let answer = context.send(Request::get(context.target().url("/"))).await?;
    if answer.status == 200 {
        return Ok("200".to_owned());
    }
    Err(context.not_let_in(&answer, Caller::Anonymous, "not 200"))
}

pub(super) async fn initialize(context: &Context<'_>) -> Result<String, CaseFailure> {
    initialize_as(context, context.good()).await
}

/// A caller gets past the doors, and MCP begins.
pub(super) async fn initialize_as(
    context: &Context<'_>,
    caller: Caller<'_>,
) -> Result<String, CaseFailure> {
    let result = context.result("initialize", &mcp::initialize(), caller).await?;
    let name = result["serverInfo"]["name"].as_str();
    let version = result["protocolVersion"].as_str();
    match (name, version, &result["capabilities"]) {
        (Some(name), Some(version), Value::Object(_)) => Ok(format!("{name}, protocol {version}")),
        _ => Err(CaseFailure::failed(format!("a result without one of them: {result}"))),
    }
}

/// A version 1.0 token and a version 2.0 one.
pub(super) async fn both_versions(context: &Context<'_>) -> Result<String, CaseFailure> {
    let mut got = Vec::new();
    for kind in [TokenKind::V1, TokenKind::V2] {
        if context.token(kind).is_some() {
            initialize_as(context, context.bearer(kind)?).await?;
            context.result("tools/list", &json!({}), context.bearer(kind)?).await?;
            got.push(format!("{} is let in", kind.name()));
        }
    }
    Ok(got.join(", "))
}

pub(super) async fn list_tools(context: &Context<'_>) -> Result<String, CaseFailure> {
    list_tools_as(context, context.good()).await
}

/// A caller sees the four tools.
async fn list_tools_as(context: &Context<'_>, caller: Caller<'_>) -> Result<String, CaseFailure> {
    let result = context.result("tools/list", &json!({}), caller).await?;
    let tools = result["tools"].as_array().into_iter().flatten();
    let listed: Vec<_> = tools.filter_map(|tool| tool["name"].as_str()).collect();
    check_tools(&listed).map_err(CaseFailure::failed)?;
    Ok(format!("{} tools", listed.len()))
}

/// Whether the four tools are among those listed.
pub(crate) fn check_tools(listed: &[&str]) -> Result<(), String> {
    let missing: Vec<_> = mcp::TOOLS.into_iter().filter(|tool| !listed.contains(tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("{} missing among: {}", missing.join(", "), listed.join(", ")))
}

pub(super) async fn list_restaurants(context: &Context<'_>) -> Result<String, CaseFailure> {
    let restaurants = restaurants(context).await?;
    Ok(format!("{} restaurants", restaurants.len()))
}

/// The restaurants that are listed. An empty list proves nothing, so then this run adds one.
async fn restaurants(context: &Context<'_>) -> Result<Vec<Value>, CaseFailure> {
    let listed = listed(context).await?;
    if !listed.is_empty() {
        return Ok(listed);
    }
    if !context.run.writes {
        return Err(CaseFailure::Inconclusive(Diagnosis::new(
            "the app has no restaurant to show",
            Remedy::AllowWrites,
        )));
    }
    let id = context.restaurant().await?;
    let listed = self::listed(context).await?;
    if listed.iter().any(|restaurant| restaurant["id"] == id) {
        return Ok(listed);
    }
    Err(CaseFailure::failed(format!(
        "restaurant {id} was added to an empty list, and is not in it"
    )))
}

async fn listed(context: &Context<'_>) -> Result<Vec<Value>, CaseFailure> {
    let list = context.call("list_restaurants_mcp", json!({}), context.good()).await?;
    check_restaurants(&list).map_err(CaseFailure::failed)
}

/// The restaurants of a list: ours name them `restaurants`, the Python original `result`.
pub(crate) fn check_restaurants(content: &Value) -> Result<Vec<Value>, String> {
    let list = [&content["restaurants"], &content["result"]].into_iter().find_map(Value::as_array);
    let list = list.ok_or_else(|| format!("no list of restaurants: {content}"))?;
    let is_restaurant = |it: &Value| it["id"].is_i64() && it["name"].is_string();
    match list.iter().find(|it| !is_restaurant(it)) {
        None => Ok(list.clone()),
        Some(other) => Err(format!("no restaurant: {other}")),
    }
}

pub(super) async fn get_details(context: &Context<'_>) -> Result<String, CaseFailure> {
    let restaurants = restaurants(context).await?;
    let Some(first) = restaurants.first() else {
        return Err(CaseFailure::failed("no restaurants"));
    };
    let (id, name) = (first["id"].as_i64().unwrap_or_default(), &first["name"]);
    let details = details(context, id).await?;
    let reviews = check_details(&details, id, name).map_err(CaseFailure::failed)?;
    Ok(format!("restaurant {id} with {reviews} reviews"))
}

async fn details(context: &Context<'_>, restaurant: i64) -> Result<Value, CaseFailure> {
    let arguments = json!({"restaurant_id": restaurant});
    context.call("get_details_mcp", arguments, context.good()).await
}

/// The number of reviews in the details of a restaurant.
pub(crate) fn check_details(details: &Value, id: i64, name: &Value) -> Result<usize, String> {
    let nested = &details["restaurant"];
    let restaurant = if nested.is_object() { nested } else { details };
    match details["reviews"].as_array() {
        Some(reviews) if restaurant["id"] == id && restaurant["name"] == *name => Ok(reviews.len()),
        _ => Err(format!("not the details of restaurant {id}: {details}")),
    }
}

pub(super) async fn create_review(context: &Context<'_>) -> Result<String, CaseFailure> {
    let restaurant = context.restaurant().await?;
    let text = format!("test-auth {} {}", context.run.id, context.id);
    let made = context.call("create_review_mcp", review(restaurant, &text), context.good()).await?;
    let id = check_created_review(&made, &text).map_err(CaseFailure::failed)?;
    context.run.add_row(context.id, "review", id, &text);
    check_review(&details(context, restaurant).await?, id, &text).map_err(CaseFailure::failed)?;
    Ok(format!("review {id}, which is there when read back"))
}

/// The arguments for a review.
pub(crate) fn review(restaurant: i64, text: &str) -> Value {
    json!({
        "restaurant_id": restaurant, "user_name": "test-auth", "rating": 3, "review_text": text,
    })
}

/// The id of the review that a tool says it wrote.
pub(crate) fn check_created_review(made: &Value, text: &str) -> Result<i64, String> {
    let is_ours = made["review_text"] == text && made["rating"] == 3;
    let id = made["id"].as_i64().filter(|_| is_ours);
    id.ok_or_else(|| format!("not the review that was written: {made}"))
}

/// Whether a review is among the details of its restaurant, which this run made: so it has few.
pub(crate) fn check_review(details: &Value, id: i64, text: &str) -> Result<(), String> {
    let mut reviews = details["reviews"].as_array().into_iter().flatten();
    if reviews.any(|review| review["id"] == id && review["review_text"] == text) {
        return Ok(());
    }
    Err(format!("review {id} is said to be written, and is not there when read back"))
}

pub(super) async fn create_restaurant(context: &Context<'_>) -> Result<String, CaseFailure> {
    let id = context.restaurant().await?;
    let details = details(context, id).await?;
    check_details(&details, id, &json!(context.restaurant_name())).map_err(|why| {
        CaseFailure::failed(format!("restaurant {id} is said to be added, and is not there: {why}"))
    })?;
    Ok(format!("restaurant {id}, which is there when read back"))
}
