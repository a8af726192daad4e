//! Callers that are to be let in, and do their work.

use serde_json::{Value, json};

use crate::{
    Remedy, TokenKind,
    context::{Caller, Context},
    diagnosis::Diagnosis,
    http_client::Request,
    mcp,
    outcome::CaseFailure,
    profile::{Era, Values, Write},
    requirements::Part,
};

/// The first page is there.
pub(super) async fn page(context: &Context<'_>) -> Result<String, CaseFailure> {
    let path = context.profile().pages.paths.first().map_or("/", String::as_str);
    let answer = context.send(Request::get(context.target().url(path))).await?;
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

/// A caller sees the tools, in each version of the protocol that the profile names.
pub(super) async fn list_tools(context: &Context<'_>) -> Result<String, CaseFailure> {
    let mut count = 0;
    for era in &context.profile().mcp.eras {
        let caller = context.good();
        let result = match era {
            Era::Handshake => context.result("tools/list", &json!({}), caller).await?,
            Era::Stateless => {
                let request = context.message("tools/list", &mcp::stateless(json!({})), caller);
                let request = mcp::with_stateless_headers(request, "tools/list", None);
                let answer = context.send(request).await?;
                mcp::result(&answer).map_err(|why| context.not_let_in(&answer, caller, &why))?
            }
        };
        let tools = result["tools"].as_array().into_iter().flatten();
        let listed: Vec<_> = tools.filter_map(|tool| tool["name"].as_str()).collect();
        check_tools(context, &listed).map_err(CaseFailure::failed)?;
        count = listed.len();
    }
    Ok(format!("{count} tools"))
}

/// Whether the profile's tools are among those listed, or any, where it names none.
pub(crate) fn check_tools(context: &Context<'_>, listed: &[&str]) -> Result<(), String> {
    if listed.is_empty() {
        return Err("no tools".to_owned());
    }
    let wanted = context.profile().mcp.tools.iter().map(String::as_str);
    let missing: Vec<_> = wanted.filter(|tool| !listed.contains(tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("{} missing among: {}", missing.join(", "), listed.join(", ")))
}

pub(super) async fn read(context: &Context<'_>) -> Result<String, CaseFailure> {
    Ok(match items(context).await? {
        Some(items) => format!("{} items", items.len()),
        None => "a result".to_owned(),
    })
}

/// The items that the call of `[read]` gives, where the profile names a list. An empty list proves nothing, so then this
/// run adds one.
pub(crate) async fn items(context: &Context<'_>) -> Result<Option<Vec<Value>>, CaseFailure> {
    let listed = listed(context, context.good()).await?;
    if listed.as_ref().is_none_or(|items| !items.is_empty()) {
        return Ok(listed);
    }
    let adds = context.profile().parent.as_ref();
    let Some(adds) = adds.filter(|_| context.run.writes) else {
        return Err(CaseFailure::Inconclusive(Diagnosis::new(
            "the app has nothing to show",
            Remedy::AllowWrites,
        )));
    };
    let id = context.parent().await?;
    let listed = self::listed(context, context.good()).await?;
    let is_it = |item: &Value| adds.id.as_ref().is_none_or(|at| item.pointer(at) == Some(&id));
    if listed.iter().flatten().any(is_it) {
        return Ok(listed);
    }
    let noun = &adds.noun;
    Err(CaseFailure::failed(format!("{noun} {id} was added to an empty list, and is not in it")))
}

/// The items that a caller is given.
pub(crate) async fn listed(
    context: &Context<'_>,
    caller: Caller<'_>,
) -> Result<Option<Vec<Value>>, CaseFailure> {
    let Some(read) = &context.profile().read else { return Err(missing(Part::Read)) };
    let result = context.call(&read.tool, json!(read.arguments), caller).await?;
    read.items_of(&result).map_err(CaseFailure::failed)
}

/// The case needs a part of the profile that is not there. Cases say what they need, so that they are not begun.
fn missing(part: Part) -> CaseFailure {
    CaseFailure::Inconclusive(Diagnosis::without_fix(part.missing()))
}

/// The first item in detail.
pub(super) async fn details(context: &Context<'_>) -> Result<String, CaseFailure> {
    let Some(details) = &context.profile().details else { return Err(missing(Part::Details)) };
    let items = items(context).await?.unwrap_or_default();
    let first = items.first().ok_or_else(|| CaseFailure::failed("no items"))?;
    let values = Values::of(first);
    let arguments = json!(values.fill_all(&details.arguments));
    let result = context.call(&details.tool, arguments.clone(), context.good()).await?;
    details.check(&result, &values).map_err(CaseFailure::failed)?;
    Ok(format!("the details of {arguments}"))
}

/// The call of `[write]`.
pub(super) async fn write(context: &Context<'_>) -> Result<String, CaseFailure> {
    let Some(write) = &context.profile().write else { return Err(missing(Part::Write)) };
    let text = format!("test-auth {} {}", context.run.id, context.id);
    let values = context.values(&text).await?;
    let arguments = json!(values.fill_all(&write.arguments));
    let made = context.call(&write.tool, arguments, context.good()).await?;
    written(context, write, values, &made).await
}

/// Notes what a tool says it wrote, and reads it back.
pub(crate) async fn written(
    context: &Context<'_>,
    write: &Write,
    values: Values,
    made: &Value,
) -> Result<String, CaseFailure> {
    let id = write.id_of(made, &values).map_err(CaseFailure::failed)?;
    context.run.add_row(context.id, &write.noun, &id, &values.text());
    read_back(context, write, &values.with("id", id)).await
}

/// What was written is there.
async fn read_back(
    context: &Context<'_>,
    write: &Write,
    values: &Values,
) -> Result<String, CaseFailure> {
    let arguments = json!(values.fill_all(&write.read_back.arguments));
    let result = context.call(&write.read_back.tool, arguments, context.good()).await?;
    write.check_read_back(&result, values).map_err(CaseFailure::failed)?;
    Ok(format!("the {}, which is there when read back", write.noun))
}

/// The call of `[parent]`.
pub(super) async fn parent(context: &Context<'_>) -> Result<String, CaseFailure> {
    let Some(parent) = &context.profile().parent else { return Err(missing(Part::Parent)) };
    let id = context.parent().await?;
    let values = Values::default().with("text", context.parent_text()).with("id", id);
    read_back(context, parent, &values).await
}
