//! The declaration of a prompt, and its execution.
//!
//! Instructions and what users wrote never share a message: restaurants are attached as resources.

use futures_util::future::BoxFuture;
use restaurant_domain::{Actor, Repository, RestaurantDetails, ValidationError};
use rmcp::model::{
    EmbeddedResource, GetPromptResult, JsonObject, Prompt as Definition, PromptArgument,
    PromptMessage, Role,
};

use crate::{
    access::{Access, Denied, Rights},
    argument::{Argument, ArgumentReader, InvalidArguments, Kind},
    operation::Operation,
    request_error::RequestError,
    resources,
};

/// A prompt; a value of it is a request with its arguments read.
pub(crate) trait Prompt: Sized + Send + 'static {
    /// Its name on the wire: a contract.
    const NAME: &'static str;
    /// Its name for people.
    const TITLE: &'static str;
    /// Its purpose.
    const DESCRIPTION: &'static str;
    /// The operation that its caller must be allowed.
    const OPERATION: Operation;
    /// Its arguments.
    const ARGUMENTS: &'static [&'static Argument];

    /// Reads every argument before it gives up on one, so that all errors are noted.
    fn read(arguments: &mut ArgumentReader) -> Result<Self, InvalidArguments>;

    /// The messages; a restaurant in them takes at most so many bytes.
    fn messages(
        self,
        repository: &dyn Repository,
        max_restaurant_bytes: usize,
    ) -> impl Future<Output = Result<Vec<PromptMessage>, RequestError>> + Send;
}

/// Into how many parts a response is divided: one for the instructions, one for each restaurant.
const PARTS: usize = 4;

/// A prompt without its type.
pub(crate) struct Entry {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    operation: Operation,
    arguments: &'static [&'static Argument],
    fill: for<'a> fn(Request<'a>) -> BoxFuture<'a, Result<GetPromptResult, RequestError>>,
}

/// A request for a prompt.
pub(crate) struct Request<'a> {
    /// The store.
    pub(crate) repository: &'a dyn Repository,
    /// The rules.
    pub(crate) access: &'a Access,
    /// The caller.
    pub(crate) actor: &'a Actor,
    /// The arguments as they came.
    pub(crate) arguments: Option<JsonObject>,
    /// The maximum size of the response, in bytes.
    pub(crate) max_response_bytes: usize,
}

/// Whether a prompt is of use to a caller. Every prompt has restaurants attached, for those who may read them.
fn check(actor: &Actor, access: &Access, operation: Operation) -> Result<(), Denied> {
    access.check(actor, Operation::GetDetails)?;
    access.check(actor, operation)
}

impl Entry {
    /// The prompt without its type.
    pub(crate) const fn new<P: Prompt>() -> Self {
        Self {
            name: P::NAME,
            title: P::TITLE,
            description: P::DESCRIPTION,
            operation: P::OPERATION,
            arguments: P::ARGUMENTS,
            fill: fill::<P>,
        }
    }

    /// Its definition, for clients.
    pub(crate) fn definition(&self) -> Definition {
        let arguments = self.arguments.iter().map(|argument| {
            PromptArgument::new(argument.name)
                .with_description(argument.description)
                .with_required(argument.required)
        });
        Definition::new(self.name, Some(self.description), Some(arguments.collect()))
            .with_title(self.title)
    }

    /// Whether this argument takes a restaurant, for completion; `None` when there is no such argument.
    pub(crate) fn takes_restaurant(&self, argument: &str) -> Option<bool> {
        let argument = self.arguments.iter().find(|known| known.name == argument)?;
        Some(matches!(argument.kind, Kind::Restaurant))
    }

    /// Every argument's name, separated by commas.
    pub(crate) fn argument_names(&self) -> String {
        let names: Vec<_> = self.arguments.iter().map(|argument| argument.name).collect();
        names.join(", ")
    }

    /// The prompt's name on the wire.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the prompt is of use to a caller with these rights, as [`check`] decides.
    pub(crate) fn is_visible_with(&self, rights: Rights) -> bool {
        rights.allow(Operation::GetDetails) && rights.allow(self.operation)
    }

    /// Fills the prompt in: permission, arguments, the store, the messages.
    pub(crate) fn fill<'a>(
        &self,
        request: Request<'a>,
    ) -> BoxFuture<'a, Result<GetPromptResult, RequestError>> {
        (self.fill)(request)
    }
}

fn fill<P: Prompt>(request: Request<'_>) -> BoxFuture<'_, Result<GetPromptResult, RequestError>> {
    Box::pin(async move {
        check(request.actor, request.access, P::OPERATION)?;
        let mut arguments = ArgumentReader::new(request.arguments);
        let prompt = P::read(&mut arguments);
        let prompt = arguments.finish(prompt, P::ARGUMENTS)?;
        let bytes = request.max_response_bytes / PARTS;
        let messages = prompt.messages(request.repository, bytes).await?;
        Ok(GetPromptResult::new(messages).with_description(P::DESCRIPTION))
    })
}

/// Reads an argument that clients may send as a blank when it was left out.
pub(crate) fn unless_blank<T>(
    parse: impl FnOnce(&str) -> Result<T, ValidationError>,
) -> impl FnOnce(&str) -> Result<Option<T>, ValidationError> {
    |raw| if raw.trim().is_empty() { Ok(None) } else { parse(raw).map(Some) }
}

/// A message of instructions. Nothing in it comes from the store.
pub(crate) fn instructions(text: impl Into<String>) -> PromptMessage {
    PromptMessage::new_text(Role::User, text)
}

/// A message that holds a restaurant and its reviews, and nothing else.
pub(crate) fn attached(
    details: RestaurantDetails,
    max_bytes: usize,
) -> Result<PromptMessage, RequestError> {
    let uri = resources::uri(details.restaurant.id);
    let resource = EmbeddedResource::new(resources::content(details, uri, max_bytes)?);
    Ok(PromptMessage::new(Role::User, rmcp::model::ContentBlock::Resource(resource)))
}
