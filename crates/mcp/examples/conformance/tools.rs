//! The fixture's tools.

use std::fmt::Display;

use rmcp::{
    ErrorData,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock,
        LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam,
        SamplingCapability, ServerRequest,
    },
};
use serde_json::{Value, json};

use crate::{Change, Context, Fixture, questions::Step};

/// Calls a tool.
pub(crate) async fn call(
    fixture: &Fixture,
    request: CallToolRequestParams,
    context: &Context,
) -> Result<CallToolResponse, ErrorData> {
    if let Some(content) = fixture.catalog.results.get(&*request.name) {
        let failed = request.name == "test_error_handling";
        let result = if failed { CallToolResult::error } else { CallToolResult::success };
        return Ok(result(content.clone()).into());
    }
    let (state, responses) = (request.request_state.as_deref(), request.input_responses.as_ref());
    match fixture.questions.step(&request.name, state, responses)? {
        Some(Step::Ask(questions)) => return Ok(questions.into()),
        Some(Step::Done(answers)) => return Ok(text(answers).into()),
        None => {}
    }
    match &*request.name {
        "test_input_required_result_capabilities" => {
            let capabilities = context.client_capabilities().unwrap_or_default();
            Ok(fixture.questions.within(&capabilities).into())
        }
        "test_logging_tool" if context.meta.log_level().is_none() => {
            Ok(text("Nothing logged").into())
        }
        "test_tool_with_logging" | "test_logging_tool" => Ok(log(context).await.into()),
        "test_tool_with_progress" => Ok(report_progress(context).await.into()),
        "test_missing_capability" => need_sampling(context).map(Into::into),
        "test_trigger_tool_change" => Ok(announce(fixture, Change::Tools).into()),
        "test_trigger_prompt_change" => Ok(announce(fixture, Change::Prompts).into()),
        _ => ask_now(fixture, request, context).await.map(Into::into),
    }
}

/// An error that is the fixture's own fault.
pub(crate) fn internal(error: impl Display) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

fn text(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

async fn log(context: &Context) -> CallToolResult {
    for message in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(message));
        // A client that has gone misses nothing.
        let _ = context.peer.notify_logging_message(message).await;
    }
    text("Logged three messages")
}

async fn report_progress(context: &Context) -> CallToolResult {
    for progress in [0.0, 50.0, 100.0] {
        let Some(token) = context.meta.get_progress_token() else { break };
        let progress = ProgressNotificationParam::new(token, progress).with_total(100.0);
        // A client that has gone misses nothing.
        let _ = context.peer.notify_progress(progress).await;
    }
    text("Went all the way")
}

fn need_sampling(context: &Context) -> Result<CallToolResult, ErrorData> {
    if context.client_capabilities().is_some_and(|client| client.sampling.is_some()) {
        return Ok(text("The client samples"));
    }
    let mut needed = ClientCapabilities::default();
    needed.sampling = Some(SamplingCapability::default());
    Err(ErrorData::missing_required_client_capability(needed))
}

fn announce(fixture: &Fixture, change: Change) -> CallToolResult {
    let listeners = fixture.changes.send(change).unwrap_or_default();
    text(format!("{listeners} are told"))
}

/// Asks the client in the way of the older revisions: by a request in the event stream of the call.
async fn ask_now(
    fixture: &Fixture,
    request: CallToolRequestParams,
    context: &Context,
) -> Result<CallToolResult, ErrorData> {
    let Some(question) = fixture.catalog.questions.get(&*request.name) else {
        return Err(ErrorData::invalid_params("there is no such tool", None));
    };
    let mut question = question.clone();
    let arguments = request.arguments.unwrap_or_default();
    if let Some(message) = arguments.get("message") {
        question["params"]["message"] = message.clone();
    }
    if let Some(prompt) = arguments.get("prompt") {
        question["params"]["messages"][0]["content"]["text"] = prompt.clone();
    }
    let question: ServerRequest = serde_json::from_value(question).map_err(internal)?;
    let answer = context.peer.send_request(question).await.map_err(internal)?;
    let answer = serde_json::to_value(answer).map_err(internal)?;
    Ok(text(match &answer["content"]["text"] {
        Value::String(said) => format!("LLM response: {said}"),
        _ => format!("User response: action={}, content={}", answer["action"], answer["content"]),
    }))
}
