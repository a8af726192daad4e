//! The declaration of a tool, and its execution.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use restaurant_domain::{Actor, AuditRecord, AuditResource, Repository};
use rmcp::model::{JsonObject, Tool as Definition, ToolAnnotations};
use rmcp_guard::output_schema;

use crate::{
    access::Access,
    argument::{Argument, ArgumentReader, InvalidArguments, input_schema},
    operation::Operation,
    request_error::RequestError,
    tool_output::{Rendered, ToolOutput, render},
};

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
    type Output: ToolOutput + Send;

    /// Reads every argument before it gives up on one, so that all errors are noted.
    fn read(arguments: &mut ArgumentReader) -> Result<Self, InvalidArguments>;

    /// The target of the write, for the audit record.
    fn resource(&self) -> AuditResource {
        AuditResource::default()
    }

    /// Does it.
    fn call(
        self,
        repository: &dyn Repository,
        actor: &Actor,
    ) -> impl Future<Output = Result<Self::Output, RequestError>> + Send;
}

/// The hints that clients get about a tool.
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
    run: fn(Call) -> BoxFuture<'static, Result<Rendered, RequestError>>,
}

/// The input of a call: everything that it needs to run independently of the request.
pub(crate) struct Call {
    /// The store.
    pub(crate) repository: Arc<dyn Repository>,
    /// The rules.
    pub(crate) access: Arc<Access>,
    /// The caller.
    pub(crate) actor: Actor,
    /// The arguments as they came.
    pub(crate) arguments: Option<JsonObject>,
    /// The maximum size of the response, in bytes.
    pub(crate) max_response_bytes: usize,
    /// The audit record, for a tool that writes.
    pub(crate) record: Option<AuditRecord>,
}

impl Entry {
    /// The tool without its type.
    pub(crate) fn new<T: Tool>() -> Self {
        let input = Arc::new(input_schema(T::ARGUMENTS));
        let definition = Definition::new(T::NAME, T::DESCRIPTION, input)
            .with_title(T::TITLE)
            .with_raw_output_schema(Arc::new(output_schema::<<T::Output as ToolOutput>::View>()))
            .with_annotations(annotations::<T>());
        Self { name: T::NAME, operation: T::OPERATION, definition, run: run::<T> }
    }

    /// The tool's name on the wire.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Its definition, for clients.
    pub(crate) fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The operation that it executes.
    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }

    /// Runs a call: permission, arguments, the store, the answer as JSON.
    pub(crate) fn run(&self, call: Call) -> BoxFuture<'static, Result<Rendered, RequestError>> {
        (self.run)(call)
    }
}

fn run<T: Tool>(mut call: Call) -> BoxFuture<'static, Result<Rendered, RequestError>> {
    Box::pin(async move {
        let output = execute::<T>(&mut call).await;
        if let (Some(record), Err(error)) = (&mut call.record, &output) {
            record.outcome(error.audit_outcome());
        }
        output
    })
}

async fn execute<T: Tool>(call: &mut Call) -> Result<Rendered, RequestError> {
    call.access.check(&call.actor, T::OPERATION)?;
    let mut arguments = ArgumentReader::new(call.arguments.take());
    let tool = T::read(&mut arguments);
    let tool = arguments.finish(tool, T::ARGUMENTS)?;
    if let Some(record) = &mut call.record {
        record.resource(tool.resource());
    }
    let output = tool.call(&*call.repository, &call.actor).await?;
    if let Some(record) = &mut call.record {
        output.audit(record);
    }
    render(output, call.max_response_bytes)
}
