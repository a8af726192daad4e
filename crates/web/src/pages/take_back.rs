//! `POST /undo/…`, `/hide/…` and `/restore/…`: an author undoes a fresh post, a moderator hides a post or restores it.

use axum::{
    Extension,
    extract::{FromRequestParts, Path, State},
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use http::request::Parts;
use restaurant_domain::{DeleteError, Post, RestaurantId, ReviewId};
use serde::{Deserialize, Serialize};

use super::see_other;
use crate::{
    access::{Moderator, Writer},
    app_state::AppState,
    error_page::PageError,
    page_context::PageContext,
};

/// Deletes a post of the caller's own, within the time for it.
pub(crate) async fn undo(
    State(state): State<AppState>,
    writer: Writer,
    PostPath(post): PostPath,
) -> Result<Response, PageError> {
    if state.site.undo_within <= TimeDelta::zero() {
        return Err(DeleteError::TooLate.into());
    }
    state.repository.delete_own(post, &writer.author, state.site.undo_within).await?;
    Ok(done(post, Done::Undone))
}

/// Hides a post.
pub(crate) async fn hide(
    State(state): State<AppState>,
    Moderator(author): Moderator,
    PostPath(post): PostPath,
) -> Result<Response, PageError> {
    let is_hidden = state.repository.hide(post, &author).await?;
    is_hidden.then(|| done(post, Done::Hidden(id_of(post)))).ok_or(PageError::NoPost)
}

/// Restores a post.
pub(crate) async fn restore(
    State(state): State<AppState>,
    Moderator(author): Moderator,
    PostPath(post): PostPath,
) -> Result<Response, PageError> {
    let is_restored = state.repository.restore(post, &author).await?;
    is_restored.then(|| done(post, Done::Restored)).ok_or(PageError::NoPost)
}

/// The post that the address names: `{id}` of a restaurant, and `{review}` of a review of it.
pub(crate) struct PostPath(pub(crate) Post);

#[derive(Deserialize)]
struct PostParams {
    id: i64,
    review: Option<i64>,
}

impl<S: Send + Sync> FromRequestParts<S> for PostPath {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let params = Path::<PostParams>::from_request_parts(parts, state).await;
        let Path(PostParams { id, review }) = params.map_err(|_| PageError::NotFound)?;
        let restaurant = RestaurantId(id);
        Ok(Self(match review {
            Some(review) => Post::Review(restaurant, ReviewId(review)),
            None => Post::Restaurant(restaurant),
        }))
    }
}

fn id_of(post: Post) -> i64 {
    post.review().map_or(post.restaurant().0, |review| review.0)
}

/// In the extensions of a response: the post of the address was taken back or restored.
#[derive(Clone, Copy)]
pub(crate) struct Moved;

/// What was just done to a post. It travels in the address, as a word and a number, so no text of others can be shown by a link.
#[derive(Debug, Clone, Copy)]
pub(super) enum Done {
    Undone,
    /// With the id of the review, on its restaurant's page, or of the restaurant, on the list.
    Hidden(i64),
    Restored,
}

impl Done {
    pub(super) const FIELD: &str = "done";

    fn word(self) -> String {
        match self {
            Self::Undone => "undone".to_owned(),
            Self::Hidden(id) => format!("hidden-{id}"),
            Self::Restored => "restored".to_owned(),
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "undone" => Some(Self::Undone),
            "restored" => Some(Self::Restored),
            _ => word.strip_prefix("hidden-")?.parse().ok().map(Self::Hidden),
        }
    }
}

/// 303: to the page where the post is, or was.
fn done(post: Post, done: Done) -> Response {
    let page = match (post, done) {
        (Post::Restaurant(_), Done::Undone | Done::Hidden(_)) => "/".to_owned(),
        _ => format!("/details/{}", post.restaurant()),
    };
    let address = format!("{page}?{}={}", Done::FIELD, done.word());
    (Extension(Moved), see_other(&address)).into_response()
}

/// The message about what was done.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(super) struct Notice {
    text: &'static str,
    /// The action that restores what was hidden.
    restore: Option<Action>,
}

impl Notice {
    /// A message alone.
    pub(super) fn of(text: &'static str) -> Self {
        Self { text, restore: None }
    }

    /// The message on the page of a restaurant, or on the list where there is none.
    pub(super) fn about(done: Done, page: Option<RestaurantId>, context: &PageContext) -> Self {
        match done {
            Done::Undone => Self::of("It is deleted."),
            Done::Restored => Self::of("It is restored."),
            Done::Hidden(id) => {
                let post = match page {
                    Some(restaurant) => Post::Review(restaurant, ReviewId(id)),
                    None => Post::Restaurant(RestaurantId(id)),
                };
                Self {
                    text: "It is hidden from all readers.",
                    restore: context.may_moderate.then(|| Action::of("restore", post)),
                }
            }
        }
    }
}

/// An action, as the address of its form names it.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(super) struct Action {
    name: &'static str,
    restaurant: i64,
    review: Option<i64>,
}

impl Action {
    pub(super) fn of(name: &'static str, post: Post) -> Self {
        Self { name, restaurant: post.restaurant().0, review: post.review().map(|review| review.0) }
    }
}

/// The actions that a page offers for a post.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(super) struct Actions {
    undo: Option<Action>,
    hide: Option<Action>,
}

impl Actions {
    /// An author may undo, and a moderator may hide.
    pub(super) fn of(post: Post, may_undo: bool, context: &PageContext) -> Self {
        Self {
            undo: may_undo.then(|| Action::of("undo", post)),
            hide: context.may_moderate.then(|| Action::of("hide", post)),
        }
    }

    /// Whether the author may undo it, as long as it is fresh.
    pub(super) fn offers_undo(&self) -> bool {
        self.undo.is_some()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.undo.is_none() && self.hide.is_none()
    }
}
