//! The declaration of a tool, and its execution.

use std::{num::NonZeroUsize, sync::Arc};

use futures_util::future::BoxFuture;
use restaurant_domain::{Actor, AuditRecord, AuditResource, KeptAnswers, Repository, Validity};
use rmcp::model::{InputRequiredResult, JsonObject, Tool as Definition, ToolAnnotations};
use rmcp_guard::{JsonText, MetaText, output_schema};

use crate::{
    access::Access,
    argument::{Argument, ArgumentReader, InvalidArguments, input_schema},
    confirmation::{Means, Question, Step},
    operation::Operation,
    request_error::RequestError,
    tool_output::{ToolOutput, render},
    untrusted,
};

/// The outcome of a call in the audit record whose caller is asked to have it confirmed.
const CONFIRMATION_REQUESTED: &str = "confirmation_requested";

/// A tool; a value of it is a call with its arguments read.
pub(crate) trait Tool: Sized + Send + 'static {
    /// Its name on the wire: a contract.
    const NAME: &'static str;
    /// Its name for people.
    const TITLE: &'static str;
    /// Its purpose, when to use it and when not, for the model.
    const DESCRIPTION: &'static str;
    /// The operation that it executes.
    const OPERATION: Operation;
    /// Its arguments.
    const ARGUMENTS: &'static [&'static Argument];
    /// Its result.
    type Output: ToolOutput + Send + 'static;

    /// Reads every argument before it gives up on one, so that all errors are noted.
    fn read(arguments: &mut ArgumentReader) -> Result<Self, InvalidArguments>;

    /// The target of the write, for the audit record.
    fn resource(&self) -> AuditResource {
        AuditResource::default()
    }

    /// What a person confirms before it is done, for a tool that writes.
    fn question(
        &self,
        _repository: &dyn Repository,
        _actor: &Actor,
    ) -> impl Future<Output = Result<Option<Question>, RequestError>> + Send {
        async { Ok(None) }
    }

    /// Does it.
    fn call(
        self,
        repository: &dyn Repository,
        actor: &Actor,
    ) -> impl Future<Output = Result<Self::Output, RequestError>> + Send;
}

/// The hints that clients get about a tool.
///
/// `openWorldHint` is false: a tool reads and writes this server's database and reaches nothing else, as the memory tool of
/// the specification's example does. The hint says nothing about the authors of what a tool returns: texts of users are marked as
/// untrusted by the result's `_meta` and by the descriptions.
/// Source: <https://modelcontextprotocol.io/specification/2025-11-25/schema#toolannotations>.
fn annotations<T: Tool>() -> ToolAnnotations {
    let reads = T::OPERATION.is_read_only();
    ToolAnnotations::with_title(T::TITLE)
        .read_only(reads)
        .destructive(false)
        .idempotent(reads)
        .open_world(false)
}

/// A tool without its type.
pub(crate) struct Entry {
    name: &'static str,
    operation: Operation,
    definition: Definition,
    untrusted: MetaText,
    run: fn(Call) -> BoxFuture<'static, Result<Outcome, RequestError>>,
}

/// The outcome of a call that did not fail.
pub(crate) enum Outcome {
    /// It is done.
    Done(JsonText),
    /// A person is asked first.
    Ask(Box<InputRequiredResult>),
}

/// Results of calls that read, by the tool and its arguments as JSON. The caller's permission is no part of a result.
pub(crate) type KeptResults = KeptAnswers<(&'static str, String), JsonText>;

/// The number of results that are kept.
const RESULTS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// The greatest result that is kept, with its arguments, in bytes. All together take 32 MiB at most, and usually 4 MiB.
const MAX_KEPT_BYTES: usize = 128 * 1024;

/// No results yet.
pub(crate) fn kept_results() -> Arc<KeptResults> {
    Arc::new(KeptResults::new(RESULTS))
}

/// The input of a call: everything that it needs to run independently of the request.
pub(crate) struct Call {
    /// The store.
    pub(crate) repository: Arc<dyn Repository>,
    /// The results that are kept.
    pub(crate) kept: Arc<KeptResults>,
    /// The rules.
    pub(crate) access: Arc<Access>,
    /// The caller.
    pub(crate) actor: Actor,
    /// The arguments as they came.
    pub(crate) arguments: Option<JsonObject>,
    /// The maximum size of the response, in bytes.
    pub(crate) max_response_bytes: usize,
    /// How a person is asked to confirm it first, if one is.
    pub(crate) confirm: Option<Means>,
    /// Whether it is refused where none can be asked.
    pub(crate) is_confirmation_required: bool,
    /// The audit record, for a tool that writes.
    pub(crate) record: Option<AuditRecord>,
}

impl Entry {
    /// The tool without its type.
    pub(crate) fn new<T: Tool>() -> Self {
        let input = Arc::new(input_schema(T::ARGUMENTS));
        let output = output_schema::<<T::Output as ToolOutput>::View<'static>>();
        let untrusted = MetaText::new(untrusted::of_schema(&output));
        let definition = Definition::new(T::NAME, T::DESCRIPTION, input)
            .with_title(T::TITLE)
            .with_raw_output_schema(Arc::new(output))
            .with_annotations(annotations::<T>());
        Self { name: T::NAME, operation: T::OPERATION, definition, untrusted, run: run::<T> }
    }

    /// The tool's name on the wire.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Its definition, for clients.
    pub(crate) fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The mark of what users wrote, for the result.
    pub(crate) fn untrusted(&self) -> &MetaText {
        &self.untrusted
    }

    /// The operation that it executes.
    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }

    /// Runs a call: permission, arguments, confirmation, the store, the answer as JSON.
    pub(crate) fn run(&self, call: Call) -> BoxFuture<'static, Result<Outcome, RequestError>> {
        (self.run)(call)
    }
}

fn run<T: Tool>(mut call: Call) -> BoxFuture<'static, Result<Outcome, RequestError>> {
    Box::pin(async move {
        let output = execute::<T>(&mut call).await;
        if let (Some(record), Err(error)) = (&mut call.record, &output) {
            record.outcome(error.audit_outcome());
        }
        output
    })
}

async fn execute<T: Tool>(call: &mut Call) -> Result<Outcome, RequestError> {
    call.access.check(&call.actor, T::OPERATION)?;
    let arguments = call.arguments.take();
    let question = T::OPERATION.is_read_only().then(|| serde_json::to_string(&arguments));
    let question = question.transpose();
    let question = question.map_err(|_| RequestError::Defect("the arguments have no JSON form"))?;
    let mut arguments = ArgumentReader::new(arguments);
    let tool = T::read(&mut arguments);
    let tool = arguments.finish(tool, T::ARGUMENTS)?;
    match question {
        Some(arguments) => read(tool, arguments, call).await,
        None => write(tool, call).await,
    }
}

async fn read<T: Tool>(tool: T, arguments: String, call: &Call) -> Result<Outcome, RequestError> {
    let room = MAX_KEPT_BYTES.saturating_sub(arguments.len());
    let read = async {
        let output = tool.call(&*call.repository, &call.actor).await?;
        let json = render(output, call.max_response_bytes)?;
        let fits = json.len_in_result() <= room;
        Ok(if fits { Validity::Snapshot(json) } else { Validity::Once(json) })
    };
    call.kept.get(&*call.repository, (T::NAME, arguments), read).await.map(Outcome::Done)
}

async fn write<T: Tool>(tool: T, call: &mut Call) -> Result<Outcome, RequestError> {
    if let Some(record) = &mut call.record {
        record.resource(tool.resource());
    }
    if let Some(means) = call.confirm.take()
        && let Some(question) = tool.question(&*call.repository, &call.actor).await?
        // Boxed, since few calls ask, and each has room for it.
        && let Step::Ask(ask) = Box::pin(means.ask(question, call.is_confirmation_required)).await?
    {
        if let Some(record) = &mut call.record {
            record.outcome(CONFIRMATION_REQUESTED);
        }
        return Ok(Outcome::Ask(ask));
    }
    let output = tool.call(&*call.repository, &call.actor).await?;
    if let Some(record) = &mut call.record {
        output.audit(record);
    }
    render(output, call.max_response_bytes).map(Outcome::Done)
}
