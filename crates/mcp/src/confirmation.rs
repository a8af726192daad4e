//! Confirmation of a write by a person, whom the client asks (elicitation).
//!
//! The answer is the client's word: a server cannot tell a person from a program that answers. So a confirmation protects the
//! person from a model, not the server from a client, and gives no permission. For the same reason the state of a round needs no
//! signature: it is the fingerprint of what was asked about, and changed arguments are asked about again.
//! Source: <https://modelcontextprotocol.io/specification/draft/client/elicitation>.

use std::time::Duration;

use http::request::Parts;
use restaurant_domain::{Author, Fingerprint};
use rmcp::{
    Peer, RoleServer,
    model::{
        CallToolRequestParams, ClientCapabilities, ClientResult, ElicitRequest,
        ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema, InputRequest,
        InputRequiredResult, ProtocolVersion, ServerRequest,
    },
    service::RequestContext,
};
use tokio::time::timeout;

use crate::request_error::RequestError;

/// The name of the question, and of the field in its form.
const CONFIRM: &str = "confirm";
/// For how long an older client may take to answer within a call: shorter than the default time limit of calls.
const ANSWER_LIMIT: Duration = Duration::from_secs(25);

/// Which writes a person confirms first, where the client can ask one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConfirmWrites {
    /// None.
    #[default]
    Never,
    /// Those of agents, also of one that acts for a person.
    Agents,
    /// All.
    Always,
}

/// The rules for confirmations.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Confirmation {
    /// Which writes are confirmed.
    pub(crate) writes: ConfirmWrites,
    /// Whether these are refused where the client cannot ask a person.
    pub(crate) is_required: bool,
}

impl Confirmation {
    /// Whether the writes of an author are confirmed.
    pub(crate) fn applies_to(self, author: &Author) -> bool {
        match self.writes {
            ConfirmWrites::Never => false,
            ConfirmWrites::Agents => author.kind().is_agent(),
            ConfirmWrites::Always => true,
        }
    }
}

/// What a person is asked.
pub(crate) struct Question {
    /// What will be written, in plain words.
    pub(crate) message: String,
    /// The content of the write.
    pub(crate) content: Fingerprint,
}

/// How the client can ask.
pub(crate) enum Means {
    /// Not at all.
    Unavailable,
    /// By a result that asks for input, after which the client calls again (2026-07-28).
    Rounds { state: Option<String>, answer: Option<ElicitResult> },
    /// By a request within the session, of an older client over a pair of streams.
    Session(Peer<RoleServer>),
}

/// What is next.
pub(crate) enum Step {
    /// The write: a person confirmed it, or none can be asked.
    Write,
    /// The question, as the result of this round.
    Ask(Box<InputRequiredResult>),
}

impl Means {
    /// The means of the client that calls.
    pub(crate) fn of(
        request: &mut CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Self {
        if !context.client_capabilities().as_ref().is_some_and(shows_forms) {
            return Self::Unavailable;
        }
        if context.protocol_version() >= Some(ProtocolVersion::V_2026_07_28) {
            let answer = request.input_responses.take().and_then(|mut all| all.remove(CONFIRM));
            let answer = answer.map(|answer| {
                // What is no answer is no consent.
                serde_json::from_value(answer)
                    .unwrap_or_else(|_| ElicitResult::new(ElicitationAction::Cancel))
            });
            return Self::Rounds { state: request.request_state.take(), answer };
        }
        // Over HTTP there are no sessions: an older client cannot be sent a request.
        let is_http = context.extensions.get::<Parts>().is_some();
        if is_http { Self::Unavailable } else { Self::Session(context.peer.clone()) }
    }

    /// Has the question asked.
    ///
    /// # Errors
    /// When the person does not confirm, or none can be asked and one must be.
    pub(crate) async fn ask(
        self,
        question: Question,
        is_required: bool,
    ) -> Result<Step, RequestError> {
        let state = question.content.as_bytes().map(|byte| format!("{byte:02x}")).concat();
        let answer = match self {
            Self::Unavailable if is_required => return Err(RequestError::ConfirmationRequired),
            Self::Unavailable => return Ok(Step::Write),
            Self::Rounds { state: Some(asked), answer: Some(answer) } if asked == state => answer,
            Self::Rounds { .. } => {
                let ask = InputRequest::Elicitation(form(question.message));
                let requests = [(CONFIRM.to_owned(), ask)].into_iter().collect();
                let ask = InputRequiredResult::new(Some(requests), Some(state));
                return Ok(Step::Ask(Box::new(ask)));
            }
            Self::Session(peer) => {
                let ask = peer.send_request(ServerRequest::ElicitRequest(form(question.message)));
                match timeout(ANSWER_LIMIT, ask).await {
                    Ok(Ok(ClientResult::ElicitResult(answer))) => answer,
                    _ => return Err(RequestError::NotConfirmed),
                }
            }
        };
        if is_consent(&answer) { Ok(Step::Write) } else { Err(RequestError::NotConfirmed) }
    }
}

/// Whether a client shows forms: those that name no mode do.
fn shows_forms(capabilities: &ClientCapabilities) -> bool {
    let elicitation = capabilities.elicitation.as_ref();
    elicitation.is_some_and(|modes| modes.form.is_some() || modes.url.is_none())
}

fn is_consent(answer: &ElicitResult) -> bool {
    let is_ticked = answer.content.as_ref().is_some_and(|content| content[CONFIRM] == true);
    answer.action == ElicitationAction::Accept && is_ticked
}

/// The question as a form of one field.
fn form(message: String) -> ElicitRequest {
    let schema = ElicitationSchema::builder()
        .required_bool_with(CONFIRM, |field| {
            field.title("Publish it").description("Publish exactly this.")
        })
        .build_unchecked();
    ElicitRequest::new(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message,
        requested_schema: schema,
    })
}

/// A text of several lines as a quotation, so that no line of it looks like one of the question.
pub(crate) fn quotation(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("> {line}")).collect();
    lines.join("\n")
}
