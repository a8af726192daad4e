//! Completion of what a person types: names of restaurants for prompts, their ids for the resource template.

use restaurant_domain::{Repository, Restaurant, quoted};
use rmcp::{
    ErrorData,
    model::{CompleteRequestParams, CompletionInfo, Reference},
};

use crate::{names, prompts, request_error::RequestError, resources};

/// A request to complete a value.
pub(crate) enum Completion {
    /// The name of a restaurant.
    Name(String),
    /// The id of the restaurant of that name.
    Id(String),
    /// A value that only the user knows.
    Nothing,
}

impl Completion {
    /// Reads a request.
    ///
    /// # Errors
    /// When it refers to no prompt, template or argument that there is.
    pub(crate) fn of(request: CompleteRequestParams) -> Result<Self, ErrorData> {
        let unknown = |what: &str, name: &str, known: &str| {
            let message = format!("unknown {what} {}: there is {known}", quoted(name));
            ErrorData::invalid_params(message, None)
        };
        let argument = request.argument;
        match &request.r#ref {
            Reference::Prompt(reference) => {
                let prompt = prompts::find(&reference.name)
                    .ok_or_else(|| unknown("prompt", &reference.name, &prompts::names()))?;
                match prompt.takes_restaurant(&argument.name) {
                    Some(true) => Ok(Self::Name(argument.value)),
                    Some(false) => Ok(Self::Nothing),
                    None => Err(unknown("argument", &argument.name, &prompt.argument_names())),
                }
            }
            Reference::Resource(reference) if reference.uri == resources::URI_TEMPLATE => {
                match argument.name.as_str() {
                    "id" => Ok(Self::Id(argument.value)),
                    name => Err(unknown("argument", name, "id")),
                }
            }
            Reference::Resource(reference) => {
                Err(unknown("resource template", &reference.uri, resources::URI_TEMPLATE))
            }
            _ => Err(ErrorData::invalid_params("unknown kind of reference", None)),
        }
    }

    /// Finds what fits.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn run(
        self,
        repository: &dyn Repository,
    ) -> Result<CompletionInfo, RequestError> {
        let (typed, value): (_, fn(&Restaurant) -> String) = match self {
            Self::Name(typed) => (typed, |restaurant| restaurant.name.to_string()),
            Self::Id(typed) => (typed, |restaurant| restaurant.id.to_string()),
            Self::Nothing => return Ok(CompletionInfo::default()),
        };
        let offers = names::complete(repository, &typed).await?;
        let mut values: Vec<_> = offers.restaurants.iter().map(value).collect();
        values.dedup();
        CompletionInfo::with_pagination(values, None, offers.more)
            .map_err(|_| RequestError::Defect("more completions than the protocol allows"))
    }
}
