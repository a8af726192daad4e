//! `GET /activity`: the activity record, the newest entries first.

use axum::{extract::State, response::Response};
use restaurant_domain::{
    Activity, ActivityCursor, ActivityPage, ActivityQuery, AuditChannel, AuditOperation, PageLimit,
    ValidationError,
};
use serde::Serialize;

use super::{author_group, take_back::Action};
use crate::{
    access::Reader,
    app_state::AppState,
    byline::Byline,
    error_page::PageError,
    fields::{Fields, QueryFields},
    page_context::PageContext,
    templates::Page,
    wording::Moment,
};

/// Shows a page of the record; authors that do not exist are all authors.
pub(crate) async fn activity(
    State(state): State<AppState>,
    Reader(context): Reader,
    QueryFields(fields): QueryFields,
) -> Result<Response, PageError> {
    let query = query(fields)?;
    let found = state.repository.activity(query).await?;
    state.page(&RecordPage::new(context, query, &found))
}

fn query(mut fields: Fields) -> Result<ActivityQuery, PageError> {
    let cursor = fields.take(ActivityCursor::FIELD)?;
    let after = (!cursor.is_empty()).then(|| cursor.parse()).transpose();
    let after = after.map_err(|_: ValidationError| PageError::BadCursor("the record"))?;
    Ok(ActivityQuery { limit: PageLimit::default(), after, by: author_group::take(&mut fields)? })
}

/// What the template shows.
#[derive(Serialize)]
struct RecordPage {
    context: PageContext,
    /// Whose entries: empty for all authors.
    by: &'static str,
    entries: Vec<Entry>,
    /// Whether the page offers an action.
    acts: bool,
    is_first: bool,
    /// The cursor of the next page; `None` on the last.
    next: Option<String>,
}

impl Page for RecordPage {
    const TEMPLATE: &'static str = "activity.html";
}

impl RecordPage {
    fn new(context: PageContext, query: ActivityQuery, found: &ActivityPage) -> Self {
        let entries: Vec<_> =
            found.entries.iter().map(|entry| Entry::of(entry, &context)).collect();
        Self {
            acts: entries.iter().any(|entry| entry.restore.is_some()),
            entries,
            context,
            by: query.by.map_or("", author_group::word),
            is_first: query.after.is_none(),
            next: found.next.map(|cursor| cursor.to_string()),
        }
    }
}

/// A row of the record.
#[derive(Serialize)]
struct Entry {
    at: Moment,
    byline: Option<Byline>,
    did: &'static str,
    restaurant: i64,
    /// `None` for one that readers do not see any more.
    name: Option<String>,
    /// The tool; else the kind of interface.
    tool: Option<String>,
    through: &'static str,
    request_id: Option<String>,
    /// For a moderator, where it was hidden.
    restore: Option<Action>,
}

impl Entry {
    fn of(entry: &Activity, context: &PageContext) -> Self {
        let circumstances = entry.author.context();
        let via = circumstances.via.as_ref();
        Self {
            at: Moment::of(entry.at),
            byline: Byline::of(&entry.author),
            did: did(entry.operation, entry.target.review().is_some()),
            restaurant: entry.target.restaurant().0,
            name: entry.restaurant_name.as_ref().map(ToString::to_string),
            tool: via.and_then(|via| via.tool.clone()),
            through: match via.map(|via| via.channel) {
                Some(AuditChannel::Page) => "web page",
                Some(AuditChannel::Mcp) => "MCP",
                Some(AuditChannel::Command) => "command",
                _ => "unknown",
            },
            request_id: circumstances.request_id.clone(),
            restore: (context.may_moderate && entry.operation == AuditOperation::Hide)
                .then(|| Action::of("restore", entry.target)),
        }
    }
}

/// The verb of a sentence whose object is the restaurant.
fn did(operation: AuditOperation, is_review: bool) -> &'static str {
    match (operation, is_review) {
        (AuditOperation::CreateRestaurant, _) => "Added",
        (AuditOperation::CreateReview, _) => "Reviewed",
        (AuditOperation::Hide, false) => "Hid",
        (AuditOperation::Hide, true) => "Hid a review of",
        (AuditOperation::Restore, false) => "Restored",
        (AuditOperation::Restore, true) => "Restored a review of",
        (AuditOperation::Delete, false) => "Deleted",
        (AuditOperation::Delete, true) => "Deleted a review of",
        (AuditOperation::Retract, false) => "Took back",
        (AuditOperation::Retract, true) => "Took back a review of",
        _ => "Changed",
    }
}
