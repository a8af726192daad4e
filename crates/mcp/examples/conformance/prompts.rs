//! The fixture's prompts.

use rmcp::{
    ErrorData,
    model::{GetPromptRequestParams, GetPromptResponse, GetPromptResult, PromptMessage, Role},
};
use serde_json::Value;

use crate::{Fixture, questions::Step, tools::internal};

/// Gets a prompt, once the user has been asked what it needs.
pub(crate) fn get(
    fixture: &Fixture,
    request: GetPromptRequestParams,
) -> Result<GetPromptResponse, ErrorData> {
    let (state, responses) = (request.request_state.as_deref(), request.input_responses);
    match fixture.questions.step(&request.name, state, responses.as_ref())? {
        Some(Step::Ask(questions)) => return Ok(questions.into()),
        Some(Step::Done(answers)) => {
            return Ok(
                GetPromptResult::new(vec![PromptMessage::new_text(Role::User, answers)]).into()
            );
        }
        None => {}
    }
    let Some(messages) = fixture.catalog.messages.get(&request.name) else {
        return Err(ErrorData::invalid_params("there is no such prompt", None));
    };
    let mut messages = messages.to_string();
    for (name, value) in request.arguments.iter().flatten() {
        // As it stands within a JSON text: without the quotes around it.
        let value = Value::from(value.as_str().unwrap_or_default()).to_string();
        messages = messages.replace(&format!("{{{name}}}"), value.trim_matches('"'));
    }
    let result: GetPromptResult = serde_json::from_str(&messages).map_err(internal)?;
    Ok(result.into())
}
