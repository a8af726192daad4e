//! `mcp-entra profile`: a first description of a server for `test-auth --profile`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use auth_probe::{Profile, TokenSource};
use clap::Args;

use crate::stdout;

/// Write a first profile of a server for `test-auth --profile`, by looking at it with a good token. Calls no tool.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The server's origin: https:// and a host, without a path. Plain http is accepted for loopback addresses only.
    #[arg(value_name = "URL")]
    url: String,

    /// A file with an access token that the server accepts.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,

    /// The path of the MCP endpoint. Default: the first of /mcp, /mcp/mcp, /api/mcp and / that accepts the token.
    #[arg(long, value_name = "PATH")]
    mcp_path: Option<String>,
}

/// Runs the command: prints the profile.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let profile = runtime.block_on(async {
        let token = TokenSource::File(arguments.token_file.clone()).get().await;
        let token = token.context("--token-file")?;
        Ok::<_, anyhow::Error>(
            Profile::look(&arguments.url, arguments.mcp_path.as_deref(), token).await?,
        )
    });
    stdout::write(&profile?)?;
    Ok(ExitCode::SUCCESS)
}
