//! `seed`: adds sample data to the database.

use std::process::ExitCode;

use anyhow::Context;
use restaurant_domain::{Clock, SystemClock};

use super::say;
use crate::{
    sample_data, sample_posts,
    settings::{Settings, value},
};

/// The number of restaurants in one import. Each import is one transaction.
const BATCH: u32 = 1000;

/// How much to add.
#[derive(Debug, Clone, clap::Args)]
pub struct Seed {
    /// How many generated restaurants to add, 1 to 1,000,000. Without it a dozen hand-written ones are added, unless there are restaurants already.
    #[arg(long, value_parser = value::whole(1..=1_000_000))]
    restaurants: Option<u32>,
    /// How many reviews each generated restaurant gets, 0 to 1,000.
    #[arg(long, default_value = "20", requires = "restaurants", value_parser = value::whole(0..=1000))]
    reviews: u32,
}

/// Migrates the database and adds the sample data, in imports of 1,000 restaurants.
///
/// # Errors
/// The database is unavailable or rejects the data. Completed imports stay.
pub async fn run(seed: &Seed, settings: &Settings) -> anyhow::Result<ExitCode> {
    let database = super::open_database(settings).await?;
    let url = settings.database()?;
    database.migrate().await.with_context(|| format!("cannot migrate the database {url}"))?;
    let now = SystemClock.now();
    let Some(count) = seed.restaurants else {
        let restaurants = sample_data::restaurants(now)?;
        let count = restaurants.len();
        let added =
            database.import(restaurants, true).await.context("cannot add the sample data")?;
        if added {
            sample_posts::add(&*database).await.context("cannot add the sample data")?;
            say(format_args!("{count} sample restaurants added"));
        } else {
            say("the database has restaurants already: nothing was added");
        }
        return Ok(ExitCode::SUCCESS);
    };
    for start in (0..count).step_by(BATCH as usize) {
        let numbers = start..count.min(start + BATCH);
        let end = numbers.end;
        let restaurants = sample_data::generated(numbers, seed.reviews, now)?;
        database.import(restaurants, false).await.context("cannot add the sample data")?;
        say(format_args!("{end} of {count} restaurants added, each with {} reviews", seed.reviews));
    }
    Ok(ExitCode::SUCCESS)
}
