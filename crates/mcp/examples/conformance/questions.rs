//! Questions to the client in the way of 2026-07-28: as a result, which the client answers by asking again.

use std::{collections::BTreeMap, fmt::Display};

use rmcp::{
    ErrorData,
    model::{
        ClientCapabilities, InputRequest, InputRequiredResult, InputResponses, RequestStateCodec,
    },
};
use serde_json::Value;

use crate::{catalog::Catalog, tools::internal};

/// Any 32 bytes: nothing that the fixture seals is worth a forgery.
const KEY: &[u8] = b"the fixture of conformance tests";

/// What a tool or prompt asks, round by round.
struct Interview {
    name: &'static str,
    rounds: &'static [&'static [&'static str]],
    /// Whether the client must bring back the number of the round.
    keeps_state: bool,
}

const INTERVIEWS: [Interview; 9] = [
    Interview::once("test_input_required_result_elicitation", &[&["user_name"]]),
    Interview::once("test_input_required_result_sampling", &[&["capital_question"]]),
    Interview::once("test_input_required_result_list_roots", &[&["client_roots"]]),
    Interview::once("test_streaming_elicitation", &[&["user_name"]]),
    Interview::once("test_input_required_result_prompt", &[&["user_context"]]),
    Interview::sealed("test_input_required_result_request_state", &[&["confirm"]]),
    Interview::sealed("test_input_required_result_tampered_state", &[&["confirm"]]),
    Interview::sealed("test_input_required_result_multi_round", &[&["step1"], &["step2"]]),
    Interview::sealed(
        "test_input_required_result_multiple_inputs",
        &[&["user_name", "greeting", "client_roots"]],
    ),
];

impl Interview {
    const fn once(name: &'static str, rounds: &'static [&'static [&'static str]]) -> Self {
        Self { name, rounds, keeps_state: false }
    }

    const fn sealed(name: &'static str, rounds: &'static [&'static [&'static str]]) -> Self {
        Self { name, rounds, keeps_state: true }
    }
}

/// How an interview goes on.
pub(crate) enum Step {
    /// There is something to ask.
    Ask(InputRequiredResult),
    /// Everything is answered; this is what was said.
    Done(String),
}

/// What can be asked.
pub(crate) struct Questions {
    requests: BTreeMap<String, InputRequest>,
    codec: RequestStateCodec,
}

impl Questions {
    /// Reads the questions of the catalog.
    pub(crate) fn new(catalog: &Catalog) -> Result<Self, Box<dyn std::error::Error>> {
        let parse = |(name, question): (&String, &Value)| {
            serde_json::from_value(question.clone()).map(|request| (name.clone(), request))
        };
        let requests = catalog.questions.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { requests, codec: RequestStateCodec::try_new(KEY)? })
    }

    /// The next step of the interview of this name; `None` when there is no such interview.
    pub(crate) fn step(
        &self,
        name: &str,
        state: Option<&str>,
        responses: Option<&InputResponses>,
    ) -> Result<Option<Step>, ErrorData> {
        let Some(interview) = INTERVIEWS.iter().find(|interview| interview.name == name) else {
            return Ok(None);
        };
        let round = state.map_or(Ok(0), |state| self.open(state))?;
        let keys = interview.rounds.get(round).copied().unwrap_or_default();
        let answers: Option<Vec<String>> =
            keys.iter().map(|key| words(responses?.get(*key)?)).collect();
        let (round, answers) = match answers.filter(|_| state.is_some() || !interview.keeps_state) {
            Some(answers) => (round + 1, answers),
            None => (round, Vec::new()),
        };
        let Some(keys) = interview.rounds.get(round) else {
            return Ok(Some(Step::Done(format!("state-ok: Hello, {}!", answers.join(", ")))));
        };
        let state = interview.keeps_state.then(|| self.codec.seal(round.to_string().as_bytes()));
        Ok(Some(Step::Ask(self.ask(keys, state))))
    }

    /// Asks only what a client of these capabilities can answer.
    pub(crate) fn within(&self, capabilities: &ClientCapabilities) -> InputRequiredResult {
        let mut keys = Vec::new();
        keys.extend(capabilities.elicitation.is_some().then_some("user_name"));
        keys.extend(capabilities.sampling.is_some().then_some("capital_question"));
        self.ask(&keys, None)
    }

    fn ask(&self, keys: &[&str], state: Option<String>) -> InputRequiredResult {
        let ask = |key: &&str| Some(((*key).to_owned(), self.requests.get(*key)?.clone()));
        InputRequiredResult::new(Some(keys.iter().filter_map(ask).collect()), state)
    }

    /// The round that a state stands for.
    fn open(&self, state: &str) -> Result<usize, ErrorData> {
        let refused = |error: &dyn Display| {
            ErrorData::invalid_params(format!("the requestState is not ours: {error}"), None)
        };
        let round = self.codec.open(state).map_err(|error| refused(&error))?;
        String::from_utf8_lossy(&round).parse().map_err(internal)
    }
}

/// What an answer says: of a model, of a user, or a list of roots. `None` when it is no answer.
fn words(answer: &Value) -> Option<String> {
    if let Some(text) = answer["content"]["text"].as_str() {
        return Some(text.to_owned());
    }
    if let Some(fields) = answer["content"].as_object() {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return Some(fields.values().map(word).collect::<Vec<_>>().join(" "));
    }
    answer["roots"].as_array().map(|_| answer["roots"].to_string())
}
