//! `retract` and `restore`: hide what one author wrote, and show it again.

use std::{
    io::{self, BufRead, Write},
    process::ExitCode,
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use restaurant_domain::{AuditChannel, Author, Retraction, RetractionCount};
use restaurant_storage::Database;

use super::say;
use crate::settings::{Settings, value};

/// What to hide or to restore.
#[derive(Debug, Clone, clap::Args)]
pub struct Retract {
    /// The author's object id in the directory, as the audit record has it (`actor_id`). For an agent that acted for a person, the person's.
    #[arg(long, value_parser = value::author_id)]
    author: String,
    /// Only what was written at this time or later: RFC 3339, for example `2026-11-29T08:00:00Z`.
    #[arg(long, value_parser = value::time)]
    since: Option<DateTime<Utc>>,
    /// Only what was written through the client application of this id (`client_id` in the audit record).
    #[arg(long, value_parser = value::author_id)]
    client: Option<String>,
    /// Say what would be done, and do nothing. For `retract`.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl From<&Retract> for Retraction {
    fn from(what: &Retract) -> Self {
        Self { author: what.author.clone(), since: what.since, client: what.client.clone() }
    }
}

/// The author of what the operator does.
fn operator() -> Author {
    Author::system().through(AuditChannel::Command, None)
}

/// Hides what one author wrote, in batches.
///
/// # Errors
/// The database is unavailable. Completed batches stay; run it again.
pub async fn retract(what: Retract, settings: &Settings) -> anyhow::Result<ExitCode> {
    let database = super::open_database(settings).await?;
    database.migrate().await.context("cannot migrate the database")?;
    let retraction = Retraction::from(&what);
    let count = database.count_retraction(&retraction).await.context("cannot count the posts")?;
    say(format_args!("{} of {} would be hidden", in_words(count), what.author));
    if what.dry_run || count.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if !what.yes && !confirmed("Hide them?").context("cannot ask")? {
        say("nothing was hidden");
        return Ok(ExitCode::FAILURE);
    }
    let mut done = RetractionCount::default();
    loop {
        let batch = database.retract(&retraction, &operator()).await;
        let batch = batch
            .with_context(|| format!("hidden so far: {}; run the command again", in_words(done)))?;
        if batch.is_empty() {
            break;
        }
        done += batch;
    }
    say(format_args!(
        "{} hidden; `restaurant-server restore` with the same options undoes it",
        in_words(done)
    ));
    Ok(ExitCode::SUCCESS)
}

/// Shows again what [`retract`] hid, in batches.
///
/// # Errors
/// The database is unavailable. Completed batches stay; run it again.
pub async fn restore(what: Retract, settings: &Settings) -> anyhow::Result<ExitCode> {
    let database = super::open_database(settings).await?;
    database.migrate().await.context("cannot migrate the database")?;
    anyhow::ensure!(!what.dry_run, "--dry-run is for retract");
    if !what.yes && !confirmed("Show again what was retracted?").context("cannot ask")? {
        say("nothing was restored");
        return Ok(ExitCode::FAILURE);
    }
    let done = restore_all(&*database, &Retraction::from(&what)).await?;
    say(format_args!("{} restored", in_words(done)));
    Ok(ExitCode::SUCCESS)
}

async fn restore_all(
    database: &dyn Database,
    what: &Retraction,
) -> anyhow::Result<RetractionCount> {
    let mut done = RetractionCount::default();
    loop {
        let batch = database.restore_retracted(what, &operator()).await.with_context(|| {
            format!("restored so far: {}; run the command again", in_words(done))
        })?;
        if batch.is_empty() {
            return Ok(done);
        }
        done += batch;
    }
}

fn in_words(count: RetractionCount) -> String {
    let RetractionCount { restaurants, reviews, others } = count;
    format!("{restaurants} restaurants (with {others} reviews by others) and {reviews} reviews")
}

/// Asks a question on stderr, and reads the answer from stdin. The end of the input is a no.
fn confirmed(question: &str) -> io::Result<bool> {
    write!(io::stderr(), "{question} [y/N] ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
