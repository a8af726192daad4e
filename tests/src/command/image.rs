//! `cargo xtask image`: builds the Dockerfile and examines the image.

use std::process::ExitCode;

use anyhow::Result;
use restaurant_tests::image::Buildah;

/// Builds the container image, and starts it.
#[derive(clap::Args)]
pub(crate) struct Arguments {}

/// Runs the command.
pub(crate) fn run(_: &Arguments) -> Result<ExitCode> {
    let buildah = Buildah::find()?;
    let image = buildah.build()?;
    let examined = buildah.examine(&image)?;
    let megabytes = examined.size / 1_000_000;
    println!(
        "the image has {megabytes} MB and no shell; as user {}, the server answers /healthz, passes its health check, and ends on SIGTERM",
        examined.user
    );
    Ok(ExitCode::SUCCESS)
}
