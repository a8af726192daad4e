//! `GET /details/{id}`: a restaurant with a page of its reviews, and the form for a new one.

use axum::{extract::State, response::Response};
use http::Uri;
use restaurant_domain::{Post, RestaurantDetails, Review, Validity};
use serde::Serialize;

use super::{
    Created, RestaurantPath,
    list_input::ListLink,
    review_choice::{Choices, ReviewChoice},
    review_form::ReviewForm,
    take_back::{Actions, Done, Notice},
};
use crate::{
    access::Reader,
    app_state::AppState,
    byline::Byline,
    error_page::PageError,
    fields::{Fields, QueryFields},
    kept_pages::Address,
    page_context::PageContext,
    stars::{Score, Stars},
    templates::Page,
    wording::{self, Moment},
};

/// Shows the restaurant, and after a form the confirmation.
pub(crate) async fn details(
    State(state): State<AppState>,
    Reader(context): Reader,
    RestaurantPath(id): RestaurantPath,
    uri: Uri,
    QueryFields(fields): QueryFields,
) -> Result<Response, PageError> {
    let input = Input::take(fields)?;
    let address = Address::of(&uri, &context);
    let page = async {
        let details = state.repository.restaurant_details(id, input.choice.query()).await?;
        Ok(input.page(context, &details.ok_or(PageError::NotFound)?))
    };
    state.kept_page(address, page).await
}

struct Input {
    choice: ReviewChoice,
    created: Option<Created>,
    done: Option<Done>,
    list: Option<ListLink>,
}

impl Created {
    /// Whether the reader has just posted it: the restaurant, or its newest review.
    fn is_by_reader(self, details: &RestaurantDetails, reader: &PageContext) -> bool {
        let restaurant = &details.restaurant;
        match (self, details.reviews.first()) {
            (Self::Restaurant, _) => {
                reader.has_just_posted(&restaurant.created_by, restaurant.created_at)
            }
            (Self::Review, Some(newest)) => {
                reader.has_just_posted(&newest.created_by, newest.created_at)
            }
            (Self::Review, None) => false,
        }
    }
}

impl Input {
    fn take(mut fields: Fields) -> Result<Self, PageError> {
        Ok(Self {
            choice: ReviewChoice::take(&mut fields)?,
            created: Created::parse(&fields.take(Created::FIELD)?),
            done: Done::parse(&fields.take(Done::FIELD)?),
            list: ListLink::parse(&fields.take(ListLink::FIELD)?),
        })
    }

    /// What the reader sees. What they have just posted is marked for a while only, and undone for a while only.
    fn page(self, context: PageContext, details: &RestaurantDetails) -> Validity<DetailsPage> {
        // An address can be passed on: only the author sees the confirmation.
        let created = self.created.filter(|created| created.is_by_reader(details, &context));
        let mut page = DetailsPage::new(context, details);
        if let (Some(Created::Review), Some(newest)) = (created, page.reviews.first_mut()) {
            newest.is_new = true;
        }
        let id = details.restaurant.id;
        let done = self.done.map(|done| Notice::about(done, Some(id), &page.context));
        page.notice = created.map(|created| Notice::of(created.confirmation())).or(done);
        page.choices = Choices::of(details, self.choice, self.list.as_ref());
        page.is_first = self.choice.is_first();
        page.list = self.list;
        if page.context.may_write {
            let form = ReviewForm::empty(page.context.person());
            page = page.with_form(form);
        }
        let is_fresh = created.is_some() || page.offers_undo();
        if is_fresh { Validity::Once(page) } else { Validity::Snapshot(page) }
    }
}

/// What the template shows.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(super) struct DetailsPage {
    context: PageContext,
    notice: Option<Notice>,
    /// The list that the reader came from; `None` for the first page of all.
    list: Option<ListLink>,
    id: i64,
    name: String,
    street_address: String,
    description: String,
    score: Score,
    added: Moment,
    byline: Option<Byline>,
    actions: Actions,
    /// Whether the page offers an action.
    acts: bool,
    choices: Choices,
    reviews: Vec<ReviewItem>,
    /// Whether the newest reviews are among them.
    is_first: bool,
    /// `None` for a caller without permission to write.
    form: Option<ReviewForm>,
}

impl Page for DetailsPage {
    const TEMPLATE: &'static str = "details.html";
}

impl DetailsPage {
    /// The first page of reviews, without a form.
    pub(super) fn new(context: PageContext, details: &RestaurantDetails) -> Self {
        let restaurant = &details.restaurant;
        let is_own = |author, at| context.may_undo(author, at);
        // What others reviewed cannot be undone, whichever reviews are on the page.
        let shown = i64::try_from(details.reviews.len());
        let may_undo = is_own(&restaurant.created_by, restaurant.created_at)
            && shown == Ok(restaurant.rating.count)
            && details.reviews.iter().all(|review| is_own(&review.created_by, review.created_at));
        let reviews = details.reviews.iter();
        let reviews: Vec<_> = reviews.map(|review| ReviewItem::of(review, &context)).collect();
        let actions = Actions::of(Post::Restaurant(restaurant.id), may_undo, &context);
        let acts = !actions.is_empty() || reviews.iter().any(|review| !review.actions.is_empty());
        Self {
            notice: None,
            actions,
            acts,
            reviews,
            list: None,
            id: restaurant.id.0,
            name: restaurant.name.as_str().to_owned(),
            street_address: restaurant.street_address.as_str().to_owned(),
            description: restaurant.description.as_str().to_owned(),
            score: Score::of(restaurant.rating),
            added: Moment::of(restaurant.created_at),
            byline: Byline::of(&restaurant.created_by),
            choices: Choices::of(details, ReviewChoice::default(), None),
            is_first: true,
            form: None,
            context,
        }
    }

    /// Whether the reader may undo something on it.
    fn offers_undo(&self) -> bool {
        let mut actions = self.reviews.iter().map(|review| &review.actions).chain([&self.actions]);
        actions.any(Actions::offers_undo)
    }

    /// For a reader who came from a list.
    pub(super) fn with_list(self, list: Option<ListLink>) -> Self {
        Self { list, ..self }
    }

    /// With the form, for a caller with permission to write.
    pub(super) fn with_form(self, form: ReviewForm) -> Self {
        Self { form: Some(form), ..self }
    }
}

/// A review in the list.
#[derive(PartialEq, Eq, Hash, Serialize)]
struct ReviewItem {
    user_name: String,
    stars: Stars,
    /// The first lines.
    text: String,
    /// The lines after them.
    rest: Option<String>,
    written: Moment,
    /// Where it was written; `None` where that is not known.
    channel: Option<&'static str>,
    byline: Option<Byline>,
    /// The group of the author; `None` for an unauthenticated one and the product itself.
    group: Option<&'static str>,
    actions: Actions,
    /// Whether the reader has just posted it.
    is_new: bool,
}

impl ReviewItem {
    fn of(review: &Review, context: &PageContext) -> Self {
        let post = Post::Review(review.restaurant_id, review.id);
        let may_undo = context.may_undo(&review.created_by, review.created_at);
        let (text, rest) = wording::folded(review.text.as_str());
        Self {
            user_name: review.user_name.as_str().to_owned(),
            stars: Stars::of(review.rating),
            text,
            rest,
            written: Moment::of(review.created_at),
            channel: review.created_via.as_ref().map(|via| wording::channel(via.channel)),
            byline: Byline::of(&review.created_by),
            group: Byline::group_of(review.created_by.kind()),
            actions: Actions::of(post, may_undo, context),
            is_new: false,
        }
    }
}
