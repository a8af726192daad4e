//! The tools: what each one declares, and how a call runs through it.

mod create_restaurant;
mod create_review;
mod get_details;
mod list_restaurants;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use restaurant_domain::{Actor, Forbidden, Repository};
use rmcp::model::{JsonObject, Tool as Definition, ToolAnnotations};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use self::{
    create_restaurant::CreateRestaurant, create_review::CreateReview, get_details::GetDetails,
    list_restaurants::ListRestaurantsTool,
};
use crate::{
    argument::{Argument, Given, Refused, input_schema},
    schema::output_schema,
    tool_error::ToolError,
};

/// A tool; a value of it is a call with its arguments read.
trait Tool: Sized + Send + 'static {
    /// Its name on the wire: a contract.
    const NAME: &'static str;
    /// Its name for people.
    const TITLE: &'static str;
    /// What it does, when to use it and when not, for the model.
    const DESCRIPTION: &'static str;
    /// What it does to the data.
    const EFFECT: Effect;
    /// Its arguments.
    const ARGUMENTS: &'static [&'static Argument];
    /// What it returns.
    type Output: Serialize + JsonSchema;

    /// Reads every argument before it gives up on one, so that all faults are noted.
    fn read(given: &mut Given) -> Result<Self, Refused>;

    /// Does it.
    fn call(
        self,
        repository: &dyn Repository,
        actor: &Actor,
    ) -> impl Future<Output = Result<Self::Output, ToolError>> + Send;
}

/// What a tool does to the data: its hints and the right that it needs follow.
#[derive(Debug, Clone, Copy)]
enum Effect {
    /// Nothing.
    Reads,
    /// It adds something, once more at every call.
    Adds,
}

impl Effect {
    /// Asks whether a caller may have it.
    fn allowed(self, actor: &Actor) -> Result<(), Forbidden> {
        match self {
            Self::Reads => actor.may_read(),
            Self::Adds => actor.may_write().map(drop),
        }
    }

    fn annotations(self, title: &str) -> ToolAnnotations {
        let reads = matches!(self, Self::Reads);
        ToolAnnotations::with_title(title)
            .read_only(reads)
            .destructive(false)
            .idempotent(reads)
            .open_world(false)
    }
}

/// All tools, in the order in which clients see them.
pub(crate) struct Toolbox([Entry; 4]);

impl Toolbox {
    /// The four tools, with their schemas made.
    pub(crate) fn new() -> Self {
        Self([
            Entry::new::<ListRestaurantsTool>(),
            Entry::new::<GetDetails>(),
            Entry::new::<CreateReview>(),
            Entry::new::<CreateRestaurant>(),
        ])
    }

    /// The tool of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.name == name)
    }

    /// What a caller sees: the tools that they may use.
    pub(crate) fn visible_to(&self, actor: &Actor) -> Vec<Definition> {
        let allowed = self.0.iter().filter(|entry| entry.effect.allowed(actor).is_ok());
        allowed.map(|entry| entry.definition.clone()).collect()
    }

    /// Every tool's name, separated by commas.
    pub(crate) fn names(&self) -> String {
        self.0.each_ref().map(|entry| entry.name).join(", ")
    }
}

/// A tool without its type.
pub(crate) struct Entry {
    name: &'static str,
    effect: Effect,
    definition: Definition,
    run: for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<Value, ToolError>>,
}

/// What a call brings along.
pub(crate) struct Call<'a> {
    /// The store.
    pub(crate) repository: &'a dyn Repository,
    /// Who calls.
    pub(crate) actor: &'a Actor,
    /// The arguments as they came.
    pub(crate) arguments: Option<JsonObject>,
}

impl Entry {
    fn new<T: Tool>() -> Self {
        let input = Arc::new(input_schema(T::ARGUMENTS));
        let definition = Definition::new(T::NAME, T::DESCRIPTION, input)
            .with_title(T::TITLE)
            .with_raw_output_schema(Arc::new(output_schema::<T::Output>()))
            .with_annotations(T::EFFECT.annotations(T::TITLE));
        Self { name: T::NAME, effect: T::EFFECT, definition, run: run::<T> }
    }

    /// The tool's name on the wire.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Runs a call: permission, arguments, the store, the result as JSON.
    pub(crate) fn run<'a>(&self, call: Call<'a>) -> BoxFuture<'a, Result<Value, ToolError>> {
        (self.run)(call)
    }
}

fn run<T: Tool>(call: Call<'_>) -> BoxFuture<'_, Result<Value, ToolError>> {
    Box::pin(async move {
        T::EFFECT.allowed(call.actor)?;
        let mut given = Given::new(call.arguments);
        let tool = T::read(&mut given);
        let tool = given.finish(tool, T::ARGUMENTS)?;
        let output = tool.call(call.repository, call.actor).await?;
        serde_json::to_value(output).map_err(|_| ToolError::Defect("the result has no JSON form"))
    })
}
